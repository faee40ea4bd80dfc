"""The ramp: the learning rate of each iteration (arXiv 1506.01186, section 3.3)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Literal

Mode = Literal["exp", "linear"]


@dataclass(frozen=True)
class Ramp:
    """Learning rates of each parameter group from `start_lrs` to `end_lrs`, both ends exact.

    Exponential (fastai's): start · (end / start)^(i / (n - 1)); linear: start + i / (n - 1) · (end
    - start). With `iterations_per_lr` above 1 it is a staircase: `num_iter` iterations in all, that
    many at each rate.
    """

    start_lrs: tuple[float, ...]
    end_lrs: tuple[float, ...]
    num_iter: int = 100
    mode: Mode = "exp"
    iterations_per_lr: int = 1

    def __post_init__(self) -> None:
        """Raise ValueError for numbers that make no ramp, as torch_lr_finder does."""
        if self.mode not in ("exp", "linear"):
            raise ValueError(f"expected one of (exp, linear), got {self.mode}")
        if self.num_iter <= 1:
            raise ValueError("`num_iter` must be larger than 1")
        if self.iterations_per_lr < 1:
            raise ValueError("`iterations_per_lr` must be at least 1")
        if self.distinct_lrs < 2:
            raise ValueError(
                f"`num_iter` {self.num_iter} leaves fewer than two learning rates "
                f"at {self.iterations_per_lr} iterations each"
            )
        for start, end in zip(self.start_lrs, self.end_lrs, strict=True):
            _check_ends(start, end, self.mode)
        if not any(self.end_lrs):
            raise ValueError("the learning rate would be 0 all the way: give an end_lr above 0")

    @property
    def distinct_lrs(self) -> int:
        """How many different learning rates there are."""
        return math.ceil(self.num_iter / self.iterations_per_lr)

    def lrs_at(self, iteration: int) -> tuple[float, ...]:
        """The learning rate of every group at an iteration."""
        rate_at = _exponential if self.mode == "exp" else _linear
        position = iteration // self.iterations_per_lr / (self.distinct_lrs - 1)
        ends = zip(self.start_lrs, self.end_lrs, strict=True)
        return tuple(rate_at(start, end, position) for start, end in ends)

    def __len__(self) -> int:
        """How many iterations the ramp takes."""
        return self.num_iter

    def __iter__(self) -> Iterator[tuple[float, ...]]:
        """The learning rates of every group, iteration by iteration."""
        return map(self.lrs_at, range(self.num_iter))


class Course:
    """A ramp that may grow while it is run: at the same rates, to a higher end.

    Args:
        ramp: as it is now.
        first: the iteration to begin with.
    """

    def __init__(self, ramp: Ramp, first: int = 0) -> None:
        self.ramp = ramp
        self.first = first
        self.is_over = False

    def lrs_at(self, iteration: int) -> tuple[float, ...]:
        """The learning rate of every group at an iteration."""
        return self.ramp.lrs_at(iteration)

    def __len__(self) -> int:
        """How many iterations the whole ramp takes."""
        return self.ramp.num_iter

    def __iter__(self) -> Iterator[tuple[float, ...]]:
        """The learning rates of every group from the first iteration on."""
        iteration = self.first
        self.is_over = False
        while iteration < self.ramp.num_iter:
            yield self.ramp.lrs_at(iteration)
            iteration += 1
        self.is_over = True


def start_lrs_of(
    start_lr: float | Sequence[float] | None, group_lrs: Sequence[float | None]
) -> tuple[float, ...]:
    """The starting rate of every group: one for all, one each, or (None) the optimizer's own.

    Raises:
        ValueError: not numbers, not as many as there are groups, or a group without a rate.
    """
    if start_lr is not None:
        return one_each(start_lr, len(group_lrs))
    known = tuple(lr for lr in group_lrs if lr is not None)
    if len(known) < len(group_lrs):
        raise ValueError(
            "the optimizer has no learning rate of its own to start from: give start_lr"
        )
    return known


def one_each(lr: float | Sequence[float], count: int) -> tuple[float, ...]:
    """One rate for each of `count` groups: the same for all, or those of a list (or array).

    Raises:
        ValueError: not numbers, or not as many as there are groups.
    """
    if hasattr(lr, "tolist"):
        lr = lr.tolist()
    rates = []
    for rate in lr if isinstance(lr, list | tuple) else [lr] * count:
        if not isinstance(rate, Real):
            raise ValueError(
                "a learning rate must be a number, or a list with one for each parameter group, "
                f"got {lr!r}"
            )
        rates.append(float(rate))
    if len(rates) != count:
        raise ValueError(
            "Length of `new_lrs` is not equal to the number of parameter groups in the given "
            f"optimizer ({len(rates)} for {count})"
        )
    return tuple(rates)


def keep_ratios(lr: float, group_lrs: Sequence[float | None]) -> tuple[float, ...]:
    """`lr` for group 0, and for the others rates in the same ratios as in `group_lrs`."""
    first, *others = group_lrs
    rates = [lr]
    for own in others:
        if first and own is not None:
            rates.append(lr * (own / first))
        else:
            rates.append(lr)
    return tuple(rates)


def _exponential(start: float, end: float, position: float) -> float:
    if start == end == 0:
        return 0.0
    # written as in torch_lr_finder, for equality to the last bit
    lr: float = start * (end / start) ** position
    return lr


def _linear(start: float, end: float, position: float) -> float:
    return start + position * (end - start)


def _check_ends(start: float, end: float, mode: Mode) -> None:
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ValueError(f"learning rates must be finite, got start_lr {start} and end_lr {end}")
    if start == end == 0:
        return  # this group does not train
    if mode == "exp" and (start <= 0 or end <= 0):
        raise ValueError(
            f"an exponential ramp cannot start or end at 0 or below, got start_lr {start:g} and "
            f"end_lr {end:g}: give a positive start_lr, or use step_mode linear"
        )
    if start < 0 or end < 0:
        raise ValueError(
            f"learning rates cannot be negative, got start_lr {start:g} and end_lr {end:g}"
        )
