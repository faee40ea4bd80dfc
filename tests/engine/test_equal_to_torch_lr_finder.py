"""Bit-equal to torch_lr_finder: curves, weights after reset(), and random states."""

import gzip
import itertools
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pytest
import torch
import torch_lr_finder
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import lrtui
from lrtui.engine.history import History
from tests.engine.rigs import digits_loaders, digits_mlp, quiet, same, weights

MakeOptimizer: TypeAlias = Callable[[Any], torch.optim.Optimizer]
Loaders: TypeAlias = Callable[[], tuple[DataLoader[Any], DataLoader[Any]]]

OPTIMIZERS: dict[str, MakeOptimizer] = {
    "sgd": lambda params: torch.optim.SGD(params, lr=1e-4, momentum=0.9),
    "adam": lambda params: torch.optim.Adam(params, lr=1e-4),
    "adamw": lambda params: torch.optim.AdamW(params, lr=1e-4),
}


class Result(NamedTuple):
    history: History
    drawn: tuple[float, float, float]  # the next random numbers after the test
    after: list[torch.Tensor]  # the weights after the test
    restored: list[torch.Tensor]  # the weights after reset()
    lrs: list[float]


def curve(
    cls: type,
    optimizer: MakeOptimizer,
    *,
    loaders: Loaders = digits_loaders,
    val: bool = False,
    groups: bool = False,
    model: Callable[[], nn.Sequential] = digits_mlp,
    **options: Any,
) -> Result:
    """What a test of one of the two classes leaves."""
    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)
    net = model()
    first, rest = net[1], nn.ModuleList(net[2:])
    params: Any = net.parameters()
    if groups:
        params = [
            {"params": first.parameters(), "lr": 1e-3},
            {"params": rest.parameters(), "lr": 1e-5},
        ]
    live = optimizer(params)
    train_loader, val_loader = loaders()
    finder = cls(net, live, nn.CrossEntropyLoss())
    options = {"end_lr": 5, "num_iter": 24} | options
    quiet(finder.range_test, train_loader, val_loader if val else None, **options)
    drawn = (random.random(), np.random.rand(), torch.rand(1).item())
    after = weights(net)
    finder.reset()
    lrs = [group["lr"] for group in live.param_groups]
    return Result(finder.history, drawn, after, weights(net), lrs)


def assert_equal(*args: Any, **options: Any) -> History:
    theirs = curve(torch_lr_finder.LRFinder, *args, **options)
    ours = curve(lrtui.LRFinder, *args, **options)
    assert ours.history["lr"] == theirs.history["lr"]
    assert ours.history["loss"] == theirs.history["loss"]
    assert ours.drawn == theirs.drawn
    assert same(ours.after, theirs.after)
    assert same(ours.restored, theirs.restored)
    assert ours.lrs == theirs.lrs
    return ours.history


MATRIX = itertools.product(OPTIMIZERS, ["exp", "linear"], [False, True], [1, 2], [False, True])


@pytest.mark.parametrize(("optimizer", "step_mode", "val", "accumulation_steps", "groups"), MATRIX)
def test_on_digits_with_dropout(
    optimizer: str, step_mode: str, val: bool, accumulation_steps: int, groups: bool
) -> None:
    assert_equal(
        OPTIMIZERS[optimizer],
        step_mode=step_mode,
        val=val,
        accumulation_steps=accumulation_steps,
        groups=groups,
    )


@pytest.mark.parametrize("start_lr", [1e-5, [1e-5, 1e-4]])
@pytest.mark.parametrize("step_mode", ["exp", "linear"])
def test_with_a_start_lr_for_all_groups_or_one_each(
    start_lr: float | list[float], step_mode: str
) -> None:
    history = assert_equal(OPTIMIZERS["sgd"], start_lr=start_lr, step_mode=step_mode, groups=True)
    assert history["lr"][0] == 1e-5
    assert history["group_lrs"][0] == (1e-5, 1e-5 if start_lr == 1e-5 else 1e-4)


@pytest.mark.parametrize("smooth_f", [0, 0.3])
@pytest.mark.parametrize("diverge_th", [1.05, 5])
def test_with_other_smoothing_and_another_divergence_threshold(
    smooth_f: float, diverge_th: float
) -> None:
    history = assert_equal(
        OPTIMIZERS["adam"], smooth_f=smooth_f, diverge_th=diverge_th, num_iter=40
    )
    assert (len(history["lr"]) < 40) == (diverge_th == 1.05 or smooth_f == 0.3 or smooth_f == 0)


def test_over_several_epochs_of_a_loader() -> None:
    assert_equal(OPTIMIZERS["sgd"], num_iter=60, end_lr=0.1, loaders=lambda: digits_loaders(64))


def test_with_a_loader_that_draws_from_a_generator_of_its_own() -> None:
    def loaders() -> tuple[DataLoader[Any], DataLoader[Any]]:
        train, val = digits_loaders()
        return DataLoader(
            train.dataset, batch_size=32, shuffle=True, generator=torch.Generator().manual_seed(9)
        ), DataLoader(val.dataset, batch_size=50, shuffle=True)

    assert_equal(OPTIMIZERS["adamw"], loaders=loaders, val=True, num_iter=50, end_lr=0.1)


def test_with_batch_norm_and_a_part_that_was_in_eval_mode() -> None:
    def model() -> nn.Sequential:
        net = nn.Sequential(
            nn.Flatten(), nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 10)
        )
        net[2].eval()
        return net

    assert_equal(OPTIMIZERS["sgd"], model=model)
    assert_equal(OPTIMIZERS["sgd"], model=model, val=True)


@cache
def fashion_loaders() -> tuple[DataLoader[Any], DataLoader[Any]]:
    folder = Path("/usr/share/datasets/fashion-mnist")

    def part(name: str, count: int) -> TensorDataset:
        images = np.frombuffer(
            gzip.decompress((folder / f"{name}-images-idx3-ubyte.gz").read_bytes()),
            np.uint8,
            -1,
            16,
        )
        labels = np.frombuffer(
            gzip.decompress((folder / f"{name}-labels-idx1-ubyte.gz").read_bytes()), np.uint8, -1, 8
        )
        pixels = torch.tensor(images.reshape(-1, 1, 28, 28)[:count]) / 255
        return TensorDataset(pixels, torch.tensor(labels[:count]).long())

    train, val = part("train", 1500), part("t10k", 200)
    return DataLoader(train, batch_size=64, shuffle=True), DataLoader(val, batch_size=64)


def small_cnn() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, stride=2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Dropout(0.1),
        nn.Flatten(),
        nn.Linear(8 * 13 * 13, 10),
    )


@pytest.mark.fashion
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("val", [False, True])
@pytest.mark.parametrize("step_mode", ["exp", "linear"])
def test_on_fashion_mnist_with_batch_norm_and_dropout(
    optimizer: str, val: bool, step_mode: str
) -> None:
    for accumulation_steps, groups in ((1, False), (2, True)):
        assert_equal(
            OPTIMIZERS[optimizer],
            loaders=fashion_loaders,
            model=small_cnn,
            step_mode=step_mode,
            val=val,
            groups=groups,
            accumulation_steps=accumulation_steps,
        )
