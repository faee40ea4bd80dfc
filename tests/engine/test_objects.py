"""Anything but a model, optimizer or criterion is refused at once, in one line."""

from typing import Any, cast

import pytest
import torch
from torch import nn

from lrtui import LRFinder

NET = nn.Linear(2, 2)
SGD = torch.optim.SGD(NET.parameters(), lr=0.1)


class Wrapped:
    """An optimizer in a wrapper that does not inherit from torch's class."""

    def __init__(self, inner: torch.optim.Optimizer) -> None:
        self.inner = inner
        self.param_groups = inner.param_groups
        self.state = inner.state

    def step(self) -> None:
        self.inner.step()

    def zero_grad(self) -> None:
        self.inner.zero_grad()


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ((None, SGD, None), "`model` must be an nn.Module, got None"),
        ((nn.Linear, SGD, None), "`model` .* the class Linear: give an instance"),
        ((NET, None, None), "`optimizer` .* got None"),
        ((NET, [], None), "`optimizer` .* empty list"),
        ((NET, torch.optim.SGD, None), "`optimizer` .* the class SGD: give an instance"),
        ((NET, [SGD, NET.parameters()], None), "`optimizer` .* got a generator"),
        ((NET, SGD, "mse"), "`criterion` .* got a str"),
        ((NET, SGD, nn.MSELoss), "`criterion` .* the class MSELoss: give an instance"),
    ],
)
def test_anything_else_is_refused_in_one_line(objects: tuple[Any, ...], message: str) -> None:
    with pytest.raises(TypeError, match=message) as raised:
        LRFinder(*objects)
    assert "\n" not in str(raised.value)


def test_an_optimizer_in_a_wrapper_is_tested_as_it_is() -> None:
    net = nn.Linear(2, 2)
    wrapped = Wrapped(torch.optim.SGD(net.parameters(), lr=0.1))
    finder = LRFinder(net, cast(torch.optim.Optimizer, wrapped), nn.MSELoss(), verbose=False)
    before = finder.digest()
    finder.range_test([(torch.randn(4, 2), torch.randn(4, 2))] * 3, num_iter=5, end_lr=1)
    assert len(finder.history["lr"]) == 5
    finder.reset()
    assert finder.digest() == before
