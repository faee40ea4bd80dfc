"""Confirmation: does a suggested learning rate hold in training? Short trainings from the same restored start decide.

Candidates go through successive halving (Jamieson and Talwalkar, arXiv 1502.07943): each round trains the candidates
that are left for the same number of steps and keeps the better half. The suggestion stays in to the end whatever
happens, so that there is something to say about it; there it meets the best of the others several times, on the same
data in several orders.

A verdict is about trainings as long as the trials: short ones favour higher rates than long ones do (short-horizon
bias, arXiv 1803.02021), so it is worth the more the larger the budget is.
"""

import math
import statistics
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

from lrtui.engine.trials import Bench, Schedule, Trial, TrialStep

ConfirmVerdict = Literal["confirmed", "refuted", "undecided"]

FINAL_SEEDS = 3
OF_FALL, OF_LOSS = 0.05, 0.2  # shares of the whole fall, and of what is left: no difference that one would train for
MIN_STEPS = 10  # a shorter trial measures the noise of its start


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What the trials say. `better` is the rate that beat the suggestion, where one did.

    `margin` is how much less loss the suggestion reached than its best rival, averaged over the last round's seeds
    (negative: more), and `error` the standard error of that.
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


def steps_per_round(count: int, budget: int) -> tuple[list[int], int]:
    """How many steps each trial of each halving round gets, and each of the last round: half the budget for either.

    Raises:
        ValueError: the budget is too small for trials that mean something.
    """
    rounds, left = [], count
    halvings = max(1, math.ceil(math.log2(max(2, count - 1))))
    while left > 2:
        rounds.append(budget // 2 // halvings // left)
        left = kept(left)
    last = (budget - sum(_trials(count, rounds))) // (2 * FINAL_SEEDS)
    if min([last, *rounds]) < MIN_STEPS:
        raise ValueError(
            f"{budget} iterations are too few to compare {count} learning rates: {least_budget(count)} are the least"
        )
    return rounds, last


def least_budget(count: int) -> int:
    """The smallest budget that gives every trial its least number of steps."""
    halvings = max(1, math.ceil(math.log2(max(2, count - 1))))
    return (
        max(2 * halvings * count * MIN_STEPS, 4 * FINAL_SEEDS * MIN_STEPS) if count > 2 else 2 * FINAL_SEEDS * MIN_STEPS
    )


def kept(count: int) -> int:
    """How many of so many candidates go on: the suggestion and the better half of its rivals."""
    return 1 + (count - 1) // 2 if count > 3 else 2


def confirm(
    bench: Bench, rates: Sequence[float], budget: int, schedule: Schedule = "constant"
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
            trial = yield from bench.trial(lr, steps, schedule, round=number, seed=0)
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
            trial = yield from bench.trial(lr, last, schedule, round=len(rounds), seed=seed)
            trials.append(trial)
            yield trial
            pair.append(trial)
        first_loss = pair[0].curve[0]
        margins.append(difference(pair[1].loss, pair[0].loss))
    return decide(suggested, rival, margins, first_loss, trials)


def decide(
    suggested: float, rival: float, margins: Sequence[float], first_loss: float, trials: Sequence[Trial]
) -> Confirmation:
    """Confirmed: surely not worse than its rival by more than the tolerance; refuted: surely worse than that."""
    best = min((trial.loss for trial in trials), default=math.nan)
    steps = max((trial.iterations for trial in trials), default=0)
    tolerance = tolerated(first_loss, best)
    mean = statistics.fmean(margins)
    error = statistics.stdev(margins) / math.sqrt(len(margins)) if all(map(math.isfinite, margins)) else 0.0
    verdict: ConfirmVerdict = "undecided"
    if not math.isfinite(best) or best >= first_loss:
        reason = "none of the rates lowered the loss within the budget: give it more iterations"
    elif mean - 2 * error >= -tolerance:
        verdict = "confirmed"
        reason = f"in {steps} steps no other rate trains better than {suggested:.1e} by more than {tolerance:.2g}"
    elif mean + 2 * error < -tolerance:
        verdict = "refuted"
        reason = f"in {steps} steps {rival:.1e} reached {_by(mean)} than {suggested:.1e}"
    else:
        reason = (
            f"in {steps} steps {rival:.1e} and {suggested:.1e} differ by {mean:+.2g} ± {2 * error:.2g}: give it more "
            "iterations"
        )
    return Confirmation(
        verdict=verdict,
        lr=suggested,
        better=rival if verdict == "refuted" else None,
        reason=reason,
        margin=mean,
        error=error,
        trials=tuple(trials),
    )


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


def _by(margin: float) -> str:
    return f"{-margin:.2g} less loss" if math.isfinite(margin) else "a finite loss where the training blew up rather"


def _trials(count: int, rounds: Sequence[int]) -> list[int]:
    spent = []
    for steps in rounds:
        spent.append(steps * count)
        count = kept(count)
    return spent
