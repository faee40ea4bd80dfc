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
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import nn

from lrtui.engine.restore.tensors import SavedTensors

Attributes: TypeAlias = dict[str, Any]
PLAIN = (bool, int, float, complex, str, bytes, type(None))
_MODULE_STATE = ("_parameters", "_buffers", "_modules")
_OPTIMIZER_STATE = ("state", "param_groups")
# hooks and flags of nn.Module itself
_MODULE_INTERNALS = set(vars(nn.Module())).difference(_MODULE_STATE)


class SavedAttributes:
    """Everything that can be reached from the owners that are added; tensors go to `tensors`."""

    def __init__(self, tensors: SavedTensors) -> None:
        self._tensors = tensors
        self._owners: list[tuple[Any, Attributes]] = []
        self._containers: list[_SavedContainer] = []
        self._generators: list[tuple[torch.Generator, torch.Tensor]] = []
        self._seen: set[int] = set()  # the objects are kept above, so that no id is used twice

    def add(self, owner: Any) -> None:
        """Save the attributes of a module, an optimizer, or an object in an optimizer's state."""
        if id(owner) in self._seen:
            return
        self._seen.add(id(owner))
        content = attributes(owner)
        self._owners.append((owner, content))
        in_state = not isinstance(owner, nn.Module) and not is_optimizer(owner)
        for name, value in content.items():
            self._visit(value, in_state or name in (*_MODULE_STATE, *_OPTIMIZER_STATE))

    def restore(self) -> None:
        """Put them all back; the contents of tensors are restored by `tensors`."""
        for owner, content in self._owners:
            _restore_attributes(owner, content)
        for container in self._containers:
            container.restore()
        for generator, state in self._generators:
            generator.set_state(state)

    def unchanged(self) -> bool:
        """Whether all of them are as they were."""
        for owner, content in self._owners:
            if not _same_items(attributes(owner), content):
                return False
        for container in self._containers:
            if not container.unchanged():
                return False
        for generator, state in self._generators:
            if not torch.equal(generator.get_state(), state):
                return False
        return True

    def _visit(self, value: Any, in_state: bool) -> None:
        if isinstance(value, torch.Tensor):
            self._tensors.add(value)
        elif isinstance(value, tuple):
            for item in value:
                self._visit(item, in_state)
        elif isinstance(value, PLAIN) or id(value) in self._seen:
            return
        elif isinstance(value, dict | list | set | deque):
            self._seen.add(id(value))
            self._containers.append(_SavedContainer(value, _shallow_copy(value), in_state))
            for item in items_of(value):
                self._visit(item, in_state)
        elif isinstance(value, torch.Generator):
            self._seen.add(id(value))
            self._generators.append((value, value.get_state()))
        elif is_optimizer(value) or (in_state and has_attributes(value)):
            self.add(value)


@dataclass(frozen=True)
class _SavedContainer:
    """A container and its items. `in_state`: in an optimizer's state, so that it is never a log."""

    container: Any
    items: dict[Any, Any] | set[Any] | list[Any]
    in_state: bool

    def restore(self) -> None:
        is_state = self.in_state or holds_tensors(self.items) or holds_tensors(self.container)
        if not is_state:
            return
        self.container.clear()
        if isinstance(self.container, dict | set):
            self.container.update(self.items)
        else:
            self.container.extend(self.items)

    def unchanged(self) -> bool:
        if not self.in_state and not holds_tensors(self.container):
            return True
        return _same_items(self.container, self.items)


def attributes(owner: Any) -> Attributes:
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


def items_of(container: Iterable[Any]) -> Iterable[Any]:
    """The values of a dict, or the items of another container."""
    return container.values() if isinstance(container, dict) else container


def _restore_attributes(owner: Any, content: Attributes) -> None:
    current = vars(owner)
    for name, value in attributes(owner).items():
        # a callable may stay: a scheduler wraps the optimizer's `step`
        if name not in content and not callable(value):
            del current[name]
    is_module = isinstance(owner, nn.Module)
    for name, value in content.items():
        # what was None in a module is left alone unless it holds tensors now: it may be a log
        if value is not None or not is_module or holds_tensors(current.get(name)):
            current[name] = value


def _is_module_state(name: str, value: object) -> bool:
    if name in _MODULE_STATE:
        return True
    if name in _MODULE_INTERNALS:
        return False
    if isinstance(value, (*PLAIN, torch.Generator)) or holds_tensors(value):
        return True
    return isinstance(value, dict | list | deque) and not value


def _shallow_copy(container: Any) -> dict[Any, Any] | set[Any] | list[Any]:
    """A plain dict, set or list with the same items."""
    for kind in (dict, set):
        if isinstance(container, kind):
            return kind(container)
    return list(container)


def _same_items(current: Any, saved: Any) -> bool:
    if len(current) != len(saved):
        return False
    if isinstance(current, dict):
        return all(key in saved and _same(value, saved[key]) for key, value in current.items())
    if isinstance(current, set):
        return bool(current == saved)
    return all(map(_same, current, saved))


def _same(a: object, b: object) -> bool:
    return a is b or (isinstance(a, PLAIN) and type(a) is type(b) and a == b)
