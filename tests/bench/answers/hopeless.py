"""Range tests for which a refusal is right: no rate can be recommended.

A net that is trained already, targets that the inputs say nothing about, outputs that no parameter
reaches, and a range that ends before the first rate that trains.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam, AdamW

from lrtui.analysis.curve import Curve

from . import data, nets
from .cells import END_LR, SEEDS, START_LR
from .ensemble import Batches

NUM_ITER = 400
TRAINED_FOR = 3000  # steps of Adam at 1e-3, then as many at 1e-4


class Setup(NamedTuple):
    """A net, its data and its range."""

    model: nn.Module
    rows: data.Data
    criterion: Callable[[Tensor, Tensor], Tensor]
    end_lr: float = END_LR


def setups() -> dict[str, Callable[[], Setup]]:
    """All of them by name."""
    return {
        "trained": trained,
        "no signal": no_signal,
        "not connected": not_connected,
        "range too low": range_too_low,
    }


def curves() -> Iterator[tuple[str, Curve]]:
    """The range tests of all set-ups and seeds."""
    for name, make in setups().items():
        for seed in SEEDS:
            torch.manual_seed(seed)
            yield name, range_test(make(), seed)


def range_test(setup: Setup, seed: int) -> Curve:
    """400 iterations of AdamW."""
    optimizer = AdamW(setup.model.parameters(), lr=START_LR)
    batches = Batches(*setup.rows, batch_size=32, seed=seed)
    lrs = np.geomspace(START_LR, setup.end_lr, NUM_ITER)
    losses = []
    for lr in lrs:
        optimizer.param_groups[0]["lr"] = float(lr)
        losses.append(step(setup, batches, optimizer))
    return Curve(lrs, np.array(losses), num_iter=NUM_ITER, momentum=0.9)


def step(setup: Setup, batches: Batches, optimizer: torch.optim.Optimizer) -> float:
    inputs, targets = batches.next()
    optimizer.zero_grad()
    loss = setup.criterion(setup.model(inputs), targets)
    torch.autograd.backward(loss)
    optimizer.step()
    return loss.item()


def trained() -> Setup:
    """A regression that has converged: its loss is that of the noise in its targets."""
    setup = Setup(nets.chain(16, 64, 1), data.teacher(), functional.mse_loss)
    batches = Batches(*setup.rows, batch_size=32, seed=9)
    for lr in (3e-3, 3e-4, 3e-5):
        optimizer = Adam(setup.model.parameters(), lr=lr)
        for _ in range(TRAINED_FOR):
            step(setup, batches, optimizer)
    return setup


def no_signal() -> Setup:
    """Targets of pure noise, and a net that begins with their mean."""
    images, _ = data.digits()
    targets = torch.randn(len(images), 1, generator=torch.Generator().manual_seed(3))
    model = nets.chain(64, 32, 1)
    last = list(model.children())[-1]
    assert isinstance(last, nn.Linear)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return Setup(model, (images, targets - targets.mean()), functional.mse_loss)


class NotConnected(nn.Module):
    """Parameters that the output does not depend on."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(10))

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :10] + 0 * self.weight


def not_connected() -> Setup:
    return Setup(NotConnected(), data.digits(), functional.cross_entropy)


def range_too_low() -> Setup:
    return Setup(nets.chain(64, 32, 10), data.digits(), functional.cross_entropy, end_lr=1e-5)
