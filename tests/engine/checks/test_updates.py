"""How optimizers are called, and that trying them leaves no trace."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from lrtui import LRFinder
from lrtui.engine.checks.rates import rate_notice
from lrtui.engine.checks.updates import PLAIN, OptimizerError, Updates, updates_of
from lrtui.engine.ramp import Ramp
from tests.field import optimizers
from tests.field.models import Net, labelled


class Uphill(Optimizer):
    """Sharpness-aware, from gradients that are there when `step` is called."""

    def __init__(self, params: Any, lr: float = 1e-3) -> None:
        super().__init__(params, {"lr": lr})
        self.base = SGD(self.param_groups, lr=lr)
        self.param_groups = self.base.param_groups

    def step(self, closure: Any = None) -> Any:
        assert closure is not None, "a closure is required"
        params = [p for g in self.param_groups for p in g["params"] if p.grad is not None]
        norm = torch.stack([param.grad.norm() for param in params]).norm()
        with torch.no_grad():
            moves = [0.05 * param.grad / norm for param in params]
            for param, move in zip(params, moves, strict=True):
                param.add_(move)
        closure()
        with torch.no_grad():
            for param, move in zip(params, moves, strict=True):
                param.sub_(move)
        return self.base.step()


def params() -> list[nn.Parameter]:
    return list(Net().parameters())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (SGD, PLAIN),
        (optimizers.Plain, PLAIN),
        (optimizers.TwoPass, Updates(closure=True)),
        (optimizers.SilentWithoutClosure, Updates(closure=True)),
        (optimizers.Fails, PLAIN),
        (torch.optim.LBFGS, Updates(closure=True)),
        (Uphill, Updates(closure=True, gradients_first=True)),
    ],
)
def test_the_way_is_found_out(kind: Any, expected: Updates) -> None:
    assert updates_of([kind(params(), lr=1e-3)]) == expected


def test_a_graph_is_asked_for() -> None:
    with pytest.raises(OptimizerError, match="create_graph"):
        updates_of([optimizers.WantsGraph(params())])
    assert updates_of([optimizers.WantsGraph(params())], create_graph=True) == PLAIN


def test_gradients_are_there_before_a_step_that_reads_them_first() -> None:
    torch.manual_seed(0)
    model = Net()
    finder = LRFinder(model, Uphill(model.parameters()), nn.CrossEntropyLoss(), verbose=False)
    finder.range_test(labelled(), num_iter=10, end_lr=1.0)
    torch.manual_seed(0)
    model = Net()
    optimizer = Uphill(model.parameters())
    losses: list[float] = []
    for (x, y), lr in zip([*labelled(), *labelled()], finder.history["lr"], strict=False):
        optimizer.param_groups[0]["lr"] = lr

        def closure(x: Any = x, y: Any = y) -> Any:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        losses.append(closure().item())
        optimizer.step(closure)
    assert finder.history["raw_loss"] == pytest.approx(losses, rel=1e-5)


@pytest.mark.parametrize("kind", [AdamW, torch.optim.Adafactor, optimizers.FirstRate, Uphill])
def test_trying_leaves_no_trace(kind: Any) -> None:
    model = Net()
    optimizer = kind(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    optimizer.register_step_post_hook(lambda *_: scheduler.step())
    before = [param.detach().clone() for param in model.parameters()]
    torch.manual_seed(3)
    random = torch.get_rng_state()
    ramp = Ramp((1e-6,), (1.0,), 50)
    updates = updates_of([optimizer])
    rate_notice([optimizer], ramp, updates)
    assert all(map(torch.equal, before, model.parameters()))
    assert all(param.grad is None for param in model.parameters())
    assert not optimizer.state
    assert optimizer.param_groups[0]["lr"] == 1e-3
    assert scheduler.last_epoch == 0
    assert torch.equal(random, torch.get_rng_state())
    assert getattr(optimizer, "first", None) is None


@pytest.mark.parametrize("end_lr", [0.3, 10.0])
def test_a_cap_that_falls_with_the_iterations_is_where_the_ramp_meets_it(end_lr: float) -> None:
    optimizer = torch.optim.Adafactor(params(), lr=1e-3)
    ramp = Ramp((1e-6,), (end_lr,), 400)
    notice = rate_notice([optimizer], ramp, PLAIN)
    assert notice is not None
    assert notice.obstacle
    highest = notice.obstacle.highest_lr
    meeting = next(i for i in range(400) if ramp.lrs_at(i)[0] > (i + 1) ** -0.5)
    assert highest == pytest.approx(ramp.lrs_at(meeting)[0], rel=0.6)
