"""Small live objects for tests of the engine: data, models, and a finder around them."""

import contextlib
import io
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset

from lrtui import LRFinder
from lrtui.build.datasets.digits import digits

Params: TypeAlias = Iterable[nn.Parameter]

_digits = cache(digits)


def points(count: int = 64, inputs: int = 4, classes: int = 3) -> TensorDataset:
    """Separable points: their class is the largest of the first features."""
    generator = torch.Generator().manual_seed(11)
    data = torch.randn(count, inputs, generator=generator)
    return TensorDataset(data, data[:, :classes].argmax(1))


def loader(count: int = 64, batch_size: int = 8, **options: Any) -> DataLoader[Any]:
    return DataLoader(points(count), batch_size=batch_size, **options)


def mlp(inputs: int = 4, classes: int = 3, dropout: float = 0.0) -> nn.Sequential:
    torch.manual_seed(5)
    return nn.Sequential(
        nn.Linear(inputs, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, classes)
    )


def finder(
    model: nn.Module | None = None,
    optimizer: Callable[..., Any] = lambda params: torch.optim.SGD(params, lr=1e-3, momentum=0.9),
    criterion: Any = "cross entropy",
    **options: Any,
) -> LRFinder:
    model = mlp() if model is None else model
    criterion = nn.CrossEntropyLoss() if criterion == "cross entropy" else criterion
    return LRFinder(model, optimizer(model.parameters()), criterion, verbose=False, **options)


def digits_loaders(batch_size: int = 32) -> tuple[DataLoader[Any], DataLoader[Any]]:
    train, val = _digits()
    return (
        DataLoader(train, batch_size=batch_size, shuffle=True),
        DataLoader(Subset(val, range(100)), batch_size=batch_size),
    )


def digits_mlp() -> nn.Sequential:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 10)
    )


def quiet(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return call(*args, **options)


def weights(model: nn.Module) -> list[torch.Tensor]:
    return [tensor.detach().clone() for tensor in model.state_dict().values()]


def same(some: list[torch.Tensor], others: list[torch.Tensor]) -> bool:
    return len(some) == len(others) and all(
        torch.equal(a, b) for a, b in zip(some, others, strict=True)
    )
