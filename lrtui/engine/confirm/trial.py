"""Short trainings at one learning rate each, all from the same restored start and on the same data."""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from torch.optim import Optimizer

from lrtui.analysis.answer import Schedule
from lrtui.engine.batches import OutOfData
from lrtui.engine.optim import set_learning_rates, set_momentum
from lrtui.engine.step import TrainStep
from lrtui.engine.validation import Validation

BLOWN_UP = 9.0  # a trial is over when its loss is so many times the first one's size above it
FIRST = 5  # losses, which tell what size a loss near zero has


class Pace(NamedTuple):
    """The learning rate of a step (group 0's), and the momentum of those that run with one; None: their own."""

    lr: float
    momentum: float | None


class TrialStep(NamedTuple):
    """One optimizer step of a trial: the loss before it."""

    lr: float
    round: int
    seed: int
    iteration: int
    loss: float


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A short training: `loss` is what it reached (inf if it blew up), `curve` the training losses on the way."""

    lr: float
    round: int
    seed: int
    iterations: int
    loss: float
    curve: tuple[float, ...]


@dataclass(frozen=True)
class TrialRunner:
    """Where trials are run. `start` restores the start and draws the data in the order of a seed."""

    start: Callable[[int], TrainStep]
    validation: Validation | None
    set_pace: Callable[[Pace], None]

    def trial(
        self, lr: float, iterations: int, schedule: Schedule, *, round: int, seed: int
    ) -> Generator[TrialStep, None, Trial]:
        """Train for so many steps at a rate (the peak of a one-cycle schedule), or until the data ends."""
        train = self.start(seed)
        curve: list[float] = []
        for iteration, pace in enumerate(paces(lr, iterations, schedule)):
            self.set_pace(pace)
            try:
                curve.append(float(train().loss))
            except OutOfData:
                break
            yield TrialStep(lr, round, seed, iteration, curve[-1])
            if has_blown_up(curve):
                return Trial(
                    lr=lr,
                    round=round,
                    seed=seed,
                    iterations=len(curve),
                    loss=math.inf,
                    curve=tuple(curve),
                )
        reached = self.validation()[0] if self.validation else tail_mean(curve)
        if not math.isfinite(reached):
            reached = math.inf
        return Trial(
            lr=lr, round=round, seed=seed, iterations=len(curve), loss=reached, curve=tuple(curve)
        )


def paces(lr: float, iterations: int, schedule: Schedule) -> Iterator[Pace]:
    """How fast every step goes.

    One-cycle (Smith and Topin, arXiv 1708.07120) as torch's OneCycleLR has it by default: a cosine from lr / 25 up
    to lr over the first 30 %, and a cosine down to lr / 250,000; momentum, of those that run with one, from 0.95 down
    to 0.85 and back.
    """
    peak = max(1.0, 0.3 * iterations - 1)
    for step in range(iterations):
        if schedule == "constant":
            yield Pace(lr, None)
        elif step <= peak:
            yield Pace(_between(lr / 25, lr, step / peak), _between(0.95, 0.85, step / peak))
        else:
            part = (step - peak) / (iterations - 1 - peak)
            yield Pace(_between(lr, lr / 25e4, part), _between(0.85, 0.95, part))


def _between(start: float, end: float, part: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * part))


def has_blown_up(curve: Sequence[float]) -> bool:
    """Whether a training has left where it began for good: whatever the scale, the sign and the offset of its loss."""
    if not math.isfinite(curve[-1]):
        return True
    size = max(abs(curve[0]), max(curve[:FIRST]) - min(curve[:FIRST]))
    return len(curve) > FIRST and curve[-1] > curve[0] + BLOWN_UP * size


def tail_mean(curve: list[float]) -> float:
    """The mean training loss of the last fifth of a trial."""
    tail = curve[-max(5, len(curve) // 5) :]
    return sum(tail) / len(tail)


def pace_setter(
    optimizers: Sequence[Optimizer], spread: Callable[[float], tuple[float, ...]]
) -> Callable[[Pace], None]:
    """Set every group's rate from group 0's, `spread` keeps their ratios, and the momentum of those that have one."""

    def set_pace(pace: Pace) -> None:
        set_learning_rates(optimizers, spread(pace.lr))
        if pace.momentum is not None:
            set_momentum(optimizers, pace.momentum)

    return set_pace
