"""Loaders of iterable data sets: their last batch, and data sets that yield batches already."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.utils.data import DataLoader

from lrtui.engine.data.batch_size import batch_size, is_sequence
from lrtui.engine.types import Batch, Loader


class StreamLoader(DataLoader[Any]):
    """A loader that lrtui makes of an iterable data set."""


def without_short_batch(loader: Loader, first: Batch) -> Loader:
    """The loader without its last, short batch, where the first one is full.

    A short batch makes a noisy point, and batch norm cannot train on a single example. A stream
    that is shorter than one batch keeps it.
    """
    if not isinstance(loader, StreamLoader) or loader.batch_size is None:
        return loader
    if batch_size(first) < loader.batch_size:
        return loader
    return _remade(loader, batch_size=loader.batch_size, drop_last=True)


def unbatched(loader: Loader) -> Loader:
    """The loader of a stream that yields batches: they are not batched again."""
    if not isinstance(loader, StreamLoader):
        return loader
    return _remade(loader, batch_size=None)


def may_yield_batches(loader: Loader, first: Batch) -> bool:
    """Whether the examples of a stream look like batches: (32x6, 32) for example.

    Sequences with a label for each step look the same; a trial of the model decides.
    """
    if not isinstance(loader, StreamLoader) or loader.batch_size is None:
        return False
    shapes = [tensor.shape[1:] for tensor in _tensors(first)]
    if not shapes or not all(len(shape) and shape[0] > 1 for shape in shapes):
        return False
    if len({shape[0] for shape in shapes}) > 1:
        return False
    dimensions = [len(shape) for shape in shapes]
    if len(shapes) == 1:
        return dimensions[0] in (2, 4)  # rows, or images with channels
    return max(dimensions) > 1


def _remade(loader: StreamLoader, **options: Any) -> StreamLoader:
    return StreamLoader(
        loader.dataset, num_workers=loader.num_workers, pin_memory=loader.pin_memory, **options
    )


def _tensors(data: Batch) -> Iterator[torch.Tensor]:
    if isinstance(data, torch.Tensor):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _tensors(value)
    elif is_sequence(data):
        for item in data:
            yield from _tensors(item)
