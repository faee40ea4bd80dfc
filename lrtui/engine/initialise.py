"""Another initialisation of the same model."""

import copy
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn


def reinitialise(model: nn.Module) -> None:
    """Draw new initial parameters for every module that can; what is frozen stays."""
    frozen = [
        (param, param.detach().clone()) for param in model.parameters() if not param.requires_grad
    ]
    for draw in _draws(model):
        draw()
    with torch.no_grad():
        for param, value in frozen:
            param.copy_(value)


def check_initialises(model: nn.Module) -> None:
    """Raise ValueError for a model that has nothing to be drawn anew: its repeats would all be the same."""
    if _own(model) is None and not any(
        _is_random(part) for part in model.modules() if _is_trained(part)
    ):
        raise ValueError(
            "vary 'init' needs modules that draw their parameters at random (reset_parameters, or _init_weights of the "
            "model), and this model has none that is trained: use vary 'data'"
        )


def _draws(model: nn.Module) -> list[Callable[[], Any]]:
    """What to call: the model's own `_init_weights` (Hugging Face, timm, nanoGPT), else torch's `reset_parameters`."""
    own = _own(model)
    if own is not None:  # it may scale the weights of a part from outside it
        return [partial(own, part) for part in model.modules()]
    resets = (_reset(part) for part in model.modules() if _is_trained(part))
    return [reset for reset in resets if reset is not None]


def _own(model: nn.Module) -> Callable[[nn.Module], Any] | None:
    of_model = getattr(model, "_init_weights", None)
    return of_model if callable(of_model) and _takes_a_module(of_model) else None


def _reset(part: nn.Module) -> Callable[[], Any] | None:
    reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
    return reset if callable(reset) else None


def _is_trained(part: nn.Module) -> bool:
    return any(param.requires_grad for param in part.parameters(recurse=False))


def _is_random(part: nn.Module) -> bool:
    """Whether two draws of a part's parameters differ: a norm's, for one, always begin alike."""
    if _reset(part) is None:
        return False
    with torch.random.fork_rng():
        twin = copy.deepcopy(part)
        values = []
        for seed in (0, 1):
            torch.manual_seed(seed)
            reset = _reset(twin)
            if reset is not None:
                reset()
            values.append([param.detach().clone() for param in twin.parameters()])
    return not all(map(torch.equal, *values))


def _takes_a_module(function: Callable[..., Any]) -> bool:
    required = [
        one for one in inspect.signature(function).parameters.values() if one.default is one.empty
    ]
    return len(required) == 1
