"""The learning rate and momentum of every step of a trial."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from torch.optim import Optimizer

from lrtui.analysis.answer import Plan, Schedule
from lrtui.engine.optim import set_learning_rates, set_momentum


class Pace(NamedTuple):
    """The learning rate of a step (group 0's), and its momentum; None: the optimizer's own."""

    lr: float
    momentum: float | None


def paces(lr: float, iterations: int, plan: Plan) -> Iterator[Pace]:
    """The pace of every step of a training of the plan's kind, shortened to `iterations`.

    A warm-up is shortened in proportion: a line from 0 to the first rate of the schedule.
    """
    warmup = warmup_steps(iterations, plan)
    schedule = _SCHEDULES[plan.schedule]
    first = next(schedule(lr, iterations - warmup))
    for step in range(warmup):
        yield Pace(first.lr * (step + 1) / (warmup + 1), first.momentum)
    yield from schedule(lr, iterations - warmup)


def warmup_steps(iterations: int, plan: Plan) -> int:
    """Steps of the warm-up of a training of `iterations`; at least one step follows it."""
    warmup = plan.warmup
    if plan.steps:
        warmup = round(iterations * plan.warmup / plan.steps)
    return min(warmup, iterations - 1)


def _constant(lr: float, iterations: int) -> Iterator[Pace]:
    for _ in range(iterations):
        yield Pace(lr, None)


def _cosine_decay(lr: float, iterations: int) -> Iterator[Pace]:
    """As torch's CosineAnnealingLR: from lr down to 0 (Loshchilov and Hutter, arXiv 1608.03983)."""
    for step in range(iterations):
        yield Pace(_cosine(lr, 0.0, step / iterations), None)


def _one_cycle(lr: float, iterations: int) -> Iterator[Pace]:
    """One-cycle (Smith and Topin, arXiv 1708.07120) as torch's OneCycleLR has it by default.

    A cosine from lr / 25 up to lr over the first 30 %, and a cosine down to lr / 250,000; momentum,
    for optimizers that use it, from 0.95 down to 0.85 and back.
    """
    peak = max(1.0, 0.3 * iterations - 1)
    for step in range(iterations):
        if step <= peak:
            done = step / peak
            yield Pace(_cosine(lr / 25, lr, done), _cosine(0.95, 0.85, done))
        else:
            done = (step - peak) / (iterations - 1 - peak)
            yield Pace(_cosine(lr, lr / 25e4, done), _cosine(0.85, 0.95, done))


_SCHEDULES: dict[Schedule, Callable[[float, int], Iterator[Pace]]] = {
    "constant": _constant,
    "one-cycle": _one_cycle,
    "cosine": _cosine_decay,
}


def _cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * done))


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
