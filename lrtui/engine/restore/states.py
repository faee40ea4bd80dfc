"""Objects that are put back by what their `state_dict` returns: schedulers, metrics, scalers."""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from lrtui.engine.types import Stateful


class SavedState:
    """An object, and a copy of its current state."""

    def __init__(self, owner: Stateful) -> None:
        self._owner = owner
        self._state: dict[str, Any] = copy.deepcopy(owner.state_dict())

    def restore(self) -> None:
        """Load the state, as often as needed: it is copied each time."""
        self._owner.load_state_dict(copy.deepcopy(self._state))

    def unchanged(self) -> bool:
        """Whether the object has that state."""
        return _equal(self._owner.state_dict(), self._state)


def _equal(a: Any, b: Any) -> bool:
    """Whether two states are equal; what cannot be compared counts as equal if it is one object."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.device == b.device and torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return bool(np.array_equal(a, b))
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_equal, a, b))
    return bool(a == b)
