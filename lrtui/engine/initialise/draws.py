"""Another initialisation of the same model."""

import copy
from collections.abc import Callable
from functools import partial
from inspect import Parameter
from typing import TypeAlias

import torch
from torch import nn

from lrtui.engine.initialise.reparametrised import (
    describe,
    is_reparametrised,
    own_parameters,
    redraw,
)
from lrtui.engine.reading.callable import signature_of_callable

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
    """Check that parameters can be drawn again: otherwise all repeats would be equal.

    Raises:
        ValueError: no parameters can, or not those of a layer that computes its weights.
    """
    for name, part in model.named_modules():
        if _is_trained(part) and is_reparametrised(part):
            _check_redraws(model, name, part)
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
    draws: list[Draw] = []
    for module in model.modules():
        # `_init_weights` is called for every module: it may scale one from outside
        draw = _reset if init_weights is None else init_weights
        if _has_to_be_redrawn(module):
            draws.append(partial(redraw, module, draw))
        elif init_weights is not None or (_is_trained(module) and _reset_of(module) is not None):
            draws.append(partial(draw, module))
    return draws


def _has_to_be_redrawn(module: nn.Module) -> bool:
    return is_reparametrised(module) and _is_trained(module)


def _check_redraws(model: nn.Module, name: str, part: nn.Module) -> None:
    """Raise ValueError if the weights of a part that computes them cannot be drawn again."""
    draw = _init_weights_of(model) or _reset
    if draw is _reset and _reset_of(part) is None:
        return
    try:
        with torch.random.fork_rng():
            redraw(_copy_of(part), draw)
    except Exception as error:
        layer = f"layer {name}" if name else "the model"
        raise ValueError(
            f"vary 'init' cannot redraw {layer} ({describe(part)}): {error}: use vary 'data'"
        ) from error


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
    return any(param.requires_grad for param in own_parameters(module))


def _draws_at_random(module: nn.Module) -> bool:
    """Whether two draws of a module's parameters differ: a norm's, for example, never do."""
    if _reset_of(module) is None:
        return False
    with torch.random.fork_rng():
        twin = _copy_of(module)
        first, second = _drawn(twin, seed=0), _drawn(twin, seed=1)
    return not all(map(torch.equal, first, second))


def _drawn(module: nn.Module, seed: int) -> list[torch.Tensor]:
    torch.manual_seed(seed)
    if is_reparametrised(module):
        redraw(module, _reset)
    else:
        _reset(module)
    return [param.detach().clone() for param in module.parameters()]


def _reset(module: nn.Module) -> None:
    reset = _reset_of(module)
    if reset is not None:
        reset()


def _copy_of(module: nn.Module) -> nn.Module:
    """A deep copy, also of a module that keeps a tensor with a graph, which torch does not copy."""
    replaced: dict[int, object] = {}
    for value in vars(module).values():
        if isinstance(value, torch.Tensor) and not value.is_leaf:
            replaced[id(value)] = value.detach().clone()
    return copy.deepcopy(module, replaced)


def _takes_one_argument(function: Callable[..., object]) -> bool:
    parameters = signature_of_callable(function).parameters.values()
    required = [parameter for parameter in parameters if parameter.default is Parameter.empty]
    return len(required) == 1
