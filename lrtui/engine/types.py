"""Aliases for what users pass in: nothing is known about these values until they are used."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

import torch

from lrtui.events import Notice

Batch: TypeAlias = Any  # whatever a loader yields: a tensor, a tuple, a mapping or an object
Target: TypeAlias = Any  # what a criterion compares an output with
ModelOutput: TypeAlias = Any
Loader: TypeAlias = Iterable[Batch]  # a DataLoader, or anything else that can be iterated again
Criterion: TypeAlias = Callable[[ModelOutput, Target], Any]  # returns a loss, see `Forward`
Metric: TypeAlias = Callable[[ModelOutput, Target], Any]  # returns a number
BatchStep: TypeAlias = Callable[..., Any]  # (model, batch[, optimizers]) → loss or (loss, metrics)
Scalar: TypeAlias = torch.Tensor | float  # a tensor may still be on the device
Say: TypeAlias = Callable[[Notice], None]  # takes what there is to know about a test


class Stateful(Protocol):
    """An object whose state can be read and set: a scheduler, a metric, an average of weights."""

    def state_dict(self) -> dict[str, Any]:
        """Its state as plain values."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Set its state."""


class Scaler(Stateful, Protocol):
    """A loss scaler: a GradScaler, or the amp module of apex."""
