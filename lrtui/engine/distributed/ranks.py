"""What all ranks of a process group agree on: means, when to stop, and that one has failed.

A decision that each rank takes on its own numbers dead-locks: one stops, and the others wait for
its gradients. So losses are averaged over the ranks before anybody looks at them, and once in every
training step all ranks meet, to learn whether one has failed or was asked to stop.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from lrtui.engine.data.batches import OutOfData
from lrtui.engine.types import Scalar

Group = Any  # a torch process group; None: the default one
Value = TypeVar("Value")


class RankError(RuntimeError):
    """Another rank has failed; the text begins with "rank 1"."""


class Ranks:
    """The ranks that train one model. Its methods have to be called on all of them alike.

    Args:
        group: of the model; None: all ranks.
        device: where losses are averaged.

    Attributes:
        rank: of this process.
        size: how many there are.
        is_first: this one prints, plots and writes.
        asks: what this rank was asked for: (to stop, the rate to extend the ramp to), else zeros.
        asked: the same, over all ranks, at their last meeting.
    """

    def __init__(self, group: Group, device: torch.device) -> None:
        self._group = group
        self._device = device
        self._host = _host_group(group)
        self.rank = dist.get_rank(group)
        self.size = dist.get_world_size(group)
        self.is_first = self.rank == 0
        self.asks: Callable[[], tuple[float, float]] = _nothing
        self.asked = (0.0, 0.0)
        self._began = time.perf_counter()
        self._seconds = 0.0
        self._failure: Exception | None = None

    def mean(self, *values: Scalar | None) -> list[torch.Tensor | None]:
        """The mean of each value over the ranks, in double precision; None stays None.

        It is not waited for: a GPU averages in the order of its other work.
        """
        numbers = [_double(value, self._device) for value in values if value is not None]
        total = torch.stack(numbers)
        dist.all_reduce(total, group=self._group)
        means = iter((total / self.size).unbind())
        return [None if value is None else next(means) for value in values]

    def sums(self, *values: float) -> list[float]:
        """The sum of each number over the ranks, on the host."""
        total = torch.tensor(values, dtype=torch.float64)
        dist.all_reduce(total, group=self._host)
        sums: list[float] = total.tolist()
        return sums

    def of_first(self, value: Value) -> Value:
        """The value of rank 0."""
        values = [value]
        dist.broadcast_object_list(values, self._global(0), group=self._host)
        return values[0]

    def gathered(self, value: Value) -> list[Value]:
        """The values of all ranks."""
        values: list[Any] = [None] * self.size
        dist.all_gather_object(values, value, group=self._host)
        return values

    def meet(self, error: Exception | None = None) -> None:
        """Wait for the other ranks; `error` is why this one cannot go on.

        Raises:
            RankError: another rank cannot go on.
            OutOfData: the data of another rank is exhausted.
        """
        is_out = isinstance(error, OutOfData)
        failed = float(self.size - self.rank) if error is not None and not is_out else 0.0
        elapsed = time.perf_counter() - self._began
        state = torch.tensor([failed, float(is_out), *self.asks(), elapsed], dtype=torch.float64)
        if error is not None:
            self._failure = error
        try:
            dist.all_reduce(state, dist.ReduceOp.MAX, group=self._host)
        except Exception as broken:
            self._failure = broken  # a rank is gone or hangs: nobody can be met any more
            raise
        failed, out, stop, end_lr, self._seconds = state.tolist()
        self.asked = (stop, end_lr)
        if failed:
            self._raise(self.size - int(failed), error)
        if out and error is None:
            self._failure = OutOfData()
            raise self._failure

    def has_met(self, error: Exception) -> bool:
        """Whether all ranks know of an error."""
        return error is self._failure

    def clock(self) -> float:
        """Seconds since this object was made, as the slowest rank had it at the last meeting."""
        return self._seconds

    def _raise(self, failed: int, error: Exception | None) -> None:
        """Pass the failure of the rank `failed` on to those that have none of their own."""
        text = ["" if error is None else _one_line(error)]
        dist.broadcast_object_list(text, self._global(failed), group=self._host)
        if error is None:
            self._failure = RankError(f"rank {failed}: {text[0]}")
            raise self._failure

    def _global(self, rank: int) -> int:
        return rank if self._host is None else dist.get_global_rank(self._host, rank)


def all_ranks(device: torch.device) -> Ranks | None:
    """All ranks of a torchrun script; None where this process is alone."""
    if not (dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1):
        return None
    return Ranks(None, device)


def _host_group(group: Group) -> Group:
    """A group of the same ranks that works on the CPU, so that no meeting waits for a GPU."""
    if dist.get_backend(group) == "gloo" or not dist.is_gloo_available():
        return group
    members = dist.get_process_group_ranks(group)
    return dist.new_group(
        members,
        timeout=_timeout(group),
        backend="gloo",
        use_local_synchronization=True,
    )


def _timeout(group: Group) -> timedelta | None:
    """How long the ranks of a group wait for each other; None: torch's default."""
    try:
        world: Any = dist.group.WORLD
        backend = (group or world)._get_backend(torch.device("cuda"))
        timeout: timedelta = backend.options._timeout
    except (AttributeError, RuntimeError):  # private, and not for every backend
        return None
    return timeout


def _one_line(error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    return first if isinstance(error, RankError) else f"{type(error).__name__}: {first}"


def _double(value: Scalar, device: torch.device) -> torch.Tensor:
    return torch.as_tensor(value, dtype=torch.float64, device=device).detach().reshape(())


def _nothing() -> tuple[float, float]:
    return 0.0, 0.0
