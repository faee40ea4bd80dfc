"""Facts about the data: read from its first batch, and from what the data set says of itself. Worker only."""

from collections.abc import Mapping
from typing import Any

import torch

from lrtui.catalog.infer import Facts
from lrtui.engine.signature import TARGET_KEYS

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


def facts_of(data: Any, batch: Any) -> Facts | None:
    """What the data tells, or None when a batch has no tensor to read it from."""
    inputs, target = parts(batch)
    if inputs is None or inputs.dim() == 0:
        return None
    stated = stated_classes(data)
    seen = (
        int(target.max()) + 1
        if target is not None and _is_classes(target) and target.numel()
        else None
    )
    vocabulary = _attribute(data, "vocab_size", "vocabulary_size")
    return Facts(
        inputs=tuple(inputs.shape[1:]),
        tokens=not inputs.is_floating_point() and inputs.dim() == 2,
        outputs=tuple(target.shape[1:]) if target is not None else (),
        classes=vocabulary or (max(stated, seen) if stated and seen else seen),
        exact=bool(vocabulary or stated),
        vocabulary=vocabulary,
    )


def parts(batch: Any) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """The input and the target of a batch: its first and its last tensor, or those of the usual keys."""
    if isinstance(batch, torch.Tensor):
        return batch, None
    if isinstance(batch, tuple | list):
        tensors = [part for part in batch if isinstance(part, torch.Tensor)]
        return (tensors[0] if tensors else None), (tensors[-1] if len(tensors) > 1 else None)
    named = (
        batch
        if isinstance(batch, Mapping)
        else {key: getattr(batch, key, None) for key in _INPUT_KEYS + TARGET_KEYS}
    )
    tensors = [
        value
        for key, value in named.items()
        if isinstance(value, torch.Tensor) and key not in TARGET_KEYS
    ]
    usual = [named[key] for key in _INPUT_KEYS if isinstance(named.get(key), torch.Tensor)]
    targets = [named[key] for key in TARGET_KEYS if isinstance(named.get(key), torch.Tensor)]
    return next(iter([*usual, *tensors]), None), next(iter(targets), None)


def stated_classes(data: Any) -> int | None:
    """How many classes a data set says that it has, or that all its labels show; looked for inside subsets too."""
    for owner in _owners(data):
        stated = _get(owner, "num_classes")
        if isinstance(stated, int) and not isinstance(stated, bool):
            return stated
        classes = _get(owner, "classes")
        if isinstance(classes, list | tuple | dict) and classes:
            return len(classes)
        labels = _labels(owner)
        if labels is not None:
            return int(labels.max()) + 1
    return None


def _labels(owner: Any) -> torch.Tensor | None:
    """All labels at once, where a data set keeps them."""
    tensors = _get(owner, "tensors")
    kept = tensors[-1] if isinstance(tensors, tuple) and len(tensors) > 1 else None
    for found in (kept, _get(owner, "targets"), _get(owner, "labels")):
        if found is None:
            continue
        try:
            labels = torch.as_tensor(found)
        except (TypeError, ValueError, RuntimeError):
            continue
        if _is_classes(labels) and labels.numel():
            return labels
    return None


def _attribute(data: Any, *names: str) -> int | None:
    for owner in _owners(data):
        for name in names:
            if isinstance(value := _get(owner, name), int):
                return value
    return None


def _owners(data: Any) -> list[Any]:
    """A loader's data set, and what that wraps, from outside in."""
    found: list[Any] = []
    owner = data
    while owner is not None and len(found) < 8:
        found.append(owner)
        owner = _get(owner, "dataset")
    return found


def _get(owner: Any, name: str) -> Any:
    """An attribute of a user's object, None where there is none or asking for it fails."""
    try:
        return getattr(owner, name, None)
    except Exception:  # noqa: BLE001  a property of a user's may raise anything; these facts are only an offer
        return None


def _is_classes(target: torch.Tensor | None) -> bool:
    return (
        target is not None
        and not target.is_floating_point()
        and not target.is_complex()
        and target.dtype != torch.bool
    )
