"""What a model's forward takes, read from its signature."""

import inspect
from collections.abc import Sequence
from typing import Any

from torch import nn

TARGET_KEYS = ("labels", "label", "targets", "target", "y")
_WRAPPERS = ("DataParallel", "DistributedDataParallel")


def required_inputs(model: nn.Module) -> int:
    """How many positional arguments the model's forward requires: at least 1, or 0 where it takes any number."""
    parameters = _positional(model)
    return 0 if parameters is None else max(1, sum(one.default is one.empty for one in parameters))


def takes_target(model: nn.Module) -> bool:
    """Whether the forward has an optional parameter with a target's name right after those that it requires."""
    optional = [one for one in _positional(model) or () if one.default is not one.empty]
    return bool(optional) and optional[0].name in TARGET_KEYS


def forward_inputs(model: nn.Module, batch: Sequence[Any]) -> tuple[Any, ...]:
    """What of a tuple or list the forward gets when it computes the loss itself."""
    count = required_inputs(model)
    return tuple(batch[: count + takes_target(model)] if count else batch)


def keywords(model: nn.Module) -> set[str] | None:
    """The names that the forward's parameters can be given by; None where it takes any."""
    parameters = _parameters(model)
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        return None
    named = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {one.name for one in parameters if one.kind in named}


def _positional(model: nn.Module) -> list[inspect.Parameter] | None:
    """The forward's positional parameters; None where it takes any number."""
    parameters = _parameters(model)
    if any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [one for one in parameters if one.kind in positional]


def _parameters(model: nn.Module) -> list[inspect.Parameter]:
    """The forward's parameters, as far as they can be known."""
    inner = getattr(model, "_orig_mod", model)
    if type(inner).__name__ in _WRAPPERS:
        inner = inner.module
    try:
        return list(inspect.signature(inner.forward).parameters.values())
    except (TypeError, ValueError):
        return []
