"""Learning rates and momentum of parameter groups: set by a test, and the optimizer's own put back after it."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch.optim import Optimizer


def set_learning_rates(optimizers: Iterable[Optimizer], lrs: Sequence[float]) -> None:
    """Set the rate of every parameter group, in the order of the optimizers and their groups."""
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    if len(groups) > len(lrs):
        raise RuntimeError(
            "a parameter group was added to the optimizer during the test: there is no rate for it"
        )
    for group, lr in zip(groups, lrs, strict=False):
        if isinstance(group["lr"], torch.Tensor):
            with torch.no_grad():
                group["lr"].fill_(lr)
        else:
            group["lr"] = lr


def separate(optimizers: Iterable[Optimizer]) -> None:
    """Give every group a rate of its own where several share one tensor."""
    seen: set[int] = set()
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            if isinstance(group["lr"], torch.Tensor):
                if id(group["lr"]) in seen:
                    group["lr"] = group["lr"].clone()
                seen.add(id(group["lr"]))


class OwnRates:
    """The rates that the groups have now. `values` has a None for each that has none (some Adafactors)."""

    def __init__(self, optimizers: Iterable[Optimizer]) -> None:
        groups = [group for optimizer in optimizers for group in optimizer.param_groups]
        self.values = [None if group["lr"] is None else float(group["lr"]) for group in groups]
        self._kept: list[tuple[dict[str, Any], Any]] = [(group, group["lr"]) for group in groups]

    def restore(self) -> None:
        """Put them back, the very objects."""
        for (group, lr), value in zip(self._kept, self.values, strict=True):
            group["lr"] = (
                lr.fill_(value) if isinstance(lr, torch.Tensor) and value is not None else lr
            )


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
