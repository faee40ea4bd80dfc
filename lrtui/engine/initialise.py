"""Another initialisation of the same model."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn


def reinitialise(model: nn.Module) -> None:
    """Draw new initial parameters for every module that can, and that has some which are trained."""
    for draw in _draws(model):
        draw()


def check_initialises(model: nn.Module) -> None:
    """Raise ValueError for a model that has nothing to be drawn anew: its repeats would all be the same."""
    if not _draws(model):
        raise ValueError(
            "vary 'init' needs modules that can draw their parameters anew (reset_parameters, or _init_weights of the "
            "model), and this model has none that is trained: use vary 'data'"
        )


def _draws(model: nn.Module) -> list[Callable[[], Any]]:
    """What to call: the model's own `_init_weights` (Hugging Face, timm, nanoGPT), else torch's `reset_parameters`."""
    of_model = getattr(model, "_init_weights", None)
    own = of_model if callable(of_model) and _takes_a_module(of_model) else None
    found: list[Callable[[], Any]] = []
    for part in model.modules():
        # a pretrained part that is frozen stays; a model's own may scale the weights of a part from outside it
        if not any(param.requires_grad for param in part.parameters(recurse=own is not None)):
            continue
        reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
        if own is not None:
            found.append(partial(own, part))
        elif callable(reset):
            found.append(reset)
    return found


def _takes_a_module(function: Callable[..., Any]) -> bool:
    required = [one for one in inspect.signature(function).parameters.values() if one.default is one.empty]
    return len(required) == 1
