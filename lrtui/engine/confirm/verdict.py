"""Confirmation: does a suggested learning rate hold in training? Short trainings from the same restored start decide.

Candidates go through successive halving (see `lrtui.analysis.halving`). The suggestion stays in to the end whatever
happens, so that there is something to say about it; there it meets the best of the others several times, on the same
data in several orders.

A verdict is about trainings as long as the trials: short ones favour higher rates than long ones do (short-horizon
bias, arXiv 1803.02021), so it is worth the more the larger the budget is.
"""

import math
import statistics
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from lrtui.analysis.answer import ConfirmVerdict, Schedule
from lrtui.analysis.halving import FINAL_SEEDS, kept, steps_per_round
from lrtui.engine.confirm.trial import Trial, TrialRunner, TrialStep

OF_FALL, OF_LOSS = (
    0.05,
    0.2,
)  # shares of the whole fall, and of what is left: no difference that one would train for


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What the trials say. `better` is the rate that beat the suggestion, where one did.

    `margin` is how much less loss the suggestion reached than its best rival, averaged over the last round's seeds
    (negative: more; infinite where a training blew up, nan where one of each did), and `error` the standard error of
    that (nan then).
    """

    verdict: ConfirmVerdict
    lr: float
    better: float | None
    reason: str
    margin: float
    error: float
    trials: tuple[Trial, ...]

    @property
    def iterations(self) -> int:
        """Optimizer steps spent."""
        return sum(trial.iterations for trial in self.trials)


def confirm(
    runner: TrialRunner, rates: Sequence[float], budget: int, schedule: Schedule = "constant"
) -> Generator[TrialStep | Trial, None, Confirmation]:
    """Try the rates, of which the first is the suggestion; yields every step and every finished trial.

    Raises:
        ValueError: fewer than two rates, or a budget that is too small.
    """
    if len(rates) < 2:
        raise ValueError("a confirmation needs at least two learning rates to compare")
    suggested, rivals = rates[0], list(rates[1:])
    rounds, last = steps_per_round(len(rates), budget)
    trials: list[Trial] = []

    # halve the rivals, all on the same data in the same order
    for number, steps in enumerate(rounds):
        reached = {}
        for lr in (suggested, *rivals):
            trial = yield from runner.trial(lr, steps, schedule, round=number, seed=0)
            trials.append(trial)
            yield trial
            reached[lr] = trial.loss
        rivals = sorted(rivals, key=reached.__getitem__)[: kept(len(rivals) + 1) - 1]

    # let the best of them meet the suggestion, several times
    rival = rivals[0]
    margins: list[float] = []
    first_loss = math.nan
    for seed in range(FINAL_SEEDS):
        pair = []
        for lr in (suggested, rival):
            trial = yield from runner.trial(lr, last, schedule, round=len(rounds), seed=seed)
            trials.append(trial)
            yield trial
            pair.append(trial)
        first_loss = pair[0].curve[0]
        margins.append(difference(pair[1].loss, pair[0].loss))
    return decide(suggested, rival, margins, first_loss, trials)


def decide(
    suggested: float,
    rival: float,
    margins: Sequence[float],
    first_loss: float,
    trials: Sequence[Trial],
) -> Confirmation:
    """Confirmed: surely not worse than its rival by more than the tolerance; refuted: surely worse than that.

    A rate at which one of the last trainings blew up is never the better one.
    """
    best = min((trial.loss for trial in trials), default=math.nan)
    steps = max((trial.iterations for trial in trials), default=0)
    tolerance = tolerated(first_loss, best)
    mean, error = _mean(margins), _error(margins)
    all_of_them = (
        len(margins) >= FINAL_SEEDS
    )  # one that went badly for either must not outweigh the others
    not_worse = (all_of_them and min(margins) >= -tolerance) or mean - 2 * error >= -tolerance
    worse = (all_of_them and max(margins) < -tolerance) or mean + 2 * error < -tolerance
    verdict: ConfirmVerdict = "undecided"
    better: float | None = None
    if not math.isfinite(best) or best >= first_loss:
        reason = "none of the rates lowered the loss within the budget: give it more iterations"
    elif not_worse:
        verdict = "confirmed"
        others = _others(len({trial.lr for trial in trials} - {suggested}))
        reason = f"in up to {steps} steps {others} trained better than {suggested:.1e} by more than {tolerance:.2g}"
    elif blown_up(suggested, trials) > len(margins) / 2:
        better = steadiest(trials)
        verdict = "undecided" if better is None else "refuted"
        reason = f"trainings at {suggested:.1e} blew up" + (
            "" if better is None else f", none did at {better:.1e}"
        )
    elif worse and not blown_up(rival, trials):
        verdict, better = "refuted", rival
        reason = f"in {steps} steps {rival:.1e} reached {_by(margins)} than {suggested:.1e}"
    else:
        sure = (
            f", ±{2 * error:.2g}" if math.isfinite(error) else _blow_ups((suggested, rival), trials)
        )
        reason = (
            f"in {steps} steps {rival:.1e} reached {_by(margins)} than {suggested:.1e}{sure}, and it takes "
            f"{tolerance:.2g} to matter: give it more iterations"
        )
    return Confirmation(
        verdict=verdict,
        lr=suggested,
        better=better,
        reason=reason,
        margin=mean,
        error=error,
        trials=tuple(trials),
    )


def blown_up(lr: float, trials: Sequence[Trial]) -> int:
    """How many of a rate's trainings in its last round blew up."""
    own = [trial for trial in trials if trial.lr == lr]
    return sum(trial.loss == math.inf for trial in own if trial.round == own[-1].round)


def steadiest(trials: Sequence[Trial]) -> float | None:
    """Of the rates that blew up in no training, the one that came lowest in its last round; None where all did."""
    last: dict[float, list[Trial]] = {}
    for trial in trials:
        before = last.get(trial.lr, [])
        last[trial.lr] = [trial] if before and before[-1].round != trial.round else [*before, trial]
    means = {lr: statistics.fmean(trial.loss for trial in some) for lr, some in last.items()}
    steady = {
        lr: mean
        for lr, mean in means.items()
        if all(t.loss < math.inf for t in trials if t.lr == lr)
    }
    return min(steady, key=steady.__getitem__, default=None)


def tolerated(first_loss: float, best: float) -> float:
    """How much more loss than the best does not matter: a loss that has fallen far leaves room for large ratios."""
    of_fall = OF_FALL * max(0.0, first_loss - best)
    return min(of_fall, OF_LOSS * best) if best > 0 else of_fall


def undecided(suggested: float, trials: Sequence[Trial], reason: str) -> Confirmation:
    """Trials that came to no verdict, and why."""
    return Confirmation(
        verdict="undecided",
        lr=suggested,
        better=None,
        reason=reason,
        margin=math.nan,
        error=math.nan,
        trials=tuple(trials),
    )


def difference(rival: float, suggested: float) -> float:
    """How much less loss the suggestion reached; 0 where both blew up."""
    return 0.0 if rival == suggested else rival - suggested


def _others(count: int) -> str:
    return (
        f"none of {count} other rates" if count > 1 else "the one other rate that was tried has not"
    )


def _mean(margins: Sequence[float]) -> float:
    return sum(margins) / len(
        margins
    )  # fmean refuses infinities of both signs, of which the sum is nan


def _error(margins: Sequence[float]) -> float:
    finite = all(map(math.isfinite, margins))
    return statistics.stdev(margins) / math.sqrt(len(margins)) if finite else math.nan


def _by(margins: Sequence[float]) -> str:
    mean = _mean([margin for margin in margins if math.isfinite(margin)] or [0.0])
    return f"{abs(mean):.2g} {'less' if mean < 0 else 'more'} loss"


def _blow_ups(rates: Sequence[float], trials: Sequence[Trial]) -> str:
    counts = {lr: blown_up(lr, trials) for lr in rates}
    return "".join(
        f", {lr:.1e} blew up {'once' if n == 1 else f'{n} times'}" for lr, n in counts.items() if n
    )
