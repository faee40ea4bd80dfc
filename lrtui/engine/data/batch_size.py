"""How many examples a batch holds: the weight of its loss in a mean over a validation set."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeGuard

import torch
from torch.nn.utils.rnn import PackedSequence

from lrtui.engine.types import Target


def batch_size(target: Target, inputs: Sequence[Any] = ()) -> int:
    """The number of examples in a target (or a whole batch) and its inputs; 1 if nothing shows it.

    A tensor has as many as its first dimension. A list may hold one entry per example (boxes of
    images) or several tensors for all examples: the length of the inputs decides, or whether the
    tensors agree.
    """
    parts = (target, *inputs)
    for part in parts:
        if isinstance(part, torch.Tensor) and part.dim():
            return len(part)
    lengths = [len(part) for part in parts if is_sequence(part)]
    if len(lengths) > 1 and len(set(lengths)) == 1:
        return lengths[0]
    count = _first_count(parts)
    return 1 if count is None else count


def is_sequence(batch: object) -> TypeGuard[Sequence[Any]]:
    """Whether it is a tuple or list of parts; one with `.to` (PackedSequence) is an object."""
    return isinstance(batch, tuple | list) and not hasattr(batch, "to")


def _first_count(parts: Iterable[object]) -> int | None:
    for part in parts:
        count = _count(part)
        if count is not None:
            return count
    return None


def _count(data: object) -> int | None:
    if isinstance(data, torch.Tensor):
        return len(data) if data.dim() else None
    if isinstance(data, PackedSequence):
        return int(data.batch_sizes[0])
    if is_sequence(data):
        return _count_in_sequence(data)
    num_graphs = getattr(data, "num_graphs", None)  # a batch of PyTorch Geometric
    if isinstance(num_graphs, int):
        return num_graphs
    if isinstance(data, Mapping):
        return _first_count(data.values())
    if hasattr(data, "__dict__"):
        return _first_count(vars(data).values())
    return None


def _count_in_sequence(items: Sequence[object]) -> int:
    """What the items agree on, or one example per item."""
    if any(isinstance(item, Mapping) for item in items):
        return len(items)
    counts = {_count(item) for item in items}
    if len(counts) == 1:
        count = counts.pop()
        if count is not None:
            return count
    return len(items)
