"""Types of the live objects that a spec becomes. `Any` stands for what the user's code decides."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias

import torch
from torch.optim import Optimizer

Batch: TypeAlias = Any  # a tensor, a tuple or list, a mapping, or an object with `.to(device)`
Output: TypeAlias = Any  # what a model returns
Criterion = Callable[[Output, Batch], torch.Tensor]
Metric = Callable[[Output, Batch], torch.Tensor | float]
BatchStep = Callable[..., Any]  # (model, batch) or (model, batch, optimizers)
Optimizers = Optimizer | Sequence[Optimizer]
Factory = Callable[..., Any]  # what a target names: a class or a function


class Loader(Protocol):
    """Batches, pass after pass: torch's DataLoader, or any class with these methods."""

    def __iter__(self) -> Iterator[Batch]:
        """Begin a pass."""

    def __len__(self) -> int:
        """The number of batches."""
