"""What the trials of a race show: the next two rates to compare, and the verdict.

Pure functions of the trials, so that a race can be judged at any moment: when it is decided, when
the budget is over, or when it was stopped.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lrtui.analysis.answer import ConfirmVerdict
from lrtui.analysis.race import (
    ANSWER_STAYS,
    CLIFF,
    CLIFF_COST,
    MIN_PAIRS,
    OPEN_LEAD,
    STEP,
    SURE_WITHIN,
    Trial,
)
from lrtui.analysis.race_pairs import Comparison, Noise, Results, pairs_needed


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
        sure: the verdict is not open, and the answer after the race is near the one before it.
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


class Rival(NamedTuple):
    """A rate compared with the leading one."""

    lr: float
    worse: Comparison
    is_decided: bool


class Standing(NamedTuple):
    """The leading rate, and those that it has to be compared with, the first one first."""

    champion: float
    rivals: tuple[Rival, ...]
    noise: Noise

    @property
    def undecided(self) -> Rival | None:
        """The rival that the next pair is for; None where all is decided."""
        for rival in self.rivals:
            if not rival.is_decided:
                return rival
        return None

    def comparison(self, lr: float) -> Comparison | None:
        """How a rival compares with the leading rate."""
        for rival in self.rivals:
            if rival.lr == lr:
                return rival.worse
        return None


def standing(results: Results, lr: float) -> Standing | None:
    """Who leads, and who may still be as good: the second, and the answer; None: all blew up."""
    order = results.by_first_loss()
    if not order:
        return None
    champion = order[0]
    for rival in order[1:]:
        differences = results.differences(rival, champion)
        if len(differences) >= MIN_PAIRS and sum(differences) < 0:
            champion = rival
    noise = results.noise(champion)
    others = [rate for rate in order if rate != champion]
    names = others[:1]
    if lr in others[1:]:
        behind = results.compare(lr, champion, noise).mean
        is_near = behind <= ANSWER_STAYS * results.scale.tolerance
        names = [lr, others[0]] if is_near else [others[0], lr]
    rivals = []
    for rank, rate in enumerate(names):
        worse = results.compare(rate, champion, noise)
        decided = _is_decided(worse, results.scale.tolerance, leads=champion == lr)
        if rank == 0 and worse.pairs < MIN_PAIRS:
            decided = False
        rivals.append(Rival(rate, worse, decided))
    return Standing(champion, tuple(rivals), noise)


def _is_decided(worse: Comparison, tolerance: float, *, leads: bool) -> bool:
    """Whether a rival is surely worse, surely alike, or surely not better than a leading answer."""
    if worse.is_worse() or worse.is_alike(tolerance):
        return True
    return leads and worse.low >= -tolerance


def judge(
    trials: Sequence[Trial],
    lr: float,
    *,
    ceiling: float | None = None,
    needed: int = 0,
    cause: str = "",
) -> Race:
    """The verdict of the trials of a race.

    Args:
        trials: all that are finished, in their order.
        lr: the answer that is raced.
        ceiling: no rate of the interval is above it, but for the answer.
        needed: steps that are missing for the first round and a pair; 0 where both are complete.
        cause: why the race ended early; "" where it is decided or its budget is over.
    """
    results = Results(trials)
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
    margin = _below_cliff(results, chosen, now.noise)
    if margin is not None:
        reason = (
            f"{_blown_up_near(results, chosen):.1e} blew up, too near to {chosen:.1e}; {reason}"
        )
        chosen, also = margin, None
        if verdict != "open":
            verdict = "confirmed" if chosen == lr else "replaced"
    low, high = interval(results, chosen, now, ceiling)
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
        sure=verdict != "open" and abs(math.log10(chosen / lr)) <= SURE_WITHIN,
        margin=now.rivals[0].worse.mean if now.rivals else math.nan,
        error=_half(now),
        trials=results.trials,
    )


def _verdict(now: Standing, results: Results, lr: float) -> ConfirmVerdict:
    """What is known of the raced rate."""
    if lr in results.blown_up:
        return "replaced"
    if lr == now.champion:
        if now.undecided is not None:
            return "open"
        is_tie = bool(now.rivals) and now.rivals[0].worse.is_alike(results.scale.tolerance)
        return "tie" if is_tie else "confirmed"
    worse = now.comparison(lr)
    if worse is None or worse.is_worse():
        return "replaced"
    is_first = now.rivals[0].lr == lr
    if worse.is_alike(results.scale.tolerance) and (worse.pairs >= MIN_PAIRS or not is_first):
        return "tie"
    return "open"


def _chosen(
    now: Standing, results: Results, lr: float, verdict: ConfirmVerdict
) -> tuple[float, float | None]:
    """The rate to train at, the lowest of those not told apart; and the other rate of a tie."""
    if verdict == "confirmed":
        return lr, None
    tolerance = results.scale.tolerance
    alike = [now.champion]
    for rival in now.rivals:
        is_behind = rival.worse.is_worse() and not rival.worse.is_alike(tolerance)
        if not is_behind and rival.worse.mean <= OPEN_LEAD * tolerance:
            alike.append(rival.lr)
    chosen = min(alike)
    if verdict != "tie":
        return chosen, None
    return chosen, max(alike) if len(alike) > 1 else None


def _below_cliff(results: Results, lr: float, noise: Noise) -> float | None:
    """The lower neighbour of a rate too near one that blew up, unless it is surely worse."""
    if _blown_up_near(results, lr) is None:
        return None
    below = [rate for rate in results.alive if rate < lr]
    if not below:
        return None
    worse = results.compare(below[-1], lr, noise)
    if worse.is_worse() or worse.mean > CLIFF_COST * results.scale.tolerance:
        return None
    return below[-1]


def _blown_up_near(results: Results, lr: float) -> float | None:
    """The lowest rate above that blew up, if it is near."""
    above = [rate for rate in results.blown_up if lr < rate <= CLIFF * lr]
    return min(above, default=None)


def interval(
    results: Results, lr: float, now: Standing, ceiling: float | None = None
) -> tuple[float, float]:
    """The rates around the answer that are not surely worse by more than the tolerance.

    On each side it reaches at most one third-decade step, and half of one where the neighbour is
    surely worse or blew up.
    """
    low, high = lr / STEP, lr * STEP
    below = [rate for rate in results.tried if low * 0.99 < rate < lr]
    above = [rate for rate in results.tried if lr < rate < high * 1.01]
    if below:
        low = _end(results, lr, below[-1], now.noise)
    if above:
        high = _end(results, lr, above[0], now.noise)
    if ceiling is not None:
        high = max(lr, min(high, ceiling))
    return low, high


def _end(results: Results, lr: float, neighbour: float, noise: Noise) -> float:
    """The end of the interval towards a neighbour."""
    halfway = math.sqrt(lr * neighbour)
    if neighbour in results.blown_up:
        return halfway
    if results.compare(neighbour, lr, noise).low > results.scale.tolerance:
        return halfway
    return neighbour


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
    if not now.rivals or not math.isfinite(now.rivals[0].worse.apart):
        return None
    return results.scale.per_cent(now.rivals[0].worse.apart)


def _half(now: Standing) -> float:
    if not now.rivals:
        return math.nan
    worse = now.rivals[0].worse
    return (worse.high - worse.low) / 2


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
    if not now.rivals:
        return f"of {len(results.tried)} rates only {now.champion:.1e} did not blow up"
    if verdict == "confirmed":
        return (
            f"none of {len(results.tried) - 1} other rates trained better by more than "
            f"{_per_cent(results, results.scale.tolerance)}"
        )
    if verdict == "replaced":
        behind = now.comparison(lr)
        more = "far more"
        if behind is not None:
            more = f"{_per_cent(results, behind.mean)} more"
        return f"{lr:.1e} reached {more} loss than {now.champion:.1e}"
    rival = now.rivals[0]
    rates = sorted((now.champion, rival.lr))
    return (
        f"{rates[0]:.1e} and {rates[1]:.1e} are at most "
        f"{_per_cent(results, rival.worse.apart)} apart"
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
