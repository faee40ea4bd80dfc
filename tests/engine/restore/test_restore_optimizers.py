"""What optimizers keep outside `state` and `param_groups` comes back too."""

from typing import Any

import pytest
import torch
from torch import nn

from tests.engine.rigs import Params, finder, loader, mlp, points, same, weights


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int = 3) -> None:
    for start in range(0, 8 * steps, 8):
        inputs, target = points()[start : start + 8]
        optimizer.zero_grad()
        torch.autograd.backward(nn.functional.cross_entropy(model(inputs), target))
        optimizer.step()


class Lookahead(torch.optim.Optimizer):
    """Slow weights around another optimizer, whose groups it shares (as in timm)."""

    def __init__(self, inner: torch.optim.Optimizer, every: int = 2) -> None:
        self.inner, self.every, self.count = inner, every, 0
        self.slow = [
            param.detach().clone() for group in inner.param_groups for param in group["params"]
        ]
        super().__init__(
            [param for group in inner.param_groups for param in group["params"]], {"lr": 0.1}
        )
        self.param_groups = inner.param_groups

    def step(self, closure: Any = None) -> Any:
        self.inner.step(closure)
        self.count += 1
        if self.count % self.every == 0:
            params = (param for group in self.param_groups for param in group["params"])
            for slow, param in zip(self.slow, params, strict=True):
                slow.lerp_(param.detach(), 0.5)
                param.data.copy_(slow)


def test_an_optimizer_inside_another_is_restored_and_its_slow_weights() -> None:
    model = mlp()
    optimizer = Lookahead(torch.optim.Adam(model.parameters(), lr=1e-2))
    train(model, optimizer, 3)
    live = finder(model, lambda _: optimizer)
    before = live.digest()
    live.range_test(loader(), start_lr=1e-3, end_lr=1.0, num_iter=5)
    assert live.digest() != before
    live.reset()
    assert live.digest() == before
    assert optimizer.inner.state[model.get_parameter("0.weight")]["step"] == 3
    train(model, optimizer)
    twin = mlp()
    plain = Lookahead(torch.optim.Adam(twin.parameters(), lr=1e-2))
    train(twin, plain, 3)
    train(twin, plain)
    assert same(weights(model), weights(twin))


class Keeps(torch.optim.SGD):
    """Has attributes that are state, a log, and a key in `state` that is no parameter."""

    def __init__(self, params: Params) -> None:
        super().__init__(params, lr=0.1)
        self.norm = torch.zeros(1)
        self.past: list[torch.Tensor] = []
        self.masters = [
            param.detach().clone() for group in self.param_groups for param in group["params"]
        ]
        self.log: list[float] = []
        self.calls = 0

    def step(self, closure: Any = None) -> Any:
        super().step(closure)
        self.norm += 1
        self.past.append(self.norm.clone())
        for master in self.masters:
            master.add_(1)
        self.log.append(self.param_groups[0]["lr"])
        self.calls += 1
        state: dict[Any, Any] = self.state
        state["steps"] = state.get("steps", 0) + 1
        self.late = torch.ones(1)


def test_attributes_with_tensors_are_restored_and_a_log_is_kept() -> None:
    live = finder(None, Keeps)
    optimizer, before = live.optimizer, live.digest()
    assert isinstance(optimizer, Keeps)
    masters = [master.clone() for master in optimizer.masters]
    live.range_test(loader(), num_iter=4)
    assert live.digest() != before
    live.reset()
    assert live.digest() == before
    assert (optimizer.norm.item(), optimizer.past, optimizer.calls) == (0, [], 0)
    assert same(optimizer.masters, masters)
    assert not hasattr(optimizer, "late")
    assert len(optimizer.log) == 4  # a log is kept


def test_a_state_with_other_keys_than_parameters_runs_twice() -> None:
    live = finder(None, Keeps)
    live.range_test(loader(), num_iter=2)
    live.range_test(loader(), num_iter=2)
    state: dict[Any, Any] = live.optimizers[0].state
    assert state["steps"] == 4


class Preconditioner:
    """An object in an optimizer's state, as Shampoo and others keep them."""

    def __init__(self, param: torch.Tensor) -> None:
        self.statistics = torch.zeros(param.shape[0])
        self.step = 0
        self.itself = self


class WithObjects(torch.optim.SGD):
    def step(self, closure: Any = None) -> Any:
        super().step(closure)
        for group in self.param_groups:
            for param in group["params"]:
                kept = self.state[param].setdefault("preconditioner", Preconditioner(param))
                kept.statistics += 1
                kept.step += 1


def test_objects_in_the_state_keep_their_identity_and_get_their_contents_back() -> None:
    model = mlp()
    optimizer = WithObjects(model.parameters(), lr=0.1)
    train(model, optimizer, 2)
    kept = optimizer.state[model.get_parameter("0.weight")]["preconditioner"]
    live = finder(model, lambda _: optimizer)
    before = live.digest()
    live.range_test(loader(), num_iter=3)
    live.reset()
    assert live.digest() == before
    assert optimizer.state[model.get_parameter("0.weight")]["preconditioner"] is kept
    assert (kept.step, kept.statistics[0].item()) == (2, 2)


def test_a_scheduler_attached_after_the_finder_stays_attached() -> None:
    live = finder()
    scheduler = torch.optim.lr_scheduler.StepLR(live.optimizers[0], 1)
    wrapped = live.optimizers[0].step
    live.range_test(loader(), num_iter=3)
    live.reset()
    assert live.optimizers[0].step == wrapped
    assert scheduler.optimizer is live.optimizer


def test_one_rate_tensor_for_several_groups_is_split_during_the_test_only() -> None:
    model, shared = mlp(), torch.tensor(1e-3)
    groups = [{"params": model[0].parameters()}, {"params": model[3].parameters()}]
    optimizer = torch.optim.AdamW(groups, lr=shared)
    assert optimizer.param_groups[0]["lr"] is optimizer.param_groups[1]["lr"]
    live = finder(model, lambda _: optimizer)
    used = []
    for step in live.steps(loader(), start_lr=[1e-5, 1e-2], end_lr=[1e-3, 1.0], num_iter=3):
        used.append(tuple(float(group["lr"]) for group in optimizer.param_groups))
        assert step.group_lrs == pytest.approx(used[-1])
    assert used[0] == pytest.approx((1e-5, 1e-2))
    assert optimizer.param_groups[0]["lr"] is optimizer.param_groups[1]["lr"] is shared
    assert shared.item() == pytest.approx(1e-3)


def test_an_optimizer_without_a_rate_of_its_own_needs_a_start_and_has_none_again_afterwards() -> (
    None
):
    class NoRate(torch.optim.SGD):
        def __init__(self, params: Params) -> None:
            super().__init__(params, lr=0.1)
            self.param_groups[0]["lr"] = None

    live = finder(None, NoRate)
    with pytest.raises(
        ValueError, match="no learning rate of its own to start from: give start_lr"
    ):
        live.range_test(loader())
    live.range_test(loader(), start_lr=1e-4, num_iter=3)
    assert live.optimizers[0].param_groups[0]["lr"] is None


class ScheduleFree(torch.optim.SGD):
    """Trains and evaluates at different weights, so that it must be switched over."""

    def __init__(self, params: Params) -> None:
        super().__init__(params, lr=1e-3)
        self.param_groups[0]["train_mode"] = False

    def train(self) -> None:
        self.param_groups[0]["train_mode"] = True

    def eval(self) -> None:
        self.param_groups[0]["train_mode"] = False

    def step(self, closure: Any = None) -> Any:
        assert self.param_groups[0]["train_mode"]
        super().step(closure)


def test_an_optimizer_with_modes_is_switched_over() -> None:
    live = finder(None, ScheduleFree)
    modes = []

    def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        modes.append((live.model.training, live.optimizers[0].param_groups[0]["train_mode"]))
        return nn.functional.cross_entropy(output, target)

    live.criterion = criterion
    live.range_test(loader(), loader(8), num_iter=3)
    assert set(modes) == {(True, True), (False, False)}
    live.reset()
    assert not live.optimizers[0].param_groups[0]["train_mode"]
