"""Many nets that train at once: one for each pair of a learning rate and a seed.

torch.func.vmap batches their forwards; the optimizer is torch's own, on parameters with a first
dimension of nets. SGD, Adam and their kin move a parameter by a step that is proportional to the
learning rate, while their state does not depend on it: each step is taken at the schedule's share
of the rate, and each net then goes as far as its own rate says. Several times as fast as one net
after another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from .tasks import Task, split

FloatArray = NDArray[np.float64]

OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "momentum": partial(SGD, momentum=0.9),
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
}
SCHEDULES = ("constant", "one-cycle", "cosine")
PRETRAINING = 300  # steps of Adam at 3e-3
EVALUATED_AT_ONCE = 24  # nets


@dataclass
class Ensemble:
    """Nets of one task with one optimizer, each with its own seed.

    Attributes:
        task: what they train on.
        optimizer: a name of `OPTIMIZERS`.
        seeds: of the initialisation and the data order of each net.
    """

    task: Task
    optimizer: str
    seeds: Sequence[int]

    def __post_init__(self) -> None:
        kinds = sorted(set(self.seeds))
        self._row_of_seed = torch.tensor([kinds.index(seed) for seed in self.seeds])
        models = [initialised(self.task, seed) for seed in kinds]
        self._net = models[0]
        stacked, _ = stack_module_state(models)
        self._parameters = {}
        for name, tensor in stacked.items():
            self._parameters[name] = tensor.detach()[self._row_of_seed].clone().requires_grad_()
        self._update = OPTIMIZERS[self.optimizer](list(self._parameters.values()), lr=1.0)
        train_inputs, train_targets, self._inputs, self._targets = self.task.split()
        self._data = [
            Batches(train_inputs, train_targets, self.task.batch_size, seed) for seed in kinds
        ]

    def trained(self, lrs: Sequence[float], steps: int, schedule: str, warmup: int) -> FloatArray:
        """Validation loss of each net after a training at its rate; inf for one that diverged."""
        scheduler = schedule_of(self._update, schedule, steps, warmup)
        rates = torch.tensor(lrs, dtype=torch.float32)
        for _ in range(steps):
            self._step(rates)
            scheduler.step()
        return self.validation_loss()

    def ramp(self, lrs: FloatArray) -> FloatArray:
        """Training losses of a range test over the rates: an array [net, rate]."""
        losses = np.full((len(self.seeds), len(lrs)), np.nan)
        ones = torch.ones(len(self.seeds))
        for column, lr in enumerate(lrs):
            self._update.param_groups[0]["lr"] = float(lr)
            losses[:, column] = self._step(ones)
        return losses

    def _step(self, rates: Tensor) -> FloatArray:
        """One step; returns the loss of each net before it."""
        batches = [data.next() for data in self._data]
        inputs = torch.stack([inputs for inputs, _ in batches])[self._row_of_seed]
        targets = torch.stack([targets for _, targets in batches])[self._row_of_seed]
        self._net.train()
        losses = self._losses(self._parameters, inputs, targets)
        self._update.zero_grad()
        torch.autograd.backward(losses.sum())
        before = [parameter.detach().clone() for parameter in self._parameters.values()]
        self._update.step()
        with torch.no_grad():
            for parameter, old in zip(self._parameters.values(), before, strict=True):
                scale = rates.view(-1, *[1] * (parameter.dim() - 1))
                parameter.copy_(old + scale * (parameter - old))
        values: FloatArray = losses.detach().double().numpy()
        return values

    @torch.no_grad()
    def validation_loss(self) -> FloatArray:
        """The loss of each net on the validation rows."""
        self._net.eval()
        parts = []
        for start in range(0, len(self.seeds), EVALUATED_AT_ONCE):
            some = slice(start, start + EVALUATED_AT_ONCE)
            parameters = {name: tensor[some] for name, tensor in self._parameters.items()}
            count = len(self.seeds[some])
            inputs = self._inputs.expand(count, *self._inputs.shape)
            targets = self._targets.expand(count, *self._targets.shape)
            parts.append(self._losses(parameters, inputs, targets))
        losses = torch.cat(parts).double().numpy()
        return np.where(np.isfinite(losses), losses, np.inf)

    def _losses(self, parameters: dict[str, Tensor], inputs: Tensor, targets: Tensor) -> Tensor:
        def loss(own: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
            return self.task.criterion(functional_call(self._net, own, (x,)), y)

        losses: Tensor = vmap(loss, randomness="different")(parameters, inputs, targets)
        return losses


class Batches:
    """Shuffled batches of training rows, endlessly; the order is that of a seed."""

    def __init__(self, inputs: Tensor, targets: Tensor, batch_size: int, seed: int) -> None:
        self._inputs, self._targets, self._size = inputs, targets, batch_size
        self._generator = torch.Generator().manual_seed(seed)
        self._rows: list[Tensor] = []

    def next(self) -> tuple[Tensor, Tensor]:
        if not self._rows:
            order = torch.randperm(len(self._inputs), generator=self._generator)
            whole = len(order) // self._size * self._size
            self._rows = list(torch.split(order[:whole], self._size))
        rows = self._rows.pop(0)
        return self._inputs[rows], self._targets[rows]


def initialised(task: Task, seed: int) -> nn.Module:
    """The net of a task as its training begins: random, or trained on other data before."""
    torch.manual_seed(seed)
    model = task.build().train()
    if task.pretrained_on is not None:
        model.load_state_dict(pretrained(task))
    return model


@cache
def pretrained(task: Task) -> dict[str, Tensor]:
    """The weights that a fine-tuning starts from: the same for every seed."""
    if task.pretrained_on is None:
        raise ValueError(f"{task.name} starts from random weights")
    torch.manual_seed(1)
    model = task.build().train()
    optimizer = Adam(model.parameters(), lr=3e-3)
    inputs, targets, _, _ = split(task.pretrained_on())
    data = Batches(inputs, targets, task.batch_size, seed=1)
    for _ in range(PRETRAINING):
        x, y = data.next()
        optimizer.zero_grad()
        torch.autograd.backward(task.criterion(model(x), y))
        optimizer.step()
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def schedule_of(optimizer: Optimizer, schedule: str, steps: int, warmup: int) -> LRScheduler:
    """torch's scheduler of a training; the optimizer's rate is the constant one, or the peak."""
    if schedule == "one-cycle":
        group = optimizer.param_groups[0]
        cycles = "betas" in group or group.get("momentum", 0) > 0
        return OneCycleLR(optimizer, group["lr"], total_steps=steps + 1, cycle_momentum=cycles)

    def share(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        if schedule == "constant":
            return 1.0
        return 0.5 * (1 + float(np.cos(np.pi * (step - warmup) / max(1, steps - warmup))))

    return LambdaLR(optimizer, share)
