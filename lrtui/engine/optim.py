"""Learning rates and momentum of an optimizer's parameter groups: read, set, and put back."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeAlias, TypeGuard

import torch
from torch.amp import GradScaler
from torch.optim import Optimizer

ParamGroup: TypeAlias = dict[str, Any]


def param_groups(optimizers: Iterable[Optimizer]) -> list[ParamGroup]:
    """The parameter groups of all optimizers, in order."""
    groups: list[ParamGroup] = []
    for optimizer in optimizers:
        groups.extend(optimizer.param_groups)
    return groups


def unprepared(
    optimizer: Optimizer | Sequence[Optimizer],
) -> tuple[Optimizer | Sequence[Optimizer], GradScaler | None]:
    """Optimizers and their GradScaler, without the wrappers that accelerate's `prepare` returns.

    A wrapper scales and skips steps by itself, which the test does too.
    """
    if isinstance(optimizer, Sequence):
        pairs = [_unprepared(each) for each in optimizer]
        scalers = [scaler for _, scaler in pairs if scaler is not None]
        return [inner for inner, _ in pairs], scalers[0] if scalers else None
    return _unprepared(optimizer)


def _unprepared(optimizer: Any) -> tuple[Optimizer, GradScaler | None]:
    if type(optimizer).__module__ != "accelerate.optimizer":
        return optimizer, None
    return optimizer.optimizer, optimizer.scaler


def parameters_of(optimizers: Iterable[Optimizer]) -> list[torch.Tensor]:
    """The parameters in all groups of all optimizers, in order."""
    parameters: list[torch.Tensor] = []
    for group in param_groups(optimizers):
        parameters.extend(group["params"])
    return parameters


def set_learning_rates(optimizers: Iterable[Optimizer], lrs: Sequence[float]) -> None:
    """Set the learning rate of every parameter group, in the order of `param_groups`."""
    groups = param_groups(optimizers)
    if len(groups) > len(lrs):
        raise RuntimeError(
            "a parameter group was added to the optimizer during the test: it has no learning rate"
        )
    for group, lr in zip(groups, lrs, strict=False):
        if isinstance(group["lr"], torch.Tensor):
            with torch.no_grad():
                group["lr"].fill_(lr)
        else:
            group["lr"] = lr


def unshare_learning_rates(optimizers: Iterable[Optimizer]) -> None:
    """Give every group a tensor of its own where several share one as their learning rate."""
    seen: set[int] = set()
    for group in param_groups(optimizers):
        if isinstance(group["lr"], torch.Tensor):
            if id(group["lr"]) in seen:
                group["lr"] = group["lr"].clone()
            seen.add(id(group["lr"]))


class SavedLearningRates:
    """The current learning rates of all groups; `values` has None for a group without one."""

    def __init__(self, optimizers: Iterable[Optimizer]) -> None:
        self.values: list[float | None] = []
        self._saved: list[tuple[ParamGroup, Any]] = []
        for group in param_groups(optimizers):
            lr = group["lr"]
            self.values.append(None if lr is None else float(lr))
            self._saved.append((group, lr))

    def restore(self) -> None:
        """Put them back; a learning rate that is a tensor is the same tensor again."""
        for (group, lr), value in zip(self._saved, self.values, strict=True):
            if isinstance(lr, torch.Tensor) and value is not None:
                lr.fill_(value)
            group["lr"] = lr


def momentum_of(optimizer: Optimizer | Sequence[Optimizer]) -> float | None:
    """Heavy-ball momentum, or beta1 of Adam and its relatives.

    Args:
        optimizer: one optimizer, or a list of which the first counts.

    Returns:
        The momentum; 0 for a torch.optim class without any, None if it is unknown.
    """
    if isinstance(optimizer, Sequence):
        optimizer = optimizer[0]
    group = optimizer.param_groups[0]
    try:
        if "betas" in group:
            return float(group["betas"][0])
        if "momentum" in group:
            return float(group["momentum"])
    except (TypeError, ValueError, LookupError):  # a user's optimizer may keep anything there
        return None
    if type(optimizer).__module__.startswith("torch.optim"):
        return 0.0
    return None


def set_momentum(optimizers: Iterable[Optimizer], momentum: float) -> None:
    """Set heavy-ball momentum or beta1 of every group that trains with momentum."""
    for group in param_groups(optimizers):
        if "betas" in group and group["betas"][0]:
            group["betas"] = (momentum, *group["betas"][1:])
        elif group.get("momentum"):
            group["momentum"] = momentum


class Moded(Protocol):
    """An optimizer that trains and evaluates at different weights (schedule-free ones)."""

    def train(self) -> None:
        """Switch to the weights for training."""

    def eval(self) -> None:
        """Switch to the weights for evaluation."""


def moded(optimizers: Iterable[object]) -> list[Moded]:
    """The optimizers that must be told when training and when evaluation begins."""
    return [optimizer for optimizer in optimizers if _is_moded(optimizer)]


def _is_moded(optimizer: Any) -> TypeGuard[Moded]:
    return callable(getattr(optimizer, "train", None)) and callable(
        getattr(optimizer, "eval", None)
    )
