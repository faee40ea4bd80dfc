"""Short trainings at one learning rate each, all from the same start and on the same data."""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from torch.optim import Optimizer

from lrtui.analysis.answer import Schedule
from lrtui.engine.data.batches import OutOfData
from lrtui.engine.optim import set_learning_rates, set_momentum
from lrtui.engine.step import Update

BLOWN_UP = 9.0  # a loss this many times the size of the first one above it has blown up
FIRST_LOSSES = 5  # how many losses show the size of a loss that starts near zero


class Pace(NamedTuple):
    """The learning rate of a step (group 0's), and its momentum; None: the optimizer's own."""

    lr: float
    momentum: float | None


class TrialStep(NamedTuple):
    """One optimizer step of a trial; `loss` is the one before it."""

    lr: float
    round: int
    seed: int
    iteration: int
    loss: float


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A finished short training.

    `loss` is the loss at its end (inf if it blew up), `curve` the training loss of every step.
    """

    lr: float
    round: int
    seed: int
    iterations: int
    loss: float
    curve: tuple[float, ...]


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
        self, lr: float, iterations: int, schedule: Schedule, *, round: int, seed: int
    ) -> Generator[TrialStep, None, Trial]:
        """Train for `iterations` steps at a rate (a one-cycle's peak), or until the data ends."""
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


def paces(lr: float, iterations: int, schedule: Schedule) -> Iterator[Pace]:
    """The learning rate and momentum of every step.

    One-cycle (Smith and Topin, arXiv 1708.07120) as torch's OneCycleLR has it by default: a cosine
    from lr / 25 up to lr over the first 30 %, and a cosine down to lr / 250,000; momentum, for
    optimizers that use it, from 0.95 down to 0.85 and back.
    """
    peak = max(1.0, 0.3 * iterations - 1)
    for step in range(iterations):
        if schedule == "constant":
            yield Pace(lr, None)
        elif step <= peak:
            done = step / peak
            yield Pace(_cosine(lr / 25, lr, done), _cosine(0.95, 0.85, done))
        else:
            done = (step - peak) / (iterations - 1 - peak)
            yield Pace(_cosine(lr, lr / 25e4, done), _cosine(0.85, 0.95, done))


def _cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * done))


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


def pace_setter(
    optimizers: Sequence[Optimizer], group_lrs_of: Callable[[float], tuple[float, ...]]
) -> Callable[[Pace], None]:
    """A function that sets the pace of optimizers.

    Args:
        optimizers: all of them; momentum is set in groups that use it.
        group_lrs_of: the learning rate of every parameter group from that of group 0.
    """

    def set_pace(pace: Pace) -> None:
        set_learning_rates(optimizers, group_lrs_of(pace.lr))
        if pace.momentum is not None:
            set_momentum(optimizers, pace.momentum)

    return set_pace
