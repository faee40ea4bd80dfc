"""Attributes and containers of modules and optimizers, put back in place.

No object is replaced by another one.
A shallow copy of each is enough. An item in it is either the same object as before, which is put
back by itself, or something that cannot change.

State is: tensors and containers of them, plain numbers, random generators, and everything in an
optimizer's `state` and groups. A list or dict of anything else is treated as a log of the user's
and left alone.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol, TypeAlias

import torch
from torch import nn

from lrtui.engine.restore.random_state import SavedGenerator
from lrtui.engine.restore.tensors import SavedTensors

Owner: TypeAlias = Any  # a module, an optimizer, or an object in an optimizer's state
Attributes: TypeAlias = dict[str, Any]
Container: TypeAlias = dict[Any, Any] | set[Any] | list[Any] | deque[Any]
PLAIN = (bool, int, float, complex, str, bytes, type(None))
_MODULE_STATE = ("_parameters", "_buffers", "_modules")
_OPTIMIZER_STATE = ("state", "param_groups")
# hooks and flags of nn.Module itself
_MODULE_INTERNALS = set(vars(nn.Module())).difference(_MODULE_STATE)


class SavedAttributes:
    """Everything that can be reached from the owners that are added; tensors go to `tensors`."""

    def __init__(self, tensors: SavedTensors) -> None:
        self._tensors = tensors
        self._owners: list[_SavedOwner] = []
        self._containers: list[_SavedContainer] = []
        self._generators: list[SavedGenerator] = []
        self._seen: set[int] = set()  # the objects are kept above, so that no id is used twice

    def add(self, owner: Owner) -> None:
        """Save the attributes of a module, an optimizer, or an object in an optimizer's state."""
        if id(owner) in self._seen:
            return
        self._seen.add(id(owner))
        saved = _SavedOwner(owner)
        self._owners.append(saved)
        in_state = not isinstance(owner, nn.Module) and not is_optimizer(owner)
        for name, value in saved.attributes.items():
            self._visit(value, in_state or name in (*_MODULE_STATE, *_OPTIMIZER_STATE))

    def restore(self) -> None:
        """Put them all back; the contents of tensors are restored by `tensors`."""
        for saved in self._all():
            saved.restore()

    def unchanged(self) -> bool:
        """Whether all of them are as they were."""
        return all(saved.unchanged() for saved in self._all())

    def _all(self) -> "list[_Saved]":
        return [*self._owners, *self._containers, *self._generators]

    def _visit(self, value: object, in_state: bool) -> None:
        if isinstance(value, torch.Tensor):
            self._tensors.add(value)
        elif isinstance(value, tuple):
            self._visit_items(value, in_state)
        elif isinstance(value, PLAIN) or id(value) in self._seen:
            return
        elif isinstance(value, dict | list | set | deque):
            self._seen.add(id(value))
            self._containers.append(_SavedContainer(value, in_state))
            self._visit_items(value, in_state)
        elif isinstance(value, torch.Generator):
            self._seen.add(id(value))
            self._generators.append(SavedGenerator(value))
        elif is_optimizer(value) or (in_state and has_attributes(value)):
            self.add(value)

    def _visit_items(self, container: Iterable[object], in_state: bool) -> None:
        for item in items_of(container):
            self._visit(item, in_state)


class _Saved(Protocol):
    def restore(self) -> None: ...

    def unchanged(self) -> bool: ...


class _SavedOwner:
    """An object and those of its attributes that are state."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self.attributes = attributes(owner)

    def restore(self) -> None:
        current: Attributes = self._owner.__dict__
        for name, value in attributes(self._owner).items():
            # a callable may stay: a scheduler wraps the optimizer's `step`
            if name not in self.attributes and not callable(value):
                del current[name]
        is_module = isinstance(self._owner, nn.Module)
        for name, value in self.attributes.items():
            # a module's None may have become a log, which stays
            if value is not None or not is_module or holds_tensors(current.get(name)):
                current[name] = value

    def unchanged(self) -> bool:
        return _same_items(attributes(self._owner), self.attributes)


class _SavedContainer:
    """A container and its items. `in_state`: in an optimizer's state, so that it is no log."""

    def __init__(self, container: Container, in_state: bool) -> None:
        self._container = container
        self._items = _shallow_copy(container)
        self._in_state = in_state

    def restore(self) -> None:
        if not (self._is_state() or holds_tensors(self._items)):
            return
        self._container.clear()
        if isinstance(self._container, dict | set):
            self._container.update(self._items)
        else:
            self._container.extend(self._items)

    def unchanged(self) -> bool:
        return not self._is_state() or _same_items(self._container, self._items)

    def _is_state(self) -> bool:
        return self._in_state or holds_tensors(self._container)


def attributes(owner: Owner) -> Attributes:
    """The attributes that are state.

    Of a module: its parameters, buffers and submodules, plain values such as an annealed
    temperature, generators, tensors and containers of them, and what may become one (None, or an
    empty container). Of an optimizer or an object in its state: all but hooks.
    """
    if isinstance(owner, torch.jit.ScriptModule):
        return {}  # it keeps them outside Python
    if isinstance(owner, nn.Module):
        return {name: value for name, value in vars(owner).items() if _is_module_state(name, value)}
    return {name: value for name, value in vars(owner).items() if "_hooks" not in name}


def is_optimizer(value: object) -> bool:
    """Whether it is an optimizer, or a wrapper with the attributes of one."""
    if isinstance(value, type | nn.Module) or not hasattr(value, "__dict__"):
        return False
    return hasattr(value, "param_groups") and hasattr(value, "state")


def has_attributes(value: object) -> bool:
    """Whether it is an object with attributes, as some optimizers keep one per parameter."""
    return hasattr(value, "__dict__") and not (callable(value) or isinstance(value, nn.Module))


def holds_tensors(value: object) -> bool:
    """Whether it is a tensor, or a container with one at any depth."""
    if isinstance(value, torch.Tensor):
        return True
    if not isinstance(value, dict | tuple | list | deque):
        return False
    return any(holds_tensors(item) for item in items_of(value) if not isinstance(item, PLAIN))


def items_of(container: Iterable[object]) -> Iterable[object]:
    """The values of a dict, or the items of another container."""
    return container.values() if isinstance(container, dict) else container


def _is_module_state(name: str, value: object) -> bool:
    if name in _MODULE_STATE:
        return True
    if name in _MODULE_INTERNALS:
        return False
    if isinstance(value, (*PLAIN, torch.Generator)) or holds_tensors(value):
        return True
    return isinstance(value, dict | list | deque) and not value


def _shallow_copy(container: Container) -> Container:
    """A plain dict, set or list with the same items."""
    if isinstance(container, dict):
        return dict(container)
    if isinstance(container, set):
        return set(container)
    return list(container)


def _same_items(current: Container, saved: Container) -> bool:
    if len(current) != len(saved):
        return False
    if isinstance(current, dict) and isinstance(saved, dict):
        return all(key in saved and _same(value, saved[key]) for key, value in current.items())
    if isinstance(current, set):
        return bool(current == saved)
    return all(map(_same, current, saved))


def _same(a: object, b: object) -> bool:
    return a is b or (isinstance(a, PLAIN) and type(a) is type(b) and a == b)
