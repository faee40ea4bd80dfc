"""Plain loops without any lrtui code: a range test, and a short training at a given rate."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop
from torch.optim.lr_scheduler import OneCycleLR

from .tasks import Task

RatesAndLosses = tuple[NDArray[np.float64], NDArray[np.float64]]

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "momentum": partial(SGD, momentum=0.9),
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
}


def batches(
    inputs: Tensor, targets: Tensor, batch_size: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Shuffled batches, endlessly."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(inputs), generator=generator)
        for rows in torch.split(order[: len(order) // batch_size * batch_size], batch_size):
            yield inputs[rows], targets[rows]


def range_test(
    task: Task,
    optimizer: str,
    batch_size: int,
    seed: int,
    num_iter: int,
    start_lr: float = 1e-7,
    end_lr: float = 10.0,
) -> RatesAndLosses:
    """Learning rates and raw losses of one exponential range test.

    It stops at 5 times the best smoothed loss.
    """
    torch.manual_seed(seed)
    model = task.build().train()
    update = OPTIMIZERS[optimizer](model.parameters(), lr=start_lr)
    train_inputs, train_targets, _, _ = task.split()
    lrs, losses = [], []
    best = smoothed = float("inf")
    for i, (inputs, targets) in zip(
        range(num_iter), batches(train_inputs, train_targets, batch_size, seed), strict=False
    ):
        lr = start_lr * (end_lr / start_lr) ** (i / (num_iter - 1))
        loss = step(model, update, task.criterion, inputs, targets, lr)
        lrs.append(lr)
        losses.append(loss)
        smoothed = loss if i == 0 else 0.05 * loss + 0.95 * smoothed
        best = min(best, smoothed)
        if not smoothed <= 5 * best:
            break
    return np.array(lrs), np.array(losses)


def step(
    model: nn.Module,
    optimizer: Optimizer,
    criterion: Callable[[Tensor, Tensor], Tensor],
    inputs: Tensor,
    targets: Tensor,
    lr: float,
) -> float:
    """One training step at `lr`; returns the loss before it."""
    for group in optimizer.param_groups:
        group["lr"] = lr
    optimizer.zero_grad()
    loss = criterion(model(inputs), targets)
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.item()


def validation_loss(
    task: Task,
    optimizer: str,
    batch_size: int,
    seed: int,
    lr: float,
    schedule: str,
    steps: int = 300,
) -> float:
    """Validation loss after a short training at `lr`, the peak of one-cycle; inf if it diverges."""
    torch.manual_seed(seed)
    model = task.build().train()
    update = OPTIMIZERS[optimizer](model.parameters(), lr=lr)
    cycle = None
    if schedule == "onecycle":
        cycle = OneCycleLR(
            update, max_lr=lr, total_steps=steps, cycle_momentum=optimizer not in ("sgd", "rmsprop")
        )
    train_inputs, train_targets, inputs, targets = task.split()
    for _, batch in zip(
        range(steps), batches(train_inputs, train_targets, batch_size, seed), strict=False
    ):
        loss = step(model, update, task.criterion, *batch, update.param_groups[0]["lr"])
        if not np.isfinite(loss):
            return float("inf")
        if cycle is not None:
            cycle.step()
    with torch.no_grad():
        loss = float(task.criterion(model.eval()(inputs), targets))
    if not np.isfinite(loss):
        return float("inf")
    return loss
