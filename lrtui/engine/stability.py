"""The stability limit: the largest learning rate at which a quadratic with the loss's curvature does not blow up.

Gradient descent on a quadratic whose Hessian has the largest eigenvalue λ is stable for rates below

- 2 / λ without momentum,
- 2 (1 + β) / λ with heavy-ball momentum β (Polyak's, as torch.optim.SGD has it),
- (2 + 2 β1) / ((1 - β1) λ_P) for Adam and AdamW, and 2 / λ_P for RMSprop, where λ_P is the largest eigenvalue of the
  preconditioned Hessian P^(-1/2) H P^(-1/2), P = diag(sqrt(v) + eps)

(Cohen et al., arXiv 2103.00065 and 2207.14484). It is a limit at the start of training, from a few batches, for a
loss that is no quadratic: training goes on beyond it where the curvature falls, and minibatch noise lowers it. For
other optimizers the theory says nothing, and neither does this.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.optim import Optimizer

Loss = Callable[[], torch.Tensor]
RESIDUAL = 0.05  # of an eigenvalue; its own error is about the square of that


@dataclass(frozen=True)
class Stability:
    """The limit as a learning rate, the eigenvalue it comes from (of the preconditioned Hessian for Adam's kind)."""

    limit: float
    eigenvalue: float
    formula: str
    iterations: int


class Eigenvalue(NamedTuple):
    """What power iteration came to. `size` is the length of the last product: nearly the largest eigenvalue's size."""

    value: float
    size: float
    settled: bool
    products: int


def stability(losses: Sequence[Loss], optimizer: Optimizer, *, iterations: int = 100) -> Stability:
    """Estimate the limit by power iteration on Hessian-vector products (Pearlmutter 1994).

    Args:
        losses: each computes the loss of one batch at the present parameters, with its graph; it is their mean whose
            curvature is measured.
        optimizer: says which parameters, which preconditioner and which formula.
        iterations: at most so many Hessian-vector products a batch; twice that where the loss curves down more than up.

    Raises:
        ValueError: an optimizer without a theory, no positive curvature, or one that the products do not settle.
        RuntimeError: an operation of the model cannot be differentiated twice.
    """
    parameters = [
        param
        for group in optimizer.param_groups
        for param in group["params"]
        if param.requires_grad
    ]
    gradients = _mean_gradient(losses, parameters, create_graph=False)
    scales = _preconditioner(optimizer, parameters, gradients)
    found = largest_eigenvalue(losses, parameters, scales, iterations)
    done = found.products
    if (
        found.value < 0 or not found.settled
    ):  # the largest in size is negative: with that added to all, it is the least
        found = largest_eigenvalue(losses, parameters, scales, iterations, shift=found.size)
        done += found.products
    if found.value <= 0:
        raise ValueError("the loss has no positive curvature here, so it sets no limit")
    if not found.settled:
        raise ValueError(
            f"the curvature had not settled after {done} Hessian-vector products: no limit is known"
        )
    factor, formula = _formula(optimizer)
    return Stability(
        limit=factor / found.value, eigenvalue=found.value, formula=formula, iterations=done
    )


def largest_eigenvalue(
    losses: Sequence[Loss],
    parameters: Sequence[torch.Tensor],
    scales: Sequence[torch.Tensor] | None = None,
    iterations: int = 100,
    shift: float = 0.0,
) -> Eigenvalue:
    """An eigenvalue of A = D H D, H the mean loss's Hessian and D = diag(scales).

    It is the one of largest size once `shift` is added to all of them; what is returned is without the shift. It has
    settled when |A v - value · v| is at most `RESIDUAL` of it, v the unit vector: an eigenvalue is no further away.
    """
    generator = torch.Generator().manual_seed(0)
    vector = _unit(
        [torch.randn(param.shape, generator=generator).to(param) for param in parameters]
    )
    value = size = 0.0
    for iteration in range(1, iterations + 1):
        product = _scaled(_hessian_vector(losses, parameters, _scaled(vector, scales)), scales)
        value, size = _dot(vector, product), math.sqrt(_dot(product, product))
        residual = math.sqrt(max(0.0, size**2 - value**2))
        if residual <= RESIDUAL * abs(value):
            return Eigenvalue(value, size, True, iteration)
        moved = [part + shift * along for part, along in zip(product, vector, strict=True)]
        if _dot(moved, moved) == 0:
            return Eigenvalue(value, size, True, iteration)
        vector = _unit(moved)
    return Eigenvalue(value, size, False, iterations)


def _dot(one: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> float:
    return sum(float((a.double() * b.double()).sum()) for a, b in zip(one, other, strict=True))


def _unit(vector: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    norm = math.sqrt(_dot(vector, vector))
    return [part / norm for part in vector]


def _hessian_vector(
    losses: Sequence[Loss], parameters: Sequence[torch.Tensor], vector: Sequence[torch.Tensor]
) -> list[torch.Tensor]:
    total = [torch.zeros_like(param) for param in parameters]
    for loss in losses:
        gradients = _gradient(loss, parameters, create_graph=True)
        along = sum((grad * part).sum() for grad, part in zip(gradients, vector, strict=True))
        if not isinstance(along, torch.Tensor) or not along.requires_grad:
            continue  # linear in the parameters: no curvature
        parts = torch.autograd.grad(along, parameters, allow_unused=True)
        for sum_, part in zip(total, parts, strict=True):
            if part is not None:
                sum_ += part.detach() / len(losses)
    return total


def _gradient(
    loss: Loss, parameters: Sequence[torch.Tensor], create_graph: bool
) -> list[torch.Tensor]:
    parts = torch.autograd.grad(loss(), parameters, create_graph=create_graph, allow_unused=True)
    return [
        torch.zeros_like(param) if part is None else part
        for param, part in zip(parameters, parts, strict=True)
    ]


def _mean_gradient(
    losses: Sequence[Loss], parameters: Sequence[torch.Tensor], create_graph: bool
) -> list[torch.Tensor]:
    gradients = [_gradient(loss, parameters, create_graph) for loss in losses]
    return [torch.stack(parts).mean(dim=0) for parts in zip(*gradients, strict=True)]


def _preconditioner(
    optimizer: Optimizer, parameters: Sequence[torch.Tensor], gradients: Sequence[torch.Tensor]
) -> list[torch.Tensor] | None:
    """P^(-1/2) for Adam's kind: from the optimizer's second moments, or the squared gradient where it has none yet."""
    if not _adaptive(optimizer):
        return None
    eps = float(optimizer.param_groups[0].get("eps", 1e-8))
    scales = []
    for param, grad in zip(parameters, gradients, strict=True):
        state = optimizer.state.get(param, {})
        second = state.get("exp_avg_sq", state.get("square_avg"))
        root = (
            grad.detach() ** 2 if second is None else _debiased(second, state, optimizer)
        ).sqrt()
        scales.append((root + eps).rsqrt())
    return scales


def _debiased(
    second: torch.Tensor, state: dict[str, torch.Tensor], optimizer: Optimizer
) -> torch.Tensor:
    betas = optimizer.param_groups[0].get("betas")
    if betas is None or "step" not in state:
        return second
    unbiased: torch.Tensor = second / (1 - float(betas[1]) ** float(state["step"]))
    return unbiased


def _formula(optimizer: Optimizer) -> tuple[float, str]:
    group = optimizer.param_groups[0]
    if _adaptive(optimizer):
        beta = float(group["betas"][0]) if "betas" in group else 0.0
        return (2 + 2 * beta) / (1 - beta), "(2 + 2β1) / ((1 - β1) λ_P)" if beta else "2 / λ_P"
    momentum = float(group.get("momentum", 0.0))
    return 2 * (1 + momentum), "2 (1 + β) / λ" if momentum else "2 / λ"


def _adaptive(optimizer: Optimizer) -> bool:
    """Adam's kind (True) or SGD's (False); raises ValueError for the others, and where the theory does not hold."""
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


def _scaled(
    vector: Sequence[torch.Tensor], scales: Sequence[torch.Tensor] | None
) -> list[torch.Tensor]:
    if scales is None:
        return list(vector)
    return [part * scale for part, scale in zip(vector, scales, strict=True)]
