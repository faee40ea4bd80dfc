import numpy as np
import pytest
import torch

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.bounds import bounds, schedule_code
from lrtui.analysis.curve import Curve
from lrtui.analysis.suggest import suggest_curves

from .curves import ladder, noise, valley

OK = Suggestion(lr=3e-3, low=1e-3, high=1e-2, verdict="ok", reason="", method="")
SILENT = Suggestion(verdict="no_descent", reason="", method="")
PAIR = Bounds(start_lr=1e-4, end_lr=2e-2)


def test_bounds_lie_where_the_loss_starts_to_fall_and_where_it_stops() -> None:
    found = bounds([Curve(*valley(400))])
    # the loss has fallen by a tenth at 1.6e-4, and is lowest near 2e-2
    assert 3e-5 < found.start_lr < 3e-4
    assert 1e-2 < found.end_lr < 1e-1


def test_the_suggestion_lies_between_the_bounds() -> None:
    for seed in range(20):
        curves = [Curve(*valley(seed=seed, width=0.1))]
        found = bounds(curves)
        assert found.start_lr < suggest_curves(curves).lr < found.end_lr


def test_a_peak_is_above_the_constant_rate_even_where_the_loss_blows_up_at_its_lowest() -> None:
    lrs, losses = valley(width=0.1)
    losses[lrs > 2e-2] = 50
    curves = [Curve(lrs, losses, momentum=0.9)]
    assert bounds(curves).end_lr >= 1.5 * suggest_curves(curves).lr * (1 - 1e-9)


def test_bounds_follow_the_metric_where_there_is_one() -> None:
    lrs, losses = valley(400)
    accuracy = 0.1 + 0.8 * np.exp(-((np.log10(lrs) + 5) ** 2) * 3) + 0.01 * noise(400)
    found = bounds([Curve(lrs, losses, metric=accuracy, momentum=0.0)])
    assert 1e-7 < found.start_lr < 1e-5 < found.end_lr < 1e-4
    assert bounds([Curve(lrs, losses, metric=noise(400))]) == bounds([Curve(lrs, losses)])


def test_a_fall_that_is_not_over_has_its_end_at_the_end() -> None:
    lrs, losses = valley()
    found = bounds([Curve(lrs[:60], losses[:60])])
    assert lrs[40] < found.end_lr <= lrs[59]


@pytest.mark.parametrize("losses", [np.ones(100), 1 + ladder(), np.full(100, np.nan), noise(100)])
def test_without_an_improvement_there_are_no_bounds(losses) -> None:
    assert bounds([Curve(ladder(), losses)]) is None


def test_of_no_curves_there_are_no_bounds() -> None:
    assert bounds([]) is None


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("SGD", {}),
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("Adam", {}),
        ("AdamW", {"betas": (0.8, 0.9)}),
        ("torch.optim.NAdam", {}),
        ("RMSprop", {}),
        ("Adagrad", {}),
        ("Rprop", {}),
    ],
)
@pytest.mark.parametrize("total_steps", [7, 1000, "total_steps"])
def test_the_lines_run(name, arguments, total_steps) -> None:
    lines = schedule_code(PAIR, OK, name, total_steps, arguments)
    assert set(lines) == {"constant", "OneCycleLR", "CyclicLR"}
    scope = {"torch": torch, "model": torch.nn.Linear(2, 1), "total_steps": 1000}
    exec(lines["constant"], scope)
    group = scope["optimizer"].param_groups[0]
    assert group["lr"] == pytest.approx(3e-3)
    momentum = group.get("momentum")
    for name in ("CyclicLR", "OneCycleLR"):
        exec(lines[name], scope)
    assert scope["scheduler"].optimizer is scope["optimizer"]
    assert group["max_lr"] == pytest.approx(2e-2)
    if not momentum:
        assert group.get("momentum") == momentum


def test_only_lines_that_the_answers_allow() -> None:
    assert schedule_code(None, SILENT, "SGD") == {}
    assert set(schedule_code(None, OK, "SGD")) == {"constant"}
    assert set(schedule_code(PAIR, SILENT, "SGD")) == {"OneCycleLR", "CyclicLR"}
