"""Short trainings at one learning rate each, all from the same start and on the same data."""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lrtui.analysis.answer import Plan
from lrtui.analysis.race import Trial
from lrtui.engine.data.batches import OutOfData
from lrtui.engine.race.paces import Pace, paces
from lrtui.engine.step import Update

__all__ = ["RacePlan", "Trial", "TrialRunner", "TrialStep", "has_blown_up", "tail_mean"]

BLOWN_UP = 9.0  # a loss this many times the size of the first one above it has blown up
FIRST_LOSSES = 5  # how many losses show the size of a loss that starts near zero


class RacePlan(NamedTuple):
    """What a budget allows: optimizer steps of the race, and its trials, all at the most."""

    budget: int
    trials: int


class TrialStep(NamedTuple):
    """One optimizer step of a trial; `loss` is the one before it.

    `iterations` are those that the trial is to have; `plan` is None while the time of a step is
    not known yet.
    """

    lr: float
    round: int
    seed: int
    iteration: int
    loss: float
    iterations: int = 0
    plan: RacePlan | None = None


@dataclass(frozen=True)
class TrialRunner:
    """Runs trials.

    Args:
        start: restores the start and returns a training step on the data in the order of a seed.
        validation: measures the loss at the end of a trial; None: the mean of its last training
            losses.
        set_pace: sets the learning rate and momentum of the next step.
    """

    start: Callable[[int], Callable[[], Update]]
    validation: Callable[[], tuple[float, float | None]] | None
    set_pace: Callable[[Pace], None]

    def trial(
        self,
        lr: float,
        iterations: int,
        plan: Plan,
        *,
        round: int,
        seed: int,
        race: RacePlan | None = None,
    ) -> Generator[TrialStep, None, Trial]:
        """Train for `iterations` steps at a rate (the peak of a schedule), or until the data ends.

        The schedule and the share of its warm-up are the plan's. `race` is passed on in each step.
        """
        train = self.start(seed)
        curve: list[float] = []
        for iteration, pace in enumerate(paces(lr, iterations, plan)):
            self.set_pace(pace)
            try:
                curve.append(float(train().loss))
            except OutOfData:
                break
            yield TrialStep(lr, round, seed, iteration, curve[-1], iterations, race)
            if has_blown_up(curve):
                break
        return Trial(
            lr=lr,
            round=round,
            seed=seed,
            iterations=len(curve),
            loss=self._final_loss(curve),
            curve=tuple(curve),
        )

    def _final_loss(self, curve: list[float]) -> float:
        """The loss that a trial is judged by; inf if it blew up."""
        if has_blown_up(curve):
            return math.inf
        if self.validation is None:
            loss = tail_mean(curve)
        else:
            loss, _ = self.validation()
        return loss if math.isfinite(loss) else math.inf


def has_blown_up(curve: Sequence[float]) -> bool:
    """Whether the loss has left its first values for good, whatever its scale, sign and offset."""
    if not math.isfinite(curve[-1]):
        return True
    first_losses = curve[:FIRST_LOSSES]
    size = max(abs(curve[0]), max(first_losses) - min(first_losses))
    return len(curve) > FIRST_LOSSES and curve[-1] > curve[0] + BLOWN_UP * size


def tail_mean(curve: list[float]) -> float:
    """The mean training loss of the last fifth of a trial."""
    tail = curve[-max(5, len(curve) // 5) :]
    return sum(tail) / len(tail)
