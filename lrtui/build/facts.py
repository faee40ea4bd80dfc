"""Facts about the data: read from its first batch, and from what the data set says about itself."""

from collections.abc import Iterator

import torch

from lrtui.catalog.infer import Facts
from lrtui.engine.failures.labels import class_count
from lrtui.engine.reading.items import Item, Reading
from lrtui.engine.reading.rule import read_loosely
from lrtui.engine.reading.signature import UNKNOWN, Signature
from lrtui.engine.types import Batch

_DEEPEST = 8  # wrappers of a data set that are looked into

Tensor = torch.Tensor


def facts_of(
    data: object,
    batch: Batch,
    signature: Signature = UNKNOWN,
    names: str = "",
    *,
    ignore_index: int | None = None,
) -> Facts | None:
    """The facts that the data shows, or None if a batch has no tensor as its input.

    Args:
        data: a loader or data set.
        batch: its first batch.
        signature: of the forward that the batch is for, where it is known.
        names: what the user says that each item is.
        ignore_index: a label that the loss ignores; it is no class, and neither is a void label.
    """
    reading = read_loosely(signature, batch, names=names)
    inputs, target = _parts(batch, reading)
    if inputs is None or inputs.dim() == 0:
        return None
    vocabulary = _vocabulary(data)
    target_item = None if reading is None else reading.target
    stated = stated_classes(data, target_item, ignore_index)
    return Facts(
        inputs=tuple(inputs.shape[1:]),
        tokens=inputs.dim() == 2 and not inputs.is_floating_point(),
        outputs=() if target is None else tuple(target.shape[1:]),
        classes=vocabulary or _classes(target, stated, ignore_index),
        exact=bool(vocabulary or stated),
        vocabulary=vocabulary,
    )


def _parts(batch: Batch, reading: Reading | None) -> tuple[Tensor | None, Tensor | None]:
    """The input and the target of a batch, where they are tensors."""
    if reading is None:
        return None, None
    inputs = reading.first_input(batch)
    target = None if reading.target is None else reading.target.get(batch)
    if not isinstance(target, Tensor) or target is inputs:
        return inputs, None
    return inputs, target


def is_class_labels(target: Tensor) -> bool:
    """Whether a target's numbers can be labels of classes: integers, but not booleans."""
    is_number = target.is_floating_point() or target.is_complex()
    return not is_number and target.dtype != torch.bool


def stated_classes(
    data: object, target: Item | None = None, ignore_index: int | None = None
) -> int | None:
    """How many classes a data set (or one that it wraps) states, or has in all its labels.

    `target` is the target's place in a batch, the last one where it is None.
    """
    for owner in _owners(data):
        classes = _classes_of(owner, target, ignore_index)
        if classes is not None:
            return classes
    return None


def _classes(target: Tensor | None, stated: int | None, ignore_index: int | None) -> int | None:
    """The number of classes: as stated, or more if the batch has more; None without labels."""
    if target is None or not target.numel() or not is_class_labels(target):
        return None
    seen = class_count(target, ignore_index)
    return max(seen or 0, stated or 0) or None


def _classes_of(owner: object, target: Item | None, ignore_index: int | None) -> int | None:
    count = _attribute(owner, "num_classes")
    if isinstance(count, int) and not isinstance(count, bool):
        return count
    names = _attribute(owner, "classes")
    if isinstance(names, list | tuple | dict) and names:
        return len(names)
    labels = _labels(owner, target)
    if labels is None:
        return None
    return class_count(labels, ignore_index)


def _labels(owner: object, target: Item | None) -> Tensor | None:
    """All labels of a data set that keeps them in one place."""
    candidates = [_attribute(owner, "targets"), _attribute(owner, "labels")]
    tensors = _attribute(owner, "tensors")
    if isinstance(tensors, tuple) and len(tensors) > 1:
        candidates.insert(0, tensors[-1] if target is None else _column(tensors, target))
    for candidate in candidates:
        labels = _as_labels(candidate)
        if labels is not None:
            return labels
    return None


def _column(tensors: tuple[object, ...], target: Item) -> object:
    """The tensor of a TensorDataset that holds the targets; None for another kind of batch."""
    try:
        return target.get(tensors)
    except (TypeError, IndexError, AttributeError):
        return None


def _as_labels(values: object) -> Tensor | None:
    """Labels of classes as a tensor; None for anything else."""
    if values is None:
        return None
    try:
        labels = torch.as_tensor(values)
    except (TypeError, ValueError, RuntimeError):
        return None
    if not labels.numel() or not is_class_labels(labels):
        return None
    return labels


def _vocabulary(data: object) -> int | None:
    for owner in _owners(data):
        size = _attribute(owner, "vocab_size")
        if not isinstance(size, int):
            size = _attribute(owner, "vocabulary_size")
        if isinstance(size, int):
            return size
    return None


def _owners(data: object) -> Iterator[object]:
    """A loader, its data set, and what that wraps."""
    owner = data
    for _ in range(_DEEPEST):
        if owner is None:
            return
        yield owner
        owner = _attribute(owner, "dataset")


def _attribute(owner: object, name: str) -> object:
    """An attribute of a user's object; None if it does not exist or raises."""
    try:
        return getattr(owner, name, None)
    except Exception:  # noqa: BLE001 - a user's property may raise anything, and facts are optional
        return None
