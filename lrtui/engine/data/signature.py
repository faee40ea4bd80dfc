"""What a model's forward accepts, read from its signature."""

import inspect
from collections.abc import Sequence
from inspect import Parameter
from typing import Any

from torch import nn

TARGET_KEYS = ("labels", "label", "targets", "target", "y")
_WRAPPERS = ("DataParallel", "DistributedDataParallel")


def required_inputs(model: nn.Module) -> int:
    """How many positional arguments the forward requires: at least 1; 0 if it takes any number."""
    parameters = _positional(model)
    if parameters is None:
        return 0
    return max(1, len(parameters) - len(_optional(parameters)))


def takes_target(model: nn.Module) -> bool:
    """Whether the first optional parameter of the forward has the name of a target."""
    optional = _optional(_positional(model) or [])
    return bool(optional) and optional[0].name in TARGET_KEYS


def forward_inputs(model: nn.Module, batch: Sequence[Any]) -> tuple[Any, ...]:
    """The items of a tuple or list that go to a forward which computes the loss itself."""
    count = required_inputs(model)
    if count == 0:
        return tuple(batch)
    return tuple(batch[: count + takes_target(model)])


def keywords(model: nn.Module) -> set[str] | None:
    """The names of the parameters that the forward takes by keyword; None if it takes any name."""
    names = set()
    for parameter in _parameters(model):
        if parameter.kind is Parameter.VAR_KEYWORD:
            return None
        if parameter.kind in (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
            names.add(parameter.name)
    return names


def _positional(model: nn.Module) -> list[Parameter] | None:
    """The forward's positional parameters; None if it takes any number."""
    positional = []
    for parameter in _parameters(model):
        if parameter.kind is Parameter.VAR_POSITIONAL:
            return None
        if parameter.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
            positional.append(parameter)
    return positional


def _optional(parameters: Sequence[Parameter]) -> list[Parameter]:
    return [parameter for parameter in parameters if parameter.default is not Parameter.empty]


def _parameters(model: nn.Module) -> list[Parameter]:
    """The forward's parameters; none if its signature cannot be read."""
    inner: Any = getattr(model, "_orig_mod", model)  # torch.compile keeps the model there
    if type(inner).__name__ in _WRAPPERS:
        inner = inner.module
    try:
        return list(inspect.signature(inner.forward).parameters.values())
    except (TypeError, ValueError):
        return []
