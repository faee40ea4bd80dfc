"""Hooks that a test registers on modules, optimizers and tensors, or removes from them.

Those that a user registers or removes between two tests are the user's affair: only what changes
during a test is undone.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import nn
from torch.optim import Optimizer

Hooks: TypeAlias = dict[Any, Any]  # by the ids of their handles
_OF_TENSORS = ("_backward_hooks", "_post_accumulate_grad_hooks")
_OF_MODULES = tuple(name for name in vars(nn.Module()) if "_hook" in name and "_is_" not in name)


class _Kept(NamedTuple):
    """The hooks of one kind that an owner has."""

    owner: Any
    name: str
    hooks: Hooks


class _Change(NamedTuple):
    """The hooks of one kind, before and after a test."""

    owner: Any
    name: str
    before: Hooks
    after: Hooks


Current: TypeAlias = dict[tuple[int, str], _Kept]  # by the id of the owner; most have none


class SavedHooks:
    """The current hooks of modules, optimizers and tensors."""

    def __init__(
        self, owners: Sequence[nn.Module | Optimizer], tensors: Sequence[torch.Tensor]
    ) -> None:
        self._owners = owners
        self._tensors = tensors
        self._before: Current | None = self._current()
        self._changes: list[_Change] = []

    def begin(self) -> None:
        """A test begins: what has changed until now stays."""
        self._before = self._current()

    def end(self) -> None:
        """A test has ended: what changes from now on stays."""
        if self._before is not None:
            self._changes.extend(_changes(self._before, self._current()))
            self._before = None

    def restore(self) -> None:
        """Remove what a test has registered, and register what it has removed."""
        before = self._before
        self.end()
        for change in reversed(self._changes):
            _undo(change)
        self._changes = []
        self._before = before

    def _current(self) -> Current:
        current: Current = {}
        for owner in self._owners:
            attributes = vars(owner)
            for name in _names_of(owner):
                hooks = attributes.get(name)
                if hooks:
                    current[id(owner), name] = _Kept(owner, name, dict(hooks))
        for tensor in self._tensors:
            for name in _OF_TENSORS:
                hooks = getattr(tensor, name, None)
                if hooks:
                    current[id(tensor), name] = _Kept(tensor, name, dict(hooks))
        return current


def _names_of(owner: nn.Module | Optimizer) -> Sequence[str]:
    if isinstance(owner, nn.Module):
        return _OF_MODULES
    return [name for name in vars(owner) if "_hooks" in name]


def _changes(before: Current, after: Current) -> list[_Change]:
    """The kinds of hooks of which some were added or removed."""
    changes = []
    for key, (owner, name, hooks) in {**before, **after}.items():
        earlier = before[key].hooks if key in before else {}
        later = hooks if key in after else {}
        if earlier.keys() != later.keys():
            changes.append(_Change(owner, name, earlier, later))
    return changes


def _undo(change: _Change) -> None:
    hooks = getattr(change.owner, change.name)
    for key in change.after.keys() - change.before.keys():
        hooks.pop(key, None)
    if change.before.keys() - change.after.keys():
        later = {key: hook for key, hook in hooks.items() if key not in change.before}
        hooks.clear()
        hooks.update({**change.before, **later})
    if change.name == "_backward_hooks" and not hooks and isinstance(change.owner, nn.Module):
        change.owner._is_full_backward_hook = None  # as long as it has none, any kind may come
