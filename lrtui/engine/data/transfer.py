"""Batches moved to a device, whatever they are made of."""

import copy
from collections.abc import Callable, Mapping

import torch

from lrtui.engine.types import Batch


def move(data: Batch, device: torch.device, non_blocking: bool = True) -> Batch:
    """Move tensors, objects with a `.to` method, and containers of them to a device."""
    if isinstance(data, torch.Tensor):
        # comparing is faster than a `to` that has nothing to do
        if data.device == device:
            return data
        return data.to(device, non_blocking=non_blocking)
    if callable(_attribute(data, "to")):
        return _move_object(data, device, non_blocking)
    if isinstance(data, Mapping):
        values = {key: move(value, device, non_blocking) for key, value in data.items()}
        return _same_container(data, values)
    if isinstance(data, tuple | list):
        return _same_container(data, [move(item, device, non_blocking) for item in data])
    return data


def _move_object(data: Batch, device: torch.device, non_blocking: bool) -> Batch:
    try:
        moved = data.to(device, non_blocking=non_blocking)
    except TypeError:  # a user's class whose `to` takes a device alone
        moved = data.to(device)
    if moved is None:  # it moved itself in place
        return data
    return moved


def _attribute(data: object, name: str) -> object:
    """An attribute, or None; a mapping whose keys are attributes may raise KeyError instead."""
    try:
        return getattr(data, name, None)
    except LookupError:
        return None


def _same_container(original: Batch, content: Batch) -> Batch:
    """The content in a container of the original's class, or in a plain one if that fails."""
    if type(original) in (dict, list, tuple):
        return type(original)(content)
    if isinstance(original, tuple) and hasattr(original, "_fields"):
        return type(original)(*content)
    ways: tuple[Callable[[Batch, Batch], Batch], ...] = (_refilled_copy, _constructed)
    for make in ways:
        try:
            return make(original, content)
        # a user's class may raise anything
        except Exception:  # noqa: BLE001, S112 # nosec B112 # nothing to log: the next way is tried
            continue
    if isinstance(original, tuple):
        return tuple(content)
    return content


def _refilled_copy(original: Batch, content: Batch) -> Batch:
    """A copy that keeps its attributes and gets new content; raises if it cannot be emptied."""
    refilled = copy.copy(original)
    refilled.clear()
    if isinstance(refilled, list):
        refilled.extend(content)
    else:
        refilled.update(content)
    return refilled


def _constructed(original: Batch, content: Batch) -> Batch:
    return type(original)(content)
