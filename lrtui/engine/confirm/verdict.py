"""Confirmation: does a suggested learning rate hold in training? Short trainings decide.

Candidates go through successive halving (see `lrtui.analysis.halving`). The suggestion stays in to
the end, so that there is always a result for it; in the last round it meets the best of the others
several times, on the same data in several orders.

A verdict holds for trainings as long as the trials: short ones favour higher rates than long ones
do (short-horizon bias, arXiv 1803.02021), so a larger budget gives a more reliable verdict.
"""

import math
import statistics
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lrtui.analysis.answer import ConfirmVerdict, Schedule
from lrtui.analysis.halving import FINAL_SEEDS, kept, steps_per_round
from lrtui.engine.confirm.trial import Trial, TrialRunner, TrialStep

# a difference matters if it exceeds this share of the whole fall of the loss, and of the best loss
OF_FALL, OF_LOSS = 0.05, 0.2


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """The result of the trials. `better` is the rate that beat the suggestion, if one did.

    `margin` is how much less loss the suggestion reached than its best rival, averaged over the
    last round's seeds: negative if it reached more, infinite if a training blew up, NaN if one of
    each did. `error` is the standard error of the margin; NaN if that is not finite.
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
        """Optimizer steps of all trials together."""
        return sum(trial.iterations for trial in self.trials)


Trials: TypeAlias = Generator[TrialStep | Trial, None, Confirmation]


def confirm(
    runner: TrialRunner, rates: Sequence[float], budget: int, schedule: Schedule = "constant"
) -> Trials:
    """Try the rates, the suggestion first; yields every step and every finished trial.

    Raises:
        ValueError: fewer than two rates, or a budget that is too small.
    """
    if len(rates) < 2:
        raise ValueError("a confirmation needs at least two learning rates to compare")
    suggested, rivals = rates[0], list(rates[1:])
    steps_of_rounds, last_steps = steps_per_round(len(rates), budget)
    trials: list[Trial] = []

    # halve the rivals, all on the same data in the same order
    for number, steps in enumerate(steps_of_rounds):
        losses = {}
        for lr in (suggested, *rivals):
            trial = yield from runner.trial(lr, steps, schedule, round=number, seed=0)
            trials.append(trial)
            yield trial
            losses[lr] = trial.loss
        rivals = sorted(rivals, key=losses.__getitem__)[: kept(len(rivals) + 1) - 1]

    # compare the best rival with the suggestion, once per seed
    rival = rivals[0]
    last_round = len(steps_of_rounds)
    margins: list[float] = []
    for seed in range(FINAL_SEEDS):
        pair = []
        for lr in (suggested, rival):
            trial = yield from runner.trial(lr, last_steps, schedule, round=last_round, seed=seed)
            trials.append(trial)
            yield trial
            pair.append(trial)
        margins.append(difference(pair[1].loss, pair[0].loss))
    return decide(suggested, rival, margins, pair[0].curve[0], trials)


def decide(
    suggested: float,
    rival: float,
    margins: Sequence[float],
    first_loss: float,
    trials: Sequence[Trial],
) -> Confirmation:
    """The verdict from the margins between the suggestion and its rival.

    Confirmed: surely not worse by more than the tolerance. Refuted: surely worse by more than that.
        A rate at which one of the last trainings blew up is never the better one.
    """
    best = min((trial.loss for trial in trials), default=math.nan)
    steps = max((trial.iterations for trial in trials), default=0)
    tolerance = tolerated(first_loss, best)
    verdict: ConfirmVerdict = "undecided"
    better: float | None = None
    if not math.isfinite(best) or best >= first_loss:
        reason = "none of the rates lowered the loss within the budget: give it more iterations"
    elif _surely_above(margins, -tolerance):
        verdict = "confirmed"
        reason = (
            f"in up to {steps} steps {_other_rates(suggested, trials)} trained better than "
            f"{suggested:.1e} by more than {tolerance:.2g}"
        )
    elif blown_up(suggested, trials) > len(margins) / 2:
        better = steadiest(trials)
        reason = f"trainings at {suggested:.1e} blew up"
        if better is not None:
            verdict = "refuted"
            reason += f", none did at {better:.1e}"
    elif _surely_below(margins, -tolerance) and not blown_up(rival, trials):
        verdict, better = "refuted", rival
        reason = f"in {steps} steps {rival:.1e} reached {_by(margins)} than {suggested:.1e}"
    else:
        reason = (
            f"in {steps} steps {rival:.1e} reached {_by(margins)} than {suggested:.1e}"
            f"{_uncertainty(suggested, rival, margins, trials)}, and it takes {tolerance:.2g} "
            "to matter: give it more iterations"
        )
    return Confirmation(
        verdict=verdict,
        lr=suggested,
        better=better,
        reason=reason,
        margin=_mean(margins),
        error=_error(margins),
        trials=tuple(trials),
    )


def undecided(suggested: float, trials: Sequence[Trial], reason: str) -> Confirmation:
    """The result of trials that gave no verdict, and why."""
    return Confirmation(
        verdict="undecided",
        lr=suggested,
        better=None,
        reason=reason,
        margin=math.nan,
        error=math.nan,
        trials=tuple(trials),
    )


def blown_up(lr: float, trials: Sequence[Trial]) -> int:
    """How many of a rate's trainings in its last round blew up."""
    return len([trial for trial in _last_round(lr, trials) if trial.loss == math.inf])


def steadiest(trials: Sequence[Trial]) -> float | None:
    """The rate with the best last round among those that never blew up; None if all did."""
    blown_up_rates = {trial.lr for trial in trials if trial.loss == math.inf}
    means = {}
    for trial in trials:
        if trial.lr not in blown_up_rates:
            losses = [other.loss for other in _last_round(trial.lr, trials)]
            means[trial.lr] = statistics.fmean(losses)
    return min(means, key=means.__getitem__, default=None)


def tolerated(first_loss: float, best: float) -> float:
    """How much more loss than the best does not matter.

    A share of the fall; where the loss has fallen far, that would allow large ratios to the best
    loss, so a share of that limits it.
    """
    of_fall = OF_FALL * max(0.0, first_loss - best)
    if best > 0:
        return min(of_fall, OF_LOSS * best)
    return of_fall


def difference(rival: float, suggested: float) -> float:
    """How much less loss the suggestion reached; 0 if both blew up."""
    return 0.0 if rival == suggested else rival - suggested


def _surely_above(margins: Sequence[float], limit: float) -> bool:
    """Whether all margins of a complete round, or their mean minus two errors, reach the limit.

    The first rule: one margin far above the others must not make the mean uncertain.
    """
    if len(margins) >= FINAL_SEEDS and min(margins) >= limit:
        return True
    return _mean(margins) - 2 * _error(margins) >= limit


def _surely_below(margins: Sequence[float], limit: float) -> bool:
    """Whether all margins of a complete round, or their mean plus two errors, are below it."""
    if len(margins) >= FINAL_SEEDS and max(margins) < limit:
        return True
    return _mean(margins) + 2 * _error(margins) < limit


def _last_round(lr: float, trials: Sequence[Trial]) -> list[Trial]:
    """The trials at a rate in the last round that it was in."""
    own = [trial for trial in trials if trial.lr == lr]
    return [trial for trial in own if trial.round == own[-1].round]


def _other_rates(suggested: float, trials: Sequence[Trial]) -> str:
    count = len({trial.lr for trial in trials} - {suggested})
    if count > 1:
        return f"none of {count} other rates"
    return "the one other rate that was tried has not"


def _mean(margins: Sequence[float]) -> float:
    # fmean refuses infinities of both signs, whose sum is NaN
    return sum(margins) / len(margins)


def _error(margins: Sequence[float]) -> float:
    """The standard error of the mean; NaN if a margin is not finite."""
    if not all(map(math.isfinite, margins)):
        return math.nan
    return statistics.stdev(margins) / math.sqrt(len(margins))


def _by(margins: Sequence[float]) -> str:
    """The rival's advantage over the finite margins, in words."""
    finite = [margin for margin in margins if math.isfinite(margin)]
    mean = _mean(finite or [0.0])
    direction = "less" if mean < 0 else "more"
    return f"{abs(mean):.2g} {direction} loss"


def _uncertainty(
    suggested: float, rival: float, margins: Sequence[float], trials: Sequence[Trial]
) -> str:
    """Two standard errors, or which trainings blew up."""
    error = _error(margins)
    if math.isfinite(error):
        return f", ±{2 * error:.2g}"
    return _blow_ups(suggested, trials) + _blow_ups(rival, trials)


def _blow_ups(lr: float, trials: Sequence[Trial]) -> str:
    count = blown_up(lr, trials)
    if count == 0:
        return ""
    times = "once" if count == 1 else f"{count} times"
    return f", {lr:.1e} blew up {times}"
