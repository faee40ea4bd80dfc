"""Shares: what each of several processes gets of the data, so that together they see its batches.

The batches are those of a run in one process: the first process draws their order as its loader
would, and tells the others. Each then takes its part of every batch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch.utils.data import Dataset, DistributedSampler, Subset

Examples = Dataset[Any]


@dataclass(frozen=True)
class Share:
    """The part of one process.

    Args:
        rank: of the process.
        size: how many processes there are.
        device: of the process.
        is_sharded: all have to validate on the same number of batches.
    """

    rank: int
    size: int
    device: torch.device
    is_sharded: bool = False

    def of_validation(self, data: Examples) -> Examples:
        """Every n-th example; all of them where the processes wait for each other in a forward."""
        count = len(data)  # type: ignore[arg-type]
        if self.is_sharded or count < self.size:
            return data
        return Subset(data, range(self.rank, count, self.size))


class ShareSampler(DistributedSampler[Any]):
    """The indices of a process's examples, pass by pass, in the order of a run in one process.

    `set_epoch` says that another pass begins, as to every distributed sampler; the order itself is
    drawn as by torch's RandomSampler, from the random state of the first process.
    """

    def __init__(self, data: Examples, share: Share, batch_size: int) -> None:
        super().__init__(data, share.size, share.rank, shuffle=True, drop_last=True)
        count = len(data)  # type: ignore[arg-type]
        self._count = count
        self._used = count // batch_size * batch_size  # whole batches of all processes together
        self.num_samples = self._used // share.size
        self.total_size = self._used

    def __iter__(self) -> Iterator[int]:
        """Draw the order of a pass; every process has to begin it."""
        seed = torch.empty((), dtype=torch.int64).random_()
        dist.broadcast(seed, 0)
        generator = torch.Generator().manual_seed(int(seed))
        order: list[int] = torch.randperm(self._count, generator=generator).tolist()
        return iter(order[self.rank : self._used : self.num_replicas])
