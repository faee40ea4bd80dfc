"""Distributed samplers: told which pass over the data it is, and put back after a test.

Without `set_epoch` every pass has the same order.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from torch import distributed as dist

FAR = 10_000  # passes between two repeats: no test makes as many


def next_epoch(loader: object) -> None:
    """Tell the sampler of a loader that another pass begins."""
    if not (dist.is_available() and dist.is_initialized()):
        return
    for sampler in _samplers(loader):
        sampler.set_epoch(sampler.epoch + 1)


def skip_epochs(loader: object, repeat: int) -> None:
    """Give another repeat other orders."""
    for sampler in _samplers(loader):
        sampler.set_epoch(sampler.epoch + FAR * repeat)


class SavedEpochs:
    """The epochs of the samplers of loaders, as they were when each was first added."""

    def __init__(self) -> None:
        self._epochs: dict[int, tuple[Any, int]] = {}

    def add(self, loaders: Iterable[object]) -> None:
        """Save those that are new."""
        for loader in loaders:
            for sampler in _samplers(loader):
                self._epochs.setdefault(id(sampler), (sampler, sampler.epoch))

    def restore(self) -> None:
        """Put them back."""
        for sampler, epoch in self._epochs.values():
            sampler.set_epoch(epoch)


def _samplers(loader: object) -> Iterator[Any]:
    """The samplers of a loader, or of the loader in a `DataLoaderIter`, that count passes."""
    loader = getattr(loader, "data_loader", loader)
    batches = getattr(loader, "batch_sampler", None)
    for sampler in (getattr(loader, "sampler", None), getattr(batches, "sampler", None), batches):
        if callable(getattr(sampler, "set_epoch", None)) and isinstance(
            getattr(sampler, "epoch", None), int
        ):
            yield sampler
            return
