"""Types of what a spec becomes, beyond those of the engine (`lrtui.engine.types`)."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from torch.optim import Optimizer

Factory: TypeAlias = Callable[..., Any]  # what a target names: a class or a function
Optimizers: TypeAlias = Optimizer | Sequence[Optimizer]
