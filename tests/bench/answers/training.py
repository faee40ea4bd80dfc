"""Plain trainings without any lrtui code, one net at a time: for the race, and other methods."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from .cells import Cell
from .ensemble import OPTIMIZERS, Batches, initialised, schedule_of


@dataclass
class Training:
    """One training of a cell's task from the start of a seed.

    Attributes:
        cell: what trains.
        seed: of the initialisation.
        data_seed: of the data order.
    """

    cell: Cell
    seed: int
    data_seed: int

    def __post_init__(self) -> None:
        task = self.cell.task
        self.model: nn.Module = initialised(task, self.seed)
        torch.manual_seed(self.data_seed)  # for dropout
        train_inputs, train_targets, self._inputs, self._targets = task.split()
        self._data = Batches(train_inputs, train_targets, task.batch_size, self.data_seed)

    def step(self, optimizer: Optimizer) -> float:
        """One optimizer step; returns the loss before it."""
        inputs, targets = self._data.next()
        optimizer.zero_grad()
        loss: Tensor = self.cell.task.criterion(self.model(inputs), targets)
        torch.autograd.backward(loss)
        optimizer.step()
        return loss.item()

    @torch.no_grad()
    def validation_loss(self) -> float:
        """The loss on the validation rows; inf if it is not finite."""
        self.model.eval()
        loss = float(self.cell.task.criterion(self.model(self._inputs), self._targets))
        self.model.train()
        return loss if np.isfinite(loss) else float("inf")


def trained(
    cell: Cell,
    seed: int,
    lr: float,
    steps: int,
    schedule: str,
    make: Callable[..., Optimizer] | None = None,
    data_seed: int | None = None,
) -> float:
    """Validation loss after a training at a rate.

    Args:
        cell: what is trained.
        seed: of the initialisation.
        lr: the constant rate, or the peak of the schedule.
        steps: of the training.
        schedule: a name of `SCHEDULES`.
        make: replaces the cell's optimizer.
        data_seed: of the data order; None: `seed`.
    """
    training = Training(cell, seed, seed if data_seed is None else data_seed)
    optimizer = (make or OPTIMIZERS[cell.optimizer])(training.model.parameters(), lr=lr)
    if hasattr(optimizer, "train"):
        optimizer.train()
    scheduler = schedule_of(optimizer, schedule, steps, int(cell.task.warmup * steps))
    for _ in range(steps):
        if not np.isfinite(training.step(optimizer)):
            return float("inf")
        scheduler.step()
    if hasattr(optimizer, "eval"):
        optimizer.eval()  # schedule-free: evaluate at the averaged weights
    return training.validation_loss()
