"""Attributes and containers of modules and optimizers, put back in place.

No object is replaced by another one.
A shallow copy of each is enough. An item in it is either the same object as before, which is put
back by itself, or something that cannot change.

State is: what `is_state` says, and everything in an optimizer's `state` and groups. A list or dict
of anything else is treated as a log of the user's and left alone.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeAlias

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from lrtui.engine.restore.random_state import SavedGenerator
from lrtui.engine.restore.tensors import SavedTensors, is_wrapper
from lrtui.engine.restore.values import (
    GENERATORS,
    PLAIN,
    Container,
    Fields,
    fields_of,
    has_attributes,
    holds_none,
    holds_parts,
    holds_tensors,
    is_helper,
    is_log,
    is_optimizer,
    is_state,
    items_of,
    same,
    same_items,
)

Owner: TypeAlias = Any  # a module, an optimizer, or an object that one of them holds
# the containers of nn.Module that are state; `training` and hooks are restored on their own
_MODULE_STATE = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set")
_MODULE_INTERNALS = set(vars(nn.Module())).difference(_MODULE_STATE)
_OPTIMIZER_STATE = ("state", "param_groups")
_MISSING = object()
_DEPTH = 2  # how far objects that hold objects are followed from a module


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
        if isinstance(owner, torch.jit.ScriptModule):
            return  # it keeps them outside Python
        if isinstance(owner, nn.Module):
            self._add(_SavedModule(owner), _MODULE_STATE, _DEPTH)
        elif is_optimizer(owner):
            self._add(_SavedOwner(owner), _OPTIMIZER_STATE)
        else:
            self._add(_SavedOwner(owner), tuple(vars(owner)))

    def restore(self) -> None:
        """Put them all back; the contents of tensors are restored by `tensors`."""
        for saved in self._all():
            saved.restore()
        for generator in self._generators:
            generator.restore()

    def unchanged(self) -> bool:
        """Whether all of them are as they were; random states do not count."""
        return all(saved.unchanged() for saved in self._all())

    def _all(self) -> "list[_Saved]":
        return [*self._owners, *self._containers]

    def _add(self, saved: "_SavedOwner", in_state: Sequence[str] = (), depth: int = 0) -> None:
        """Save an owner; `in_state` are the attributes whose containers are no logs."""
        if id(saved.owner) in self._seen:
            return
        self._seen.add(id(saved.owner))
        self._owners.append(saved)
        for name, value in saved.fields.items():
            self._visit(value, name in in_state, depth)

    def _visit(self, value: object, in_state: bool, depth: int) -> None:
        if isinstance(value, torch.Tensor):
            if in_state or not is_wrapper(value):
                self._tensors.add(value)
        elif isinstance(value, tuple):
            self._visit_items(value, in_state, depth)
        elif isinstance(value, PLAIN) or id(value) in self._seen:
            return
        elif isinstance(value, dict | list | set | deque):
            if in_state or not is_log(value):
                self._seen.add(id(value))
                self._containers.append(_SavedContainer(value, in_state))
                self._visit_items(value, in_state, depth)
        elif isinstance(value, GENERATORS):
            self._seen.add(id(value))
            self._generators.append(SavedGenerator(value))
        elif is_optimizer(value) or (in_state and has_attributes(value)):
            self.add(value)
        elif depth > 0 and is_helper(value):
            self._add(_SavedHelper(value), depth=depth - 1)

    def _visit_items(self, container: Iterable[object], in_state: bool, depth: int) -> None:
        for item in items_of(container):
            self._visit(item, in_state, depth)


class _Saved(Protocol):
    def restore(self) -> None: ...

    def unchanged(self) -> bool: ...


class _SavedOwner:
    """An optimizer or an object in its state, and all its attributes but hooks."""

    __slots__ = ("fields", "owner")

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.fields = self._current()

    def restore(self) -> None:
        """Write the attributes back, and delete those that were added."""
        current = self._current()
        for name, value in current.items():
            if name not in self.fields and self._is_to_delete(value):
                object.__delattr__(self.owner, name)
        for name, value in self.fields.items():
            now = current.get(name, _MISSING)
            if now is not value and self._is_to_write(value, now):
                self._write(name, value)

    def unchanged(self) -> bool:
        """Whether all of them are the same objects, or equal and unable to change."""
        current = self._current()
        if current.keys() != self.fields.keys():
            return False
        return all(same(value, self.fields[name]) for name, value in current.items())

    def _current(self) -> Fields:
        attributes = vars(self.owner).items()
        return {name: value for name, value in attributes if "_hooks" not in name}

    def _write(self, name: str, value: object) -> None:
        self.owner.__dict__[name] = value

    def _is_to_delete(self, value: object) -> bool:
        # a callable may stay: a scheduler wraps the optimizer's `step`
        return not callable(value)

    def _is_to_write(self, value: object, now: object) -> bool:
        return True


class _SavedModule(_SavedOwner):
    """A module, and its attributes apart from hooks and flags; functions and logs may change."""

    __slots__ = ("_class", "_properties")

    def __init__(self, owner: nn.Module) -> None:
        super().__init__(owner)
        self._class = type(owner)
        # a parametrized module has a class of its own, with a property for each parameter
        self._properties: Fields | None = None
        if is_parametrized(owner):
            self._properties = dict(vars(self._class))

    def restore(self) -> None:
        """Write the attributes back; the class too, which a parametrization replaces."""
        if type(self.owner) is not self._class:
            self.owner.__class__ = self._class
        if self._properties:
            self._restore_properties(self._properties)
        super().restore()

    def unchanged(self) -> bool:
        """Whether those that are state are as before."""
        if type(self.owner) is not self._class:
            return False
        current = self._current()
        for name in {*current, *self.fields}:
            now, value = current.get(name, _MISSING), self.fields.get(name, _MISSING)
            if not same(now, value) and (is_state(now) or is_state(value)):
                return False
        return True

    def _current(self) -> Fields:
        attributes = vars(self.owner).items()
        return {name: value for name, value in attributes if name not in _MODULE_INTERNALS}

    def _is_to_delete(self, value: object) -> bool:
        return is_state(value)

    def _is_to_write(self, value: object, now: object) -> bool:
        return now is _MISSING or is_state(value) or is_state(now)

    def _restore_properties(self, properties: Fields) -> None:
        for name in set(vars(self._class)).difference(properties):
            delattr(self._class, name)
        for name, value in properties.items():
            if isinstance(value, property) and vars(self._class).get(name) is not value:
                setattr(self._class, name, value)


class _SavedHelper(_SavedOwner):
    """An object that a module holds, and its attributes: state if it holds tensors.

    Otherwise it may be a configuration or a log: nothing but what was None is written back.
    """

    __slots__ = ("_counts",)

    def restore(self) -> None:
        """Write the attributes back, and delete those that were added."""
        self._counts = self._holds_tensors(self.fields) or self._holds_tensors(self._current())
        super().restore()

    def unchanged(self) -> bool:
        """Whether its state is as before."""
        current = self._current()
        if self._holds_tensors(current) or self._holds_tensors(self.fields):
            return super().unchanged()
        return True

    def _current(self) -> Fields:
        return fields_of(self.owner)

    def _write(self, name: str, value: object) -> None:
        object.__setattr__(self.owner, name, value)

    def _is_to_delete(self, value: object) -> bool:
        return self._counts and is_state(value)

    def _is_to_write(self, value: object, now: object) -> bool:
        if value is None:
            return isinstance(now, PLAIN) or holds_parts(now)
        return self._counts and (now is _MISSING or is_state(value) or is_state(now))

    def _holds_tensors(self, fields: Fields) -> bool:
        return any(map(holds_tensors, fields.values()))


class _SavedContainer:
    """A container and its items. `in_state`: in an optimizer's state, so that it is no log."""

    __slots__ = ("_container", "_is_state", "_items")

    def __init__(self, container: Container, in_state: bool) -> None:
        self._container = container
        self._items = _shallow_copy(container)
        self._is_state = in_state or holds_none(container) or holds_parts(self._items)

    def restore(self) -> None:
        """Fill it with the same items, unless it is a log."""
        if self.unchanged():
            return
        self._container.clear()
        if isinstance(self._container, dict | set):
            self._container.update(self._items)
        else:
            self._container.extend(self._items)

    def unchanged(self) -> bool:
        """Whether it has the same items, in the same order, or is a log."""
        if same_items(self._container, self._items):
            return True
        return not (self._is_state or holds_parts(self._container))


def _shallow_copy(container: Container) -> Container:
    """A plain dict, set or list with the same items."""
    if isinstance(container, dict):
        return dict(container)
    if isinstance(container, set):
        return set(container)
    return list(container)
