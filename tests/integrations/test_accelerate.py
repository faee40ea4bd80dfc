"""What accelerate's `prepare` returns, in LRFinder and `watch`."""

from typing import Any

import pytest
import torch
from torch import nn

import lrtui
from lrtui import LRFinder
from lrtui.engine.precision import Autocast
from lrtui.engine.restore.digest import digest
from tests.engine.rigs import finder, loader, mlp

accelerate: Any = pytest.importorskip("accelerate", reason="pip install 'lrtui[accelerate]'")

RANGE: dict[str, Any] = {"start_lr": 1e-5, "end_lr": 1.0, "num_iter": 60}


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)


def prepared(shuffle: bool = True, **options: Any) -> tuple[Any, Any, Any, Any]:
    """An accelerator, and what it makes of model, optimizer and loader."""
    accelerate.state.AcceleratorState._reset_state(reset_partial_state=True)
    accelerate.state.GradientState._reset_state()
    accelerator = accelerate.Accelerator(cpu=True, **options)
    model = mlp()
    return accelerator, *accelerator.prepare(model, sgd(model), loader(shuffle=shuffle))


def test_the_curve_is_that_of_the_plain_objects_to_the_last_bit() -> None:
    _, model, optimizer, batches = prepared(shuffle=False)
    live = LRFinder(model, optimizer, nn.CrossEntropyLoss(), verbose=False)
    live.range_test(batches, **RANGE)
    plain = finder(mlp())
    plain.range_test(loader(), **RANGE)
    assert live.history == plain.history
    assert live.reason == plain.reason


def first_epoch(batches: Any) -> list[torch.Tensor]:
    return [inputs for inputs, _ in batches]


@pytest.mark.parametrize("seedable", [False, True])
def test_reset_also_covers_the_loaders_epoch_and_the_gradient_state(seedable: bool) -> None:
    config = accelerate.DataLoaderConfiguration(use_seedable_sampler=seedable)
    torch.manual_seed(4)
    _, _, _, untouched = prepared(dataloader_config=config)
    expected = first_epoch(untouched)
    torch.manual_seed(4)
    accelerator, model, optimizer, batches = prepared(dataloader_config=config)
    live = LRFinder(model, optimizer, nn.CrossEntropyLoss(), verbose=False)
    before = live.digest()
    live.range_test(batches, **RANGE)
    assert batches.iteration > 0
    if live.status == "completed":
        list(live.extend(20))
    live.reset()
    assert live.digest() == before
    assert batches.iteration == 0
    assert not accelerator.gradient_state.in_dataloader
    assert all(map(torch.equal, first_epoch(batches), expected))


def test_a_loop_with_accelerator_backward_can_be_watched() -> None:
    accelerator, model, optimizer, batches = prepared()
    before = digest([model], [optimizer.optimizer])
    with lrtui.watch(optimizer, model, num_iter=40, verbose=False) as test:
        for inputs, targets in test.batches(batches):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(inputs), targets)
            accelerator.backward(loss)
            optimizer.step()
            test.update(loss)
    assert test.status == "completed"
    assert digest([model], [optimizer.optimizer]) == before
    assert batches.iteration == 0


def test_bf16_of_the_prepared_model_is_used() -> None:
    _, model, optimizer, batches = prepared(mixed_precision="bf16")
    live = LRFinder(model, optimizer, nn.CrossEntropyLoss(), verbose=False)
    live.range_test(batches, **RANGE)
    assert live.status in ("completed", "diverged")


def test_the_scaler_of_a_prepared_optimizer_scales_the_losses() -> None:
    model = mlp()
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    wrapped = accelerate.optimizer.AcceleratedOptimizer(sgd(model), scaler=scaler)
    live = LRFinder(model, wrapped, nn.CrossEntropyLoss(), verbose=False)
    assert isinstance(live._precision, Autocast)
    live.range_test(loader(), **RANGE)
    plain = finder(mlp())
    plain.range_test(loader(), **RANGE)
    assert live.history["loss"] == pytest.approx(plain.history["loss"])
