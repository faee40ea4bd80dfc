"""Losses that are read late give the very curve, end and errors of those that are read at once."""

import math
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lrtui.engine.data.batches import train_batches
from lrtui.engine.deferred import LateReader, Measurement, Point, default_lag
from lrtui.engine.forward import Forward
from lrtui.engine.history import History
from lrtui.engine.precision import Precision
from lrtui.engine.ramp import Ramp
from lrtui.engine.range_test import Outcome, range_test
from lrtui.engine.step import TrainStep
from lrtui.engine.tracker import Tracker
from lrtui.engine.validation import Validation
from lrtui.events import Step
from tests.engine.rigs import loader, mlp

CPU = torch.device("cpu")


class BoomError(Exception):
    pass


def walked(
    lag: int,
    end_lr: float = 1.0,
    val: bool = False,
    fails_at: int | None = None,
    nan_at: int | None = None,
) -> tuple[list[Step], str, str]:
    """Every step and the end of a real test at this lag."""
    torch.manual_seed(1)
    model, calls = mlp(dropout=0.2), 0
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise BoomError
        loss = nn.functional.cross_entropy(output, target)
        return loss * math.nan if calls == nan_at else loss

    forward = Forward(model, criterion, metric=lambda output, target: output.mean())
    train = TrainStep(
        model, forward, train_batches(loader(shuffle=True)), [optimizer], Precision(), CPU
    )
    validation = Validation(model, forward, loader(16), Precision(), CPU) if val else None
    ramp = Ramp((1e-3,), (end_lr,), 20)
    walk = range_test(
        train, ramp, Tracker(), [optimizer], CPU, lag=lag, validation=validation, clock=lambda: 0.0
    )
    steps = []
    while True:
        try:
            steps.append(next(walk))
        except StopIteration as end:
            outcome: Outcome = end.value
            return steps, outcome.status, outcome.reason
        except BoomError:
            return steps, "boom", ""


@pytest.mark.parametrize("lag", range(1, 6))
@pytest.mark.parametrize(
    "case",
    [
        {},
        {"end_lr": 1e6},
        {"val": True},
        {"end_lr": 1e6, "val": True},
        {"fails_at": 1},
        {"fails_at": 9},
        {"nan_at": 7},
        {"nan_at": 7, "fails_at": 9},
    ],
    ids=str,
)
def test_the_same_steps_to_the_last_bit_and_the_same_end(lag: int, case: dict[str, Any]) -> None:
    assert walked(lag, **case) == walked(0, **case)


def test_the_cases_above_cover_every_end() -> None:
    assert walked(0)[1] == "completed"
    assert walked(0, end_lr=1e6)[1] == "diverged"
    assert walked(0, nan_at=7, fails_at=9)[1] == "diverged"
    assert len(walked(0, fails_at=9)[0]) == 8


FLOATS = st.floats(allow_nan=False)


@given(st.lists(st.tuples(FLOATS, st.none() | FLOATS)), st.integers(0, 7))
def test_values_arrive_unchanged_in_order_and_no_later_than_the_lag(
    values: list[tuple[float, float | None]], lag: int
) -> None:
    reader = LateReader(CPU, lag)
    points: list[Point] = []
    for iteration, (loss, metric) in enumerate(values):
        tensor = torch.tensor(loss, dtype=torch.float64)
        reader.add(Measurement(iteration, (0.1,), tensor, metric=metric))
        points += reader.arrived()
        assert len(points) == max(0, iteration + 1 - lag)
    points += reader.remaining()
    assert points == [
        Point(i, (0.1,), loss, metric=metric) for i, (loss, metric) in enumerate(values)
    ]


def test_reading_at_once_where_that_costs_nothing() -> None:
    assert default_lag(CPU) == 0
    assert default_lag(torch.device("cuda")) > 0


@pytest.mark.gpu
def test_on_a_gpu_late_and_at_once_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from lrtui.engine import repeats
    from tests.engine.rigs import finder

    def curve(lag: int) -> tuple[History, str]:
        monkeypatch.setattr(repeats, "default_lag", lambda device: lag)
        live = finder(device="cuda")
        live.range_test(loader(), num_iter=30, end_lr=1e4)
        return live.history, live.status

    assert curve(4) == curve(0)
