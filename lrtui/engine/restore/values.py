"""What counts as state among the values that modules, optimizers and their helpers hold."""

import functools
import random
import sys
import types
from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

Container: TypeAlias = dict[Any, Any] | set[Any] | list[Any] | deque[Any]
Fields: TypeAlias = dict[str, Any]  # the attributes of an object by their names

PLAIN = (bool, int, float, complex, str, bytes, type(None))
GENERATORS = (
    torch.Generator,
    np.random.Generator,
    np.random.BitGenerator,
    np.random.RandomState,
    random.Random,
)
_IMMUTABLE = (*PLAIN, tuple, torch.dtype, torch.device, Enum)
# classes of these hold no state of a training, apart from plain namespaces
_LIBRARIES = (sys.stdlib_module_names | {"torch", "numpy"}) - {"types", "argparse"}


def items_of(container: Iterable[object]) -> Iterable[object]:
    """The values of a dict, or the items of another container."""
    return container.values() if isinstance(container, dict) else container


def holds_tensors(value: object) -> bool:
    """Whether it is a tensor, or a container with one at any depth."""
    return _holds(value, (torch.Tensor,))


def holds_parts(value: object) -> bool:
    """Whether it is a tensor or a module, or a container with one at any depth."""
    return _holds(value, (torch.Tensor, nn.Module))


def is_state(value: object) -> bool:
    """Whether a value of a model is state, and no log and no function.

    State are values that cannot change, tensors, modules, random generators, optimizers, objects
    and containers that hold tensors, and what may come to hold them (None, an empty container).
    """
    if isinstance(value, (*_IMMUTABLE, torch.Tensor, nn.Module, *GENERATORS)):
        return True
    if isinstance(value, dict | list | set | deque):
        return not value or holds_none(value) or holds_parts(value)
    return is_optimizer(value) or any(map(holds_tensors, fields_of(value).values()))


def holds_none(container: Iterable[object]) -> bool:
    """Whether one of its items is None: something that is made later may replace it."""
    return any(item is None for item in items_of(container))


def is_log(container: Iterable[object]) -> bool:
    """Whether it holds nothing but numbers and texts, as a log of the user's does."""
    items = list(items_of(container))
    if not items:
        return False
    return all(map(_is_entry, items))


def is_optimizer(value: object) -> bool:
    """Whether it is an optimizer, or a wrapper with the attributes of one."""
    if isinstance(value, type | nn.Module) or not hasattr(value, "__dict__"):
        return False
    return hasattr(value, "param_groups") and hasattr(value, "state")


def has_attributes(value: object) -> bool:
    """Whether it is an object with attributes, as some optimizers keep one per parameter."""
    return hasattr(value, "__dict__") and not (callable(value) or isinstance(value, nn.Module))


def is_helper(value: object) -> bool:
    """Whether it is an object of a class of the user's, which may hold state for a model.

    Data sets and loaders are none: they may hold all the data.
    """
    kind = type(value)
    if is_library(kind.__module__):
        return False
    return not issubclass(kind, (type, torch.Tensor, nn.Module, Dataset, DataLoader, Enum))


def fields_of(value: object) -> Fields:
    """The attributes of an object, in its `__dict__` and its slots; calls no property."""
    if isinstance(value, type):
        return {}
    try:
        fields = dict(object.__getattribute__(value, "__dict__"))
    except (AttributeError, TypeError, ValueError):
        fields = {}
    for slot in _slots_of(type(value)):
        try:
            fields[slot.__name__] = slot.__get__(value)
        except AttributeError:  # it has no value yet
            continue
    return fields


@functools.cache
def is_library(module: str | None) -> bool:
    """Whether a module is one of Python's, torch's or numpy's."""
    return (module or "").partition(".")[0] in _LIBRARIES


def same(a: object, b: object) -> bool:
    """Whether two values are the same object, or equal and unable to change."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return isinstance(a, PLAIN) and a == b


def same_items(current: Container, saved: Container) -> bool:
    """Whether two containers have the same items, in the same order."""
    if len(current) != len(saved):
        return False
    if isinstance(current, set):
        return bool(current == saved)
    if isinstance(current, dict) and isinstance(saved, dict):
        return all(map(same, current, saved)) and all(map(same, current.values(), saved.values()))
    return all(map(same, current, saved))


def _holds(value: object, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, kinds):
        return True
    if not isinstance(value, dict | tuple | list | deque):
        return False
    return any(_holds(item, kinds) for item in items_of(value) if not isinstance(item, PLAIN))


def _is_entry(item: object) -> bool:
    if isinstance(item, dict | list | set | deque | tuple):
        return is_log(item)
    return item is not None and isinstance(item, PLAIN)


def _slots_of(kind: type) -> list[types.MemberDescriptorType]:
    """The slots that a class and its bases of the user's declare."""
    slots = []
    for base in kind.__mro__:
        if is_library(base.__module__):
            continue
        for value in vars(base).values():
            if isinstance(value, types.MemberDescriptorType):
                slots.append(value)
    return slots
