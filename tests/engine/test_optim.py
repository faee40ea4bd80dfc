"""An optimizer's momentum, and that an answer takes it into account."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from lrtui.engine.history import curves
from lrtui.engine.optim import momentum_of
from tests.engine.rigs import finder, loader


class Foreign:
    param_groups = ({"lr": 0.1},)


def made(name: str, **arguments: object) -> torch.optim.Optimizer:
    make: Callable[..., torch.optim.Optimizer] = getattr(torch.optim, name)
    return make([torch.zeros(1, requires_grad=True)], lr=0.1, **arguments)


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (made("SGD"), 0.0),
        (made("SGD", momentum=0.8), 0.8),
        (made("AdamW", betas=(0.7, 0.99)), 0.7),
        (made("RMSprop"), 0.0),
        (made("Adagrad"), 0.0),
        (Foreign(), None),
        ([made("SGD", momentum=0.6), made("AdamW")], 0.6),
    ],
)
def test_momentum_is_the_heavy_ball_or_beta1_or_none_where_unknown(
    optimizer: Any, expected: float | None
) -> None:
    assert momentum_of(optimizer) == expected


def test_the_curves_of_a_finder_know_momentum_and_the_planned_length() -> None:
    with finder() as live:
        live.range_test(loader(), end_lr=1e3, num_iter=77, diverge_th=1.5)
        (curve,) = curves(live.histories, live._settings, momentum_of(live.optimizer))
    assert len(curve.lr) < 77
    assert (curve.num_iter, curve.momentum) == (77, 0.9)
