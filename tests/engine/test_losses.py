"""Losses that are no real scalar: the test stops and says so, in training and in validation."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from lrtui import LRFinder

Loss = Callable[[torch.Tensor, torch.Tensor], object]


class Criterion(nn.Module):
    """Calls a function, in training, in validation or later on; the usual one besides."""

    def __init__(self, loss: Loss, when: str) -> None:
        super().__init__()
        self.loss, self.when = loss, when
        self.calls = 0

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> object:
        self.calls += 1
        now = {
            "training": output.requires_grad,
            "validation": not output.requires_grad,
            "later": self.calls > 4,
        }[self.when]
        return self.loss(output, target) if now else cross_entropy(output, target)


def loader() -> DataLoader[tuple[torch.Tensor, ...]]:
    data = TensorDataset(torch.randn(48, 4), torch.arange(48) % 2)
    return DataLoader(data, batch_size=8)


def losses_of(criterion: nn.Module) -> list[float]:
    model = nn.Linear(4, 2)
    finder = LRFinder(model, torch.optim.SGD(model.parameters(), lr=1e-4), criterion, verbose=False)
    finder.range_test(loader(), loader(), end_lr=1e-3, num_iter=8)
    losses: list[float] = finder.history["loss"]
    return losses


REFUSED: dict[str, tuple[Loss, str]] = {
    "vector": (lambda o, t: cross_entropy(o, t, reduction="none"), "8 float32"),
    "empty": (lambda o, t: o[:0].sum(1), "0 float32"),
    "named vector": (lambda o, t: {"loss": cross_entropy(o, t, reduction="none")}, "8 float32"),
    "complex": (lambda o, t: cross_entropy(o, t) * (1 + 0j), "real"),
    "python float": (lambda o, t: cross_entropy(o, t).item(), "float"),
    "nothing": (lambda o, t: None, "NoneType"),
}


@pytest.mark.parametrize("when", ["training", "validation"])
@pytest.mark.parametrize("name", REFUSED)
def test_a_loss_that_is_no_real_scalar_is_refused_in_words(name: str, when: str) -> None:
    loss, words = REFUSED[name]
    with pytest.raises(ValueError, match="loss") as refused:
        losses_of(Criterion(loss, when))
    assert words in str(refused.value)


@pytest.mark.parametrize("name", ["vector", "empty", "python float"])
def test_so_is_one_that_comes_later(name: str) -> None:
    with pytest.raises(ValueError, match="loss"):
        losses_of(Criterion(REFUSED[name][0], "later"))


def test_a_vector_after_a_loss_of_one_number_is_not_averaged() -> None:
    first = []

    def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        first.append(0)
        losses = cross_entropy(output, target, reduction="none")
        return losses.mean().reshape(1) if len(first) < 4 else losses

    with pytest.raises(ValueError, match="the loss must be a scalar, but it is 8 float32"):
        losses_of(Criterion(loss, "training"))


@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_a_loss_of_one_number_is_that_number(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    plain = losses_of(Criterion(cross_entropy, "training"))
    torch.manual_seed(0)
    shaped = Criterion(lambda o, t: cross_entropy(o, t).reshape(shape), "training")
    assert losses_of(shaped) == plain
