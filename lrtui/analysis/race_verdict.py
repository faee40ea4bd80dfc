"""The verdict of the trials of a race, in one word, in numbers and in a line.

A race can be judged at any moment: when it is decided, when its budget is over, when it is stopped.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lrtui.analysis.answer import ConfirmVerdict
from lrtui.analysis.race import MIN_PAIRS, OPEN_LEAD, SURE_UP_TO, SURE_WITHIN, Trial
from lrtui.analysis.race_pairs import Results, pairs_needed
from lrtui.analysis.race_standing import (
    Standing,
    below_cliff,
    blown_up_near,
    interval,
    standing,
)


@dataclass(frozen=True, kw_only=True)
class Race:
    """The result of a race.

    Attributes:
        verdict: "confirmed", "replaced", "tie" or "open".
        lr: the rate that was raced, the answer until then.
        better: the rate to train at instead; None: train at `lr`.
        also: of a tie, the other rate.
        reason: one line.
        low: the lower end of the race's interval; None where every rate blew up, or none was tried.
        high: the upper end.
        apart: bound on the difference between the best two, in per cent of the loss (of its fall,
            where losses are not positive); None: not known.
        more_steps: an open race is decided by about so many more optimizer steps; else 0.
        sure: the verdict is not open, the answer after the race is near the one before it, and the
            planned training is not far longer than the trials.
        margin: how much worse the other one of the best two was than the leading one, as a mean
            difference of log(loss), or of shares of the fall; NaN if there is none.
        error: half of the interval of the margin; NaN if there is none.
        trials: all of them.
    """

    verdict: ConfirmVerdict
    lr: float
    better: float | None = None
    also: float | None = None
    reason: str
    low: float | None = None
    high: float | None = None
    apart: float | None = None
    more_steps: int = 0
    sure: bool = False
    margin: float = math.nan
    error: float = math.nan
    trials: tuple[Trial, ...] = ()

    @property
    def answer(self) -> float | None:
        """The rate to train at; None where every rate that was tried blew up."""
        if self.better is not None:
            return self.better
        if any(trial.lr == self.lr and trial.loss == math.inf for trial in self.trials):
            return None
        return self.lr

    @property
    def iterations(self) -> int:
        """Optimizer steps of all trials together."""
        return sum(trial.iterations for trial in self.trials)


def judge(
    trials: Sequence[Trial],
    lr: float,
    *,
    suggested: float | None = None,
    ceiling: float | None = None,
    planned_steps: int = 0,
    needed: int = 0,
    cause: str = "",
) -> Race:
    """The verdict of the trials of a race.

    Args:
        trials: all that are finished, in their order.
        lr: the rate that is raced.
        suggested: the answer of the range test, which counts; None: the trials alone do.
        ceiling: no rate of the interval is above it, but for the answer.
        planned_steps: of the training that the answer is for; 0: not said.
        needed: steps that are missing for the first round and a pair; 0 where both are complete.
        cause: why the race ended early; "" where it is decided or its budget is over.
    """
    results = Results(trials, suggested, planned_steps)
    now = standing(results, lr)
    if not trials or needed:
        return _unfinished(results, lr, needed, cause)
    if now is None:
        return _all_blew_up(results, lr, cause)
    if results.scale.fall <= 0:
        return _no_fall(results, lr, cause)
    verdict = _verdict(now, results, lr)
    chosen, also = _chosen(now, results, lr, verdict)
    reason = _reason(now, results, lr, verdict)
    safer = below_cliff(results, chosen, now.noise)
    if safer is not None:
        reason = f"{blown_up_near(results, chosen):.1e} blew up, too near to {chosen:.1e}; {reason}"
        chosen, also = safer, None
        if verdict != "open":
            verdict = "confirmed" if chosen == lr else "replaced"
    low, high = interval(results, chosen, ceiling, planned_steps)
    mean, half = _margin(now)
    return Race(
        verdict=verdict,
        lr=lr,
        better=None if chosen == lr else chosen,
        also=also,
        reason="; ".join(filter(None, (cause, reason, remark(results)))),
        low=low,
        high=high,
        apart=_apart(now, results),
        more_steps=_more_steps(now, results) if verdict == "open" else 0,
        sure=verdict != "open" and is_sure(results, chosen, lr, planned_steps),
        margin=mean,
        error=half,
        trials=results.trials,
    )


def is_sure(results: Results, chosen: float, lr: float, planned_steps: int) -> bool:
    """Whether test and race agree, in trials that are not far shorter than the planned training."""
    longest = max(trial.iterations for trial in results.trials)
    is_near = abs(math.log10(chosen / lr)) <= SURE_WITHIN
    return is_near and planned_steps <= SURE_UP_TO * longest


def _verdict(now: Standing, results: Results, lr: float) -> ConfirmVerdict:
    """What is known of the raced rate."""
    if lr in results.blown_up:
        return "replaced"
    tolerance = results.scale.tolerance
    if lr == now.champion:
        if now.undecided is not None:
            return "open"
        is_tie = bool(now.rivals) and now.rivals[0].worse.is_alike(tolerance)
        return "tie" if is_tie else "confirmed"
    own = now.rival(lr)
    if own is None or own.worse.is_worse():
        return "replaced"
    if own.is_decided:
        return "tie"
    return "open"


def _chosen(
    now: Standing, results: Results, lr: float, verdict: ConfirmVerdict
) -> tuple[float, float | None]:
    """The rate to train at, the lowest of those not told apart; and the other rate of a tie."""
    if verdict == "confirmed":
        return lr, None
    if verdict == "tie":
        other = now.champion if lr != now.champion else now.rivals[0].lr
        return min(lr, other), max(lr, other)
    tolerance = results.scale.tolerance
    alike = [now.champion]
    for rival in now.rivals:
        is_out = rival.lr == lr and verdict == "replaced"
        is_behind = rival.worse.is_worse() and not rival.worse.is_alike(tolerance)
        if not is_out and not is_behind and rival.worse.mean <= OPEN_LEAD * tolerance:
            alike.append(rival.lr)
    return min(alike), None


def _more_steps(now: Standing, results: Results) -> int:
    """Steps of the pairs that it takes until the undecided rivals are decided."""
    steps = max(trial.iterations for trial in results.trials)
    total = 0
    for rival in now.rivals:
        if rival.is_decided:
            continue
        tolerance, mean = results.scale.tolerance, abs(rival.worse.mean)
        pairs = pairs_needed(now.noise, max(mean, tolerance - mean), rival.worse.pairs)
        total += 2 * steps * (max(pairs, MIN_PAIRS) - rival.worse.pairs)
    return max(total, 2 * steps)


def _apart(now: Standing, results: Results) -> float | None:
    rival = now.closest
    if rival is None or not math.isfinite(rival.worse.apart):
        return None
    return results.scale.per_cent(rival.worse.apart)


def _margin(now: Standing) -> tuple[float, float]:
    """How much worse the rival is that counts most, and half of the interval of that."""
    if now.closest is None:
        return math.nan, math.nan
    worse = now.closest.worse
    return worse.mean, (worse.high - worse.low) / 2


# ends without a comparison


def _unfinished(results: Results, lr: float, needed: int, cause: str) -> Race:
    """Too little was trained for any verdict."""
    reason = cause or "too little was trained"
    better = None
    order = results.by_first_loss()
    if order:
        leader = order[0]
        reason += f"; {leader:.1e} leads so far"
        if lr in results.blown_up:
            better = leader
    return Race(
        verdict="open",
        lr=lr,
        better=better,
        reason=reason,
        more_steps=max(1, needed),
        trials=results.trials,
    )


def _all_blew_up(results: Results, lr: float, cause: str) -> Race:
    steps = max(trial.iterations for trial in results.trials)
    lowest = results.tried[0]
    return Race(
        verdict="open",
        lr=lr,
        reason=_because(cause, f"every rate blew up, the lowest one was {lowest:.1e}"),
        more_steps=4 * steps,
        trials=results.trials,
    )


def _no_fall(results: Results, lr: float, cause: str) -> Race:
    """Nothing was learned at any rate: the trials are too short, or the rates too low."""
    better = None
    if lr in results.blown_up:
        better = results.by_first_loss()[0]
    steps = max(trial.iterations for trial in results.trials)
    return Race(
        verdict="open",
        lr=lr,
        better=better,
        reason=_because(cause, f"none of the rates lowered the loss in {steps} steps"),
        more_steps=2 * sum(trial.iterations for trial in results.trials),
        trials=results.trials,
    )


# the reason, in words


def _because(cause: str, reason: str) -> str:
    return f"{cause}; {reason}" if cause else reason


def _reason(now: Standing, results: Results, lr: float, verdict: ConfirmVerdict) -> str:
    if lr in results.blown_up:
        return f"a training at {lr:.1e} blew up, none did at {now.champion:.1e}"
    rival = now.closest
    if rival is None:
        return f"of {len(results.tried)} rates only {now.champion:.1e} did not blow up"
    if verdict == "confirmed":
        return _why_confirmed(results, lr)
    if verdict == "replaced":
        own = now.rival(lr)
        more = "far more"
        if own is not None:
            more = f"{_per_cent(results, own.worse.measured)} more"
        return f"{lr:.1e} reached {more} loss than {now.champion:.1e}"
    rates = sorted((now.champion, rival.lr))
    return (
        f"{rates[0]:.1e} and {rates[1]:.1e} are at most "
        f"{_per_cent(results, rival.worse.apart)} apart"
    )


def _why_confirmed(results: Results, lr: float) -> str:
    """No other rate was better, or none by enough for how far it is from the suggestion."""
    tolerance = results.scale.tolerance
    ahead = {rate: results.measured_lead(rate, lr) for rate in results.alive if rate != lr}
    best = max(ahead, key=ahead.__getitem__, default=lr)
    if ahead.get(best, 0.0) <= tolerance:
        return (
            f"none of {len(results.tried) - 1} other rates trained better by more than "
            f"{_per_cent(results, tolerance)}"
        )
    return (
        f"{lr:.1e} reached {_per_cent(results, ahead[best])} more loss than {best:.1e} in short"
        " trials: too little for a rate that far from the suggestion"
    )


def _per_cent(results: Results, difference: float) -> str:
    """A difference in words, with two digits."""
    per_cent = results.scale.per_cent(difference)
    if per_cent < 100:
        return f"{per_cent:.2g} %{results.scale.unit}"
    return f"{float(f'{per_cent:.2g}'):.0f} %{results.scale.unit}"


def remark(results: Results) -> str:
    """Whether longer trials favoured another rate than short ones; "" where they did not."""
    first = results.by_first_loss()[:2]
    if len(first) < 2:
        return ""
    longer = []
    for lr in first:
        longer.append({at: loss for at, loss in results.losses[lr].items() if at[0] > 0})
    both = sorted(longer[0].keys() & longer[1].keys())
    if not both:
        return ""
    behind = sum(results.scale.difference(longer[0][at], longer[1][at]) for at in both)
    if behind <= 0:
        return ""
    direction = "higher" if first[1] > first[0] else "lower"
    return f"longer trials favoured the {direction} one of {min(first):.1e} and {max(first):.1e}"
