"""CPU memory for copies of tensors: a few large blocks, pinned where a GPU is copied from."""

from collections.abc import Iterable

import torch

BLOCK = 2**30  # torch rounds each pinned block up to a power of two: large ones waste little
ALIGNMENT = 64  # bytes; a multiple of every element's size


class HostMemory:
    """Room for one copy of each of some tensors.

    Args:
        tensors: the most that will be copied.
        pinned: pin the memory if a tensor is on a GPU; where that fails it is pageable.

    Attributes:
        is_pinned: whether all of it is.
    """

    def __init__(self, tensors: Iterable[torch.Tensor], *, pinned: bool) -> None:
        tensors = list(tensors)
        self._remaining = sum(_aligned(bytes_of(tensor)) for tensor in tensors)
        self._gpus = {tensor.device for tensor in tensors if tensor.is_cuda}
        self.is_pinned = pinned and bool(self._gpus)
        self._block = torch.empty(0, dtype=torch.uint8)
        self._used = 0

    def copy_of(self, tensor: torch.Tensor) -> torch.Tensor:
        """A copy of a plain tensor, with the strides that `clone` gives it; see `wait`."""
        room = self._take(bytes_of(tensor))
        strides = torch.empty_like(tensor, device="meta").stride()
        copy = room.view(tensor.dtype).as_strided(tensor.shape, strides)
        copy.copy_(tensor, non_blocking=self.is_pinned)
        return copy

    def wait(self) -> None:
        """Wait until all copies are there."""
        for gpu in self._gpus:
            torch.cuda.synchronize(gpu)

    def _take(self, count: int) -> torch.Tensor:
        if self._used + count > self._block.nelement():
            self._block = self._new_block(max(count, min(BLOCK, self._remaining)))
            self._used = 0
        taken = self._block[self._used : self._used + count]
        self._used += _aligned(count)
        self._remaining -= _aligned(count)
        return taken

    def _new_block(self, count: int) -> torch.Tensor:
        if self.is_pinned:
            try:
                return torch.empty(count, dtype=torch.uint8, pin_memory=True)
            except RuntimeError:  # the system pins no more: the copies are as exact, and slower
                self.wait()
                self.is_pinned = False
        return torch.empty(count, dtype=torch.uint8)


def bytes_of(tensor: torch.Tensor) -> int:
    """Bytes of a tensor's elements."""
    return tensor.nelement() * tensor.element_size()


def _aligned(count: int) -> int:
    return -(-count // ALIGNMENT) * ALIGNMENT
