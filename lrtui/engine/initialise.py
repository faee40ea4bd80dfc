"""Another initialisation of the same model."""

import copy
import inspect
from collections.abc import Callable
from functools import partial
from inspect import Parameter
from typing import TypeAlias

import torch
from torch import nn

Draw: TypeAlias = Callable[[], object]  # draws new parameters in place


def reinitialise(model: nn.Module) -> None:
    """Draw new initial parameters for every module that can; frozen parameters stay."""
    frozen = [param for param in model.parameters() if not param.requires_grad]
    values = [param.detach().clone() for param in frozen]
    for draw in _draws(model):
        draw()
    with torch.no_grad():
        for param, value in zip(frozen, values, strict=True):
            param.copy_(value)


def check_initialises(model: nn.Module) -> None:
    """Raise ValueError if no parameters can be drawn again: all repeats would be equal."""
    if _init_weights_of(model) is not None:
        return
    if not any(_is_trained(module) and _draws_at_random(module) for module in model.modules()):
        raise ValueError(
            "vary 'init' needs modules that draw their parameters at random (reset_parameters, or "
            "_init_weights of the model), and this model has none that is trained: use vary 'data'"
        )


def _draws(model: nn.Module) -> list[Draw]:
    """What draws the parameters: `_init_weights` (Hugging Face, timm) or `reset_parameters`."""
    init_weights = _init_weights_of(model)
    if init_weights is not None:  # called for every module: it may scale one from outside
        return [partial(init_weights, module) for module in model.modules()]
    draws = []
    for module in model.modules():
        reset = _reset_of(module)
        if reset is not None and _is_trained(module):
            draws.append(reset)
    return draws


def _init_weights_of(model: nn.Module) -> Callable[[nn.Module], object] | None:
    init_weights: Callable[[nn.Module], object] | None = getattr(model, "_init_weights", None)
    if callable(init_weights) and _takes_one_argument(init_weights):
        return init_weights
    return None


def _reset_of(module: nn.Module) -> Draw | None:
    for name in ("reset_parameters", "_reset_parameters"):
        reset: Draw | None = getattr(module, name, None)
        if callable(reset):
            return reset
    return None


def _is_trained(module: nn.Module) -> bool:
    return any(param.requires_grad for param in module.parameters(recurse=False))


def _draws_at_random(module: nn.Module) -> bool:
    """Whether two draws of a module's parameters differ: a norm's, for example, never do."""
    if _reset_of(module) is None:
        return False
    with torch.random.fork_rng():
        twin = copy.deepcopy(module)
        first, second = _drawn(twin, seed=0), _drawn(twin, seed=1)
    return not all(map(torch.equal, first, second))


def _drawn(module: nn.Module, seed: int) -> list[torch.Tensor]:
    torch.manual_seed(seed)
    reset = _reset_of(module)
    if reset is not None:
        reset()
    return [param.detach().clone() for param in module.parameters()]


def _takes_one_argument(function: Callable[..., object]) -> bool:
    parameters = inspect.signature(function).parameters.values()
    required = [parameter for parameter in parameters if parameter.default is Parameter.empty]
    return len(required) == 1
