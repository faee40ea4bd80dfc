"""Layers whose weights are computed from others: weight norm, orthogonal and spectral ones.

A new draw is made for the weight that the layer computes, as if it were a plain parameter, and
turned into the parameters behind it as `register_parametrization` does.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.functional import normalize
from torch.nn.utils.parametrizations import _SpectralNorm
from torch.nn.utils.parametrize import is_parametrized
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

_POWER_ITERATIONS = 15  # as torch makes when it registers a spectral norm
OldNorm = WeightNorm | SpectralNorm


def is_reparametrised(part: nn.Module) -> bool:
    """Whether a part computes one of its own weights from other parameters."""
    return is_parametrized(part) or bool(_old_norms(part))


def own_parameters(part: nn.Module) -> list[nn.Parameter]:
    """The parameters of a part without those of its submodules; those behind its weights count."""
    parameters = list(part.parameters(recurse=False))
    if is_parametrized(part):
        parameters.extend(part.get_submodule("parametrizations").parameters())
    return parameters


def redraw(part: nn.Module, draw: Callable[[nn.Module], object]) -> None:
    """Draw the weights of a part anew, with a function that draws those of a plain one.

    Raises:
        ValueError: the draw cannot be turned into the parameters behind a weight.
    """
    plain = _plain_twin(part)
    draw(plain)
    with torch.no_grad():
        for name in _computed_names(part):
            _assign(part, name, plain._parameters[name].detach())  # type: ignore[union-attr]
        for hook in _old_norms(part):
            _assign_old(part, hook, plain._parameters[hook.name].detach())  # type: ignore[union-attr]


def describe(part: nn.Module) -> str:
    """The class of the plain layer, and what computes its weights."""
    makers = [type(hook).__name__ for hook in _old_norms(part)]
    for name in _computed_names(part):
        chain: Any = _parametrizations_of(part)[name]
        makers.extend([type(step).__name__.lstrip("_") for step in chain])
    return f"{_plain_class(part).__name__} with the parametrization {', '.join(makers)}"


def _plain_twin(part: nn.Module) -> nn.Module:
    """The part as it was before, with copies of its computed weights as plain parameters."""
    kind = _plain_class(part)
    twin = kind.__new__(kind)
    twin.__dict__.update(vars(part))
    twin._parameters = dict(part._parameters)
    twin._modules = {
        name: child for name, child in part._modules.items() if name != "parametrizations"
    }
    for name in _computed_names(part):
        twin._parameters[name] = _parameter(getattr(part, name))
    for hook in _old_norms(part):
        twin._parameters[hook.name] = _parameter(getattr(part, hook.name))
        twin.__dict__.pop(hook.name, None)
        for behind in ("_g", "_v", "_orig"):
            twin._parameters.pop(hook.name + behind, None)
    return twin


def _parameter(weight: torch.Tensor) -> nn.Parameter:
    return nn.Parameter(weight.detach().clone(), requires_grad=weight.is_floating_point())


def _assign(part: nn.Module, name: str, weight: torch.Tensor) -> None:
    """Set the parameters behind a parametrized weight."""
    chain: Any = _parametrizations_of(part)[name]
    originals: Any = weight
    for step in reversed(chain):
        if hasattr(step, "right_inverse"):
            try:
                originals = step.right_inverse(originals)
            except NotImplementedError:  # torch takes the identity too, when it registers one
                continue
    if chain.is_tensor:
        _copy(chain.original, originals)
    else:
        for position, original in enumerate(originals):
            _copy(getattr(chain, f"original{position}"), original)
    for step in chain:
        if isinstance(step, _SpectralNorm) and step.training:
            for _ in range(_POWER_ITERATIONS):
                getattr(part, name)  # each time it is computed its singular vectors get closer


def _assign_old(part: nn.Module, hook: OldNorm, weight: torch.Tensor) -> None:
    """Set the parameters behind a weight that a hook computes before each forward."""
    if isinstance(hook, WeightNorm):
        _copy(part.get_parameter(hook.name + "_v"), weight)
        norm = torch.norm_except_dim(weight, 2, hook.dim)
        _copy(part.get_parameter(hook.name + "_g"), norm)
        setattr(part, hook.name, hook.compute_weight(part))
        return
    _copy(part.get_parameter(hook.name + "_orig"), weight)
    for vector in ("_u", "_v"):
        buffer = part.get_buffer(hook.name + vector)
        buffer.copy_(normalize(buffer.normal_(), dim=0, eps=hook.eps))
    setattr(part, hook.name, weight)


def _copy(parameter: torch.Tensor, value: torch.Tensor) -> None:
    if parameter.shape != value.shape:
        raise ValueError(f"a weight of {tuple(value.shape)} for one of {tuple(parameter.shape)}")
    parameter.copy_(value)


def _computed_names(part: nn.Module) -> list[str]:
    return list(_parametrizations_of(part)) if is_parametrized(part) else []


def _parametrizations_of(part: nn.Module) -> nn.ModuleDict:
    parametrizations = part.get_submodule("parametrizations")
    assert isinstance(parametrizations, nn.ModuleDict)
    return parametrizations


def _old_norms(part: nn.Module) -> list[OldNorm]:
    """Hooks of `nn.utils.weight_norm` and `nn.utils.spectral_norm`."""
    return [hook for hook in part._forward_pre_hooks.values() if isinstance(hook, OldNorm)]


def _plain_class(part: nn.Module) -> type[nn.Module]:
    """The class of a part before it was parametrized."""
    return type(part).__mro__[1] if is_parametrized(part) else type(part)
