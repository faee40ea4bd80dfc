"""Hooks that a test registers on modules, optimizers and tensors, or removes from them.

Those that a user registers or removes between two tests are the user's affair: only what changes
during a test is undone.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import nn
from torch.optim import Optimizer

Hooks: TypeAlias = dict[Any, Any]  # by the ids of their handles
_OF_TENSORS = ("_backward_hooks", "_post_accumulate_grad_hooks")
_OF_MODULES = tuple(name for name in vars(nn.Module()) if "_hook" in name and "_is_" not in name)


class _Change(NamedTuple):
    """Hooks of one kind, before and after a test."""

    owner: Any
    name: str
    before: Hooks
    after: Hooks


class SavedHooks:
    """The current hooks of modules, optimizers and tensors; most have none."""

    def __init__(
        self, owners: Sequence[nn.Module | Optimizer], tensors: Sequence[torch.Tensor]
    ) -> None:
        self._owners = owners
        self._tensors = tensors
        self._before: dict[tuple[int, str], Hooks] | None = self._current()
        self._changes: list[_Change] = []

    def begin(self) -> None:
        """A test begins: what has changed until now stays."""
        self._before = self._current()

    def end(self) -> None:
        """A test has ended: what changes from now on stays."""
        before = self._before
        if before is None:
            return
        after = self._current()
        for owner, name in self._places():
            key = (id(owner), name)
            changed = _Change(owner, name, before.get(key, {}), after.get(key, {}))
            if changed.before.keys() != changed.after.keys():
                self._changes.append(changed)
        self._before = None

    def restore(self) -> None:
        """Remove what a test has registered, and register what it has removed."""
        is_in_a_test = self._before is not None
        self.end()
        for change in reversed(self._changes):
            _undo(change)
        self._changes = []
        if is_in_a_test:
            self.begin()

    def _current(self) -> dict[tuple[int, str], Hooks]:
        """All hooks, by owner and kind, where there are any."""
        current = {}
        for owner, name in self._places():
            hooks = _hooks_of(owner, name)
            if hooks:
                current[id(owner), name] = dict(hooks)
        return current

    def _places(self) -> Iterator[tuple[Any, str]]:
        for owner in self._owners:
            for name in _names_of(owner):
                yield owner, name
        for tensor in self._tensors:
            for name in _OF_TENSORS:
                yield tensor, name


def _names_of(owner: nn.Module | Optimizer) -> Sequence[str]:
    if isinstance(owner, nn.Module):
        return _OF_MODULES
    return [name for name in vars(owner) if "_hooks" in name]


def _hooks_of(owner: object, name: str) -> Hooks | None:
    hooks = getattr(owner, name, None)
    return hooks if isinstance(hooks, dict) else None


def _undo(change: _Change) -> None:
    hooks = _hooks_of(change.owner, change.name)
    if hooks is None:
        return
    for key in change.after.keys() - change.before.keys():
        hooks.pop(key, None)
    if change.before.keys() - change.after.keys():
        later = {key: hook for key, hook in hooks.items() if key not in change.before}
        hooks.clear()
        hooks.update({**change.before, **later})
    if change.name == "_backward_hooks" and not hooks and isinstance(change.owner, nn.Module):
        change.owner._is_full_backward_hook = None  # as long as it has none, any kind may come
