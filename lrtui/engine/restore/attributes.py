"""Containers: the mutable things around the tensors (dicts, lists, attributes), put back without being replaced.

A shallow copy of each is enough: what is inside is either the same object as before, put back on its own account, or
something that cannot change. What holds tensors is state, and so are plain numbers, random generators, and everything
in an optimizer's `state` and groups; a list of anything else is somebody's log, and left alone.
"""

from collections import deque
from typing import Any

import torch
from torch import nn

from lrtui.engine.restore.tensors import Vault

PLAIN = (bool, int, float, complex, str, bytes, type(None))
_SLOTS = ("_parameters", "_buffers", "_modules")
_TORCHS = {
    name for name in vars(nn.Module()) if name not in _SLOTS
}  # hooks and flags, not a model's own


class Containers:
    """Remembers what can be reached from the owners that are added; tensors on the way go to the vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._kept: list[
            tuple[Any, Any, bool]
        ] = []  # container, what was in it, whether it is state in any case
        self._owners: list[tuple[Any, dict[str, Any]]] = []
        self._generators: list[tuple[torch.Generator, torch.Tensor]] = []
        self._seen: set[int] = set()  # all of them are held above, so that no number is given twice

    def add(self, owner: Any) -> None:
        """Remember the attributes of a module, an optimizer, or an object in an optimizer's state."""
        if id(owner) in self._seen:
            return
        self._seen.add(id(owner))
        content = attributes(owner)
        self._owners.append((owner, content))
        part_of_state = not isinstance(owner, nn.Module) and not is_optimizer(owner)
        for name, value in content.items():
            self._reach(value, part_of_state or name in ("state", "param_groups", *_SLOTS))

    def restore(self) -> None:
        """Put all of them back; the contents of tensors are the vault's."""
        for owner, content in self._owners:
            now = vars(owner)
            for name, value in attributes(owner).items():
                if name not in content and not callable(
                    value
                ):  # a scheduler's wrapper around step may stay
                    del now[name]
            logs = isinstance(owner, nn.Module)
            now.update(
                {
                    name: value
                    for name, value in content.items()
                    if not (logs and value is None) or holds_tensors(now.get(name))
                }
            )
        for container, content, surely in self._kept:
            if surely or holds_tensors(content) or holds_tensors(container):
                container.clear()
                container.update(content) if hasattr(container, "update") else container.extend(
                    content
                )
        for generator, state in self._generators:
            generator.set_state(state)

    def unchanged(self) -> bool:
        """Whether all of them are as they were."""
        return (
            all(_alike(attributes(owner), content) for owner, content in self._owners)
            and all(
                _alike(kept, content)
                for kept, content, surely in self._kept
                if surely or holds_tensors(kept)
            )
            and all(
                torch.equal(generator.get_state(), state) for generator, state in self._generators
            )
        )

    def _reach(self, value: Any, part_of_state: bool) -> None:
        if isinstance(value, torch.Tensor):
            self._vault.add(value)
        elif isinstance(value, tuple):
            for item in value:
                self._reach(item, part_of_state)
        elif isinstance(value, PLAIN) or id(value) in self._seen:
            return
        elif isinstance(value, dict | list | set | deque):
            self._seen.add(id(value))
            shallow = next(
                kind for kind in (dict, set, list) if isinstance(value, kind) or kind is list
            )
            self._kept.append((value, shallow(value), part_of_state))
            for item in value.values() if isinstance(value, dict) else value:
                self._reach(item, part_of_state)
        elif isinstance(value, torch.Generator):
            self._seen.add(id(value))
            self._generators.append((value, value.get_state()))
        elif is_optimizer(value) or (part_of_state and has_attributes(value)):
            self.add(value)


def attributes(owner: Any) -> dict[str, Any]:
    """The attributes that are state.

    Of a module those are its parameters, buffers and parts, plain values such as an annealed temperature, generators,
    and tensors and containers of them, or what may become such (None, or empty); of an optimizer or an object in its
    state all but hooks.
    """
    if isinstance(owner, torch.jit.ScriptModule):
        return {}  # it keeps them elsewhere
    if isinstance(owner, nn.Module):
        return {
            name: value
            for name, value in vars(owner).items()
            if name in _SLOTS or (name not in _TORCHS and _may_be_state(value))
        }
    return {name: value for name, value in vars(owner).items() if "_hooks" not in name}


def _may_be_state(value: Any) -> bool:
    if isinstance(value, (*PLAIN, torch.Generator)):
        return True
    return holds_tensors(value) or (isinstance(value, dict | list | deque) and not value)


def is_optimizer(value: Any) -> bool:
    """An optimizer, or a wrapper that looks like one."""
    return (
        hasattr(value, "__dict__")
        and not isinstance(value, type | nn.Module)
        and hasattr(value, "param_groups")
        and hasattr(value, "state")
    )


def has_attributes(value: Any) -> bool:
    """An object with a state of its own, as some optimizers keep them for a parameter."""
    return hasattr(value, "__dict__") and not (callable(value) or isinstance(value, nn.Module))


def holds_tensors(value: Any) -> bool:
    """A tensor, or a container with one in it, however deep."""
    if isinstance(value, torch.Tensor):
        return True
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, tuple | list | deque):
        return False
    return any(holds_tensors(item) for item in value if not isinstance(item, PLAIN))


def _alike(now: Any, before: Any) -> bool:
    if len(now) != len(before):
        return False
    if isinstance(now, dict):
        return all(key in before and _same(value, before[key]) for key, value in now.items())
    if isinstance(now, set):
        return bool(now == before)
    return all(map(_same, now, before))


def _same(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, PLAIN) and type(one) is type(other) and one == other)
