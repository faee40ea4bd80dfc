"""The ramp: which learning rate each iteration runs at (arXiv 1506.01186, section 3.3; fastai's is exponential)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

Mode = Literal["exp", "linear"]


@dataclass(frozen=True)
class Ramp:
    """A ladder of learning rates per parameter group, from `start_lrs` to `end_lrs`, both ends exact.

    Exponential: start · (end / start)^(i / (n - 1)); linear: start + i / (n - 1) · (end - start). With
    `iterations_per_lr` above 1 it is a staircase: `num_iter` iterations in all, so many at each rate.
    """

    start_lrs: tuple[float, ...]
    end_lrs: tuple[float, ...]
    num_iter: int = 100
    mode: Mode = "exp"
    iterations_per_lr: int = 1

    def __post_init__(self) -> None:
        """Check the numbers; raises ValueError in torch_lr_finder's words where it has some."""
        if self.mode not in ("exp", "linear"):
            raise ValueError(f"expected one of (exp, linear), got {self.mode}")
        if self.num_iter <= 1:
            raise ValueError("`num_iter` must be larger than 1")
        if self.iterations_per_lr < 1:
            raise ValueError("`iterations_per_lr` must be at least 1")
        if self.rungs < 2:
            raise ValueError(
                f"`num_iter` {self.num_iter} leaves fewer than two learning rates at {self.iterations_per_lr} "
                "iterations each"
            )
        for start, end in zip(self.start_lrs, self.end_lrs, strict=True):
            _check_ends(start, end, self.mode)
        if not any(self.end_lrs):
            raise ValueError("the learning rate would be 0 all the way: give an end_lr above 0")

    @property
    def rungs(self) -> int:
        """How many different learning rates there are."""
        return math.ceil(self.num_iter / self.iterations_per_lr)

    def __len__(self) -> int:
        """How many iterations the ramp takes."""
        return self.num_iter

    def __iter__(self) -> Iterator[tuple[float, ...]]:
        """The learning rates of every group, iteration by iteration."""
        climb = _exponential if self.mode == "exp" else _linear
        ends = list(zip(self.start_lrs, self.end_lrs, strict=True))
        last = self.rungs - 1
        rungs = (iteration // self.iterations_per_lr / last for iteration in range(self.num_iter))
        return iter([tuple([climb(start, end, r) for start, end in ends]) for r in rungs])


def start_lrs_of(
    start_lr: float | Sequence[float] | None, group_lrs: Sequence[float | None]
) -> tuple[float, ...]:
    """The starting rate of every group: one for all, one each, or (None) the optimizer's own.

    Raises:
        ValueError: not numbers, not as many as there are groups, or a group without a rate of its own.
    """
    if start_lr is not None:
        return one_each(start_lr, len(group_lrs))
    if any(rate is None for rate in group_lrs):
        raise ValueError(
            "the optimizer has no learning rate of its own to start from: give start_lr"
        )
    return tuple(rate for rate in group_lrs if rate is not None)


def one_each(lr: float | Sequence[float], count: int) -> tuple[float, ...]:
    """One rate for each of `count` groups: the same for all, or those of a list (or array).

    Raises:
        ValueError: not numbers, or not as many as there are groups.
    """
    lr = lr.tolist() if hasattr(lr, "tolist") else lr
    rates: list[Any] = list(lr) if isinstance(lr, list | tuple) else [lr] * count
    if not all(isinstance(rate, Real) for rate in rates):
        raise ValueError(
            f"a learning rate must be a number, or a list with one for each parameter group, got {lr!r}"
        )
    if len(rates) != count:
        raise ValueError(
            "Length of `new_lrs` is not equal to the number of parameter groups in the given optimizer "
            f"({len(rates)} for {count})"
        )
    return tuple(map(float, rates))


def keep_ratios(lr: float, group_lrs: Sequence[float | None]) -> tuple[float, ...]:
    """`lr` for group 0 and, for each other group, as many times more or less as its own rate is of group 0's."""
    first = group_lrs[0]
    return (lr, *(lr if not first or own is None else lr * (own / first) for own in group_lrs[1:]))


def _exponential(start: float, end: float, r: float) -> float:
    if start == end == 0:
        return 0.0
    lr: float = (
        start * (end / start) ** r
    )  # written as torch_lr_finder does, for equality to the last bit
    return lr


def _linear(start: float, end: float, r: float) -> float:
    return start + r * (end - start)


def _check_ends(start: float, end: float, mode: Mode) -> None:
    if not (math.isfinite(start) and math.isfinite(end)):
        raise ValueError(f"learning rates must be finite, got start_lr {start} and end_lr {end}")
    if start == end == 0:
        return  # a group that is kept out of it
    if mode == "exp" and (start <= 0 or end <= 0):
        raise ValueError(
            f"an exponential ramp cannot start or end at 0 or below, got start_lr {start:g} and end_lr {end:g}: give a "
            "positive start_lr, or use step_mode linear"
        )
    if start < 0 or end < 0:
        raise ValueError(
            f"learning rates cannot be negative, got start_lr {start:g} and end_lr {end:g}"
        )
