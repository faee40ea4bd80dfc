"""An optimizer's momentum, on which depends how long a learning rate takes to show in the loss."""

from collections.abc import Iterable
from typing import Any


def momentum_of(optimizer: Any) -> float | None:
    """Heavy-ball momentum, or beta1 of the Adam family; 0 for a torch.optim class without one, None where unknown.

    Args:
        optimizer: one optimizer, or several of which the first counts.
    """
    if isinstance(optimizer, list | tuple):
        optimizer = optimizer[0]
    group = optimizer.param_groups[0]
    if "betas" in group:
        return float(group["betas"][0])
    if "momentum" in group:
        return float(group["momentum"])
    return 0.0 if type(optimizer).__module__.startswith("torch.optim") else None


def set_momentum(optimizers: Iterable[Any], momentum: float) -> None:
    """Set heavy-ball momentum or beta1 of every group that runs with one."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            if "betas" in group and group["betas"][0]:
                group["betas"] = (momentum, *group["betas"][1:])
            elif group.get("momentum"):
                group["momentum"] = momentum
