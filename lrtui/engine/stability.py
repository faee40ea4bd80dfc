"""The stability limit: the largest rate at which a quadratic with the loss's curvature converges.

Gradient descent on a quadratic whose Hessian has the largest eigenvalue λ is stable for rates below

- 2 / λ without momentum,
- 2 (1 + β) / λ with heavy-ball momentum β (Polyak's, as torch.optim.SGD has it),
- (2 + 2 β1) / ((1 - β1) λ_P) for Adam and AdamW, and 2 / λ_P for RMSprop, where λ_P is the largest
  eigenvalue of the preconditioned Hessian P^(-1/2) H P^(-1/2), P = diag(sqrt(v) + eps)

(Cohen et al., arXiv 2103.00065 and 2207.14484). The limit holds at the start of training, from a
few batches, and for a loss that is not quadratic only roughly: training continues beyond it where
the curvature falls, and minibatch noise lowers it. For other optimizers there is no theory, so they
are refused.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import torch
from torch.optim import Optimizer

from lrtui.engine.optim import parameters_of

Loss: TypeAlias = Callable[[], torch.Tensor]
Vector: TypeAlias = list[torch.Tensor]  # one tensor per parameter
RESIDUAL = 0.05  # of an eigenvalue; its own error is about the square of that


@dataclass(frozen=True)
class Stability:
    """The limit as a learning rate, and the eigenvalue that it comes from (λ or λ_P).

    `iterations` is the number of Hessian-vector products.
    """

    limit: float
    eigenvalue: float
    formula: str
    iterations: int


class Eigenvalue(NamedTuple):
    """The result of power iteration.

    `size` is the length of the last product: about the absolute value of the largest eigenvalue.
    """

    value: float
    size: float
    settled: bool
    products: int


def stability(losses: Sequence[Loss], optimizer: Optimizer, *, iterations: int = 100) -> Stability:
    """Estimate the limit by power iteration on Hessian-vector products (Pearlmutter 1994).

    Args:
        losses: each computes the loss of one batch at the current parameters, with its graph; the
            curvature is that of their mean.
        optimizer: determines the parameters, the preconditioner and the formula.
        iterations: at most this many Hessian-vector products per batch; twice that where the loss
            curves down more than up.

    Raises:
        ValueError: an optimizer without a theory, no positive curvature, or no convergence.
        RuntimeError: an operation of the model cannot be differentiated twice.
    """
    parameters = [param for param in parameters_of([optimizer]) if param.requires_grad]
    scales = _preconditioner(optimizer, parameters, losses)
    eigenvalue = largest_eigenvalue(losses, parameters, scales, iterations)
    products = eigenvalue.products
    if eigenvalue.value < 0 or not eigenvalue.settled:
        # the eigenvalue of largest size is negative: shifted by that size it becomes the smallest
        shift = eigenvalue.size
        eigenvalue = largest_eigenvalue(losses, parameters, scales, iterations, shift)
        products += eigenvalue.products
    if eigenvalue.value <= 0:
        raise ValueError("the loss has no positive curvature here, so it sets no limit")
    if not eigenvalue.settled:
        raise ValueError(
            f"the curvature had not settled after {products} Hessian-vector products: "
            "no limit is known"
        )
    factor, formula = _formula(optimizer)
    return Stability(factor / eigenvalue.value, eigenvalue.value, formula, products)


def largest_eigenvalue(
    losses: Sequence[Loss],
    parameters: Sequence[torch.Tensor],
    scales: Sequence[torch.Tensor] | None = None,
    iterations: int = 100,
    shift: float = 0.0,
) -> Eigenvalue:
    """An eigenvalue of A = D H D, where H is the mean loss's Hessian and D = diag(scales).

    It is the one of largest size after `shift` is added to all of them; the returned value is
    without the shift. It has settled when |A v - value · v| is at most `RESIDUAL` of it, v the unit
    vector: the nearest eigenvalue is no further away.
    """
    vector = _unit(_random_vector(parameters))
    value = size = 0.0
    for iteration in range(1, iterations + 1):
        product = _scaled(_hessian_vector(losses, parameters, _scaled(vector, scales)), scales)
        value, size = _dot(vector, product), math.sqrt(_dot(product, product))
        residual = math.sqrt(max(0.0, size**2 - value**2))
        if residual <= RESIDUAL * abs(value):
            return Eigenvalue(value, size, True, iteration)
        shifted = [part + shift * along for part, along in zip(product, vector, strict=True)]
        if _dot(shifted, shifted) == 0:
            return Eigenvalue(value, size, True, iteration)
        vector = _unit(shifted)
    return Eigenvalue(value, size, False, iterations)


def _random_vector(parameters: Sequence[torch.Tensor]) -> Vector:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(param.shape, generator=generator).to(param) for param in parameters]


def _dot(a: Sequence[torch.Tensor], b: Sequence[torch.Tensor]) -> float:
    total = 0.0
    for part_a, part_b in zip(a, b, strict=True):
        total += float((part_a.double() * part_b.double()).sum())
    return total


def _unit(vector: Sequence[torch.Tensor]) -> Vector:
    norm = math.sqrt(_dot(vector, vector))
    return [part / norm for part in vector]


def _scaled(vector: Vector, scales: Sequence[torch.Tensor] | None) -> Vector:
    if scales is None:
        return vector
    return [part * scale for part, scale in zip(vector, scales, strict=True)]


def _hessian_vector(
    losses: Sequence[Loss], parameters: Sequence[torch.Tensor], vector: Vector
) -> Vector:
    """The product of the mean loss's Hessian with a vector."""
    total = [torch.zeros_like(param) for param in parameters]
    for loss in losses:
        gradient = _gradient(loss, parameters, create_graph=True)
        along = sum((grad * part).sum() for grad, part in zip(gradient, vector, strict=True))
        if not isinstance(along, torch.Tensor) or not along.requires_grad:
            continue  # linear in the parameters: no curvature
        products = torch.autograd.grad(along, parameters, allow_unused=True)
        for total_part, product in zip(total, products, strict=True):
            if product is not None:
                total_part += product.detach() / len(losses)
    return total


def _gradient(loss: Loss, parameters: Sequence[torch.Tensor], create_graph: bool) -> Vector:
    """The gradient of a loss, with zeros for parameters that it does not depend on."""
    parts = torch.autograd.grad(loss(), parameters, create_graph=create_graph, allow_unused=True)
    gradient = []
    for param, part in zip(parameters, parts, strict=True):
        gradient.append(torch.zeros_like(param) if part is None else part)
    return gradient


def _mean_gradient(losses: Sequence[Loss], parameters: Sequence[torch.Tensor]) -> Vector:
    gradients = [_gradient(loss, parameters, create_graph=False) for loss in losses]
    return [torch.stack(parts).mean(dim=0) for parts in zip(*gradients, strict=True)]


def _preconditioner(
    optimizer: Optimizer, parameters: Sequence[torch.Tensor], losses: Sequence[Loss]
) -> Vector | None:
    """P^(-1/2) for Adam and its relatives; None for SGD.

    v is the optimizer's second moment, or the squared gradient if it has none yet.
    """
    if not _is_adaptive(optimizer):
        return None
    gradient = _mean_gradient(losses, parameters)
    eps = float(optimizer.param_groups[0].get("eps", 1e-8))
    scales = []
    for param, grad in zip(parameters, gradient, strict=True):
        second_moment = _second_moment(optimizer, param)
        if second_moment is None:
            second_moment = grad.detach() ** 2
        scales.append((second_moment.sqrt() + eps).rsqrt())
    return scales


def _second_moment(optimizer: Optimizer, param: torch.Tensor) -> torch.Tensor | None:
    """The optimizer's second moment of a parameter, bias-corrected for Adam; None without one."""
    state = optimizer.state.get(param, {})
    moment: torch.Tensor | None = state.get("exp_avg_sq", state.get("square_avg"))
    betas = optimizer.param_groups[0].get("betas")
    if moment is None or betas is None or "step" not in state:
        return moment
    unbiased: torch.Tensor = moment / (1 - float(betas[1]) ** float(state["step"]))
    return unbiased


def _formula(optimizer: Optimizer) -> tuple[float, str]:
    """What to divide by the eigenvalue, and the formula in words."""
    group = optimizer.param_groups[0]
    if not _is_adaptive(optimizer):
        momentum = float(group.get("momentum", 0.0))
        return 2 * (1 + momentum), "2 (1 + β) / λ" if momentum else "2 / λ"
    beta = float(group["betas"][0]) if "betas" in group else 0.0
    if beta == 0:
        return 2.0, "2 / λ_P"
    return (2 + 2 * beta) / (1 - beta), "(2 + 2β1) / ((1 - β1) λ_P)"


def _is_adaptive(optimizer: Optimizer) -> bool:
    """True for Adam and its relatives, False for SGD.

    Raises:
        ValueError: another optimizer, or a variant without a theory.
    """
    name = type(optimizer).__name__
    group = optimizer.param_groups[0]
    if name == "SGD":
        if group.get("nesterov") or group.get("dampening"):
            raise ValueError("the stability limit is not known for Nesterov momentum or dampening")
        return False
    if name in ("Adam", "AdamW") and not group.get("amsgrad"):
        return True
    if name == "RMSprop" and not group.get("centered") and not group.get("momentum"):
        return True
    raise ValueError(
        f"the stability limit is not known for this {name}: only for SGD, Adam, AdamW and RMSprop"
    )
