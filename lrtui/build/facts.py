"""Facts about the data: read from its first batch, and from what the data set says about itself."""

from collections.abc import Iterator, Mapping

import torch

from lrtui.catalog.infer import Facts
from lrtui.engine.data.signature import TARGET_KEYS
from lrtui.engine.failures.labels import class_count
from lrtui.engine.types import Batch

_INPUT_KEYS = (
    "x",
    "inputs",
    "input",
    "pixel_values",
    "input_ids",
    "images",
    "image",
    "features",
    "data",
)
_DEEPEST = 8  # wrappers of a data set that are looked into

Tensor = torch.Tensor


def facts_of(data: object, batch: Batch, ignore_index: int | None = None) -> Facts | None:
    """The facts that the data shows, or None if a batch has no tensor as its input.

    Labels that the loss ignores (`ignore_index`), and void labels, are no classes.
    """
    inputs, target = parts(batch)
    if inputs is None or inputs.dim() == 0:
        return None
    vocabulary = _vocabulary(data)
    stated = stated_classes(data, ignore_index)
    return Facts(
        inputs=tuple(inputs.shape[1:]),
        tokens=inputs.dim() == 2 and not inputs.is_floating_point(),
        outputs=() if target is None else tuple(target.shape[1:]),
        classes=vocabulary or _classes(target, stated, ignore_index),
        exact=bool(vocabulary or stated),
        vocabulary=vocabulary,
    )


def parts(batch: Batch) -> tuple[Tensor | None, Tensor | None]:
    """The input and the target of a batch, where they are tensors.

    In a tuple or list they are the first and the last tensor, in a mapping or an object those with
    the common names.
    """
    if isinstance(batch, Tensor):
        return batch, None
    if isinstance(batch, tuple | list):
        tensors = [part for part in batch if isinstance(part, Tensor)]
        if len(tensors) < 2:
            return next(iter(tensors), None), None
        return tensors[0], tensors[-1]
    named = _named_tensors(batch)
    return _named_input(named), _first_of(named, TARGET_KEYS)


def is_class_labels(target: Tensor) -> bool:
    """Whether a target's numbers can be labels of classes: integers, but not booleans."""
    is_number = target.is_floating_point() or target.is_complex()
    return not is_number and target.dtype != torch.bool


def stated_classes(data: object, ignore_index: int | None = None) -> int | None:
    """How many classes a data set (or one that it wraps) states, or has in all its labels."""
    for owner in _owners(data):
        classes = _classes_of(owner, ignore_index)
        if classes is not None:
            return classes
    return None


def _named_tensors(batch: Batch) -> dict[str, Tensor]:
    """The tensors of a mapping, or an object's attributes with the common names."""
    if isinstance(batch, Mapping):
        values = dict(batch)
    else:
        values = {key: getattr(batch, key, None) for key in _INPUT_KEYS + TARGET_KEYS}
    return {key: value for key, value in values.items() if isinstance(value, Tensor)}


def _named_input(tensors: Mapping[str, Tensor]) -> Tensor | None:
    """The input with a common name, or else the first tensor that is not a target."""
    others = [key for key in tensors if key not in TARGET_KEYS]
    return _first_of(tensors, (*_INPUT_KEYS, *others))


def _first_of(tensors: Mapping[str, Tensor], keys: tuple[str, ...]) -> Tensor | None:
    for key in keys:
        if key in tensors:
            return tensors[key]
    return None


def _classes(target: Tensor | None, stated: int | None, ignore_index: int | None) -> int | None:
    """The number of classes: as stated, or more if the batch has more; None without labels."""
    if target is None or not target.numel() or not is_class_labels(target):
        return None
    seen = class_count(target, ignore_index)
    return max(seen or 0, stated or 0) or None


def _classes_of(owner: object, ignore_index: int | None) -> int | None:
    count = _attribute(owner, "num_classes")
    if isinstance(count, int) and not isinstance(count, bool):
        return count
    names = _attribute(owner, "classes")
    if isinstance(names, list | tuple | dict) and names:
        return len(names)
    labels = _labels(owner)
    if labels is None:
        return None
    return class_count(labels, ignore_index)


def _labels(owner: object) -> Tensor | None:
    """All labels of a data set that keeps them in one place."""
    candidates = [_attribute(owner, "targets"), _attribute(owner, "labels")]
    tensors = _attribute(owner, "tensors")
    if isinstance(tensors, tuple) and len(tensors) > 1:
        candidates.insert(0, tensors[-1])
    for candidate in candidates:
        labels = _as_labels(candidate)
        if labels is not None:
            return labels
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
