"""plot() draws what torch_lr_finder draws, with every option, and asks for matplotlib only then."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lrtui import LRFinder
from tests.engine.rigs import finder, loader


@pytest.fixture
def axes() -> Iterator[Any]:
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def measured(count: int = 11) -> LRFinder:
    live = finder()
    live.history = {
        "lr": list(np.geomspace(1e-5, 0.1, count)),
        "loss": list(np.linspace(3, 1, count) ** 2),
    }
    return live


@pytest.mark.parametrize("suggest_lr", [False, True])
@pytest.mark.parametrize("skip_start", [0, 5, 10])
@pytest.mark.parametrize("skip_end", [0, 5, 10])
def test_the_curve_without_its_first_and_last_points(
    axes: Any, suggest_lr: bool, skip_start: int, skip_end: int
) -> None:
    live = measured()
    if suggest_lr and skip_start + skip_end + 2 > 11:
        with pytest.raises(
            RuntimeError, match=f"Need at least {skip_start + skip_end + 2} iterations.* Got 11"
        ):
            live.plot(skip_start=skip_start, skip_end=skip_end, suggest_lr=suggest_lr, ax=axes)
        return
    result = live.plot(skip_start=skip_start, skip_end=skip_end, suggest_lr=suggest_lr, ax=axes)
    kept = slice(skip_start, -skip_end or None)
    assert len(axes.lines) == 1
    x, y = axes.lines[0].get_data()
    assert list(x) == live.history["lr"][kept]
    assert list(y) == live.history["loss"][kept]
    if suggest_lr:
        assert result[0] is axes
        assert len(axes.collections) == 1
        assert axes.collections[0].get_offsets()[0][0] == result[1]
    else:
        assert result is axes
        assert len(axes.collections) == 0


@pytest.mark.parametrize(
    ("losses", "wanted"),
    [([10, 8, 4, 1, 4, 16], 2), ([1, 0, 1, 2, 3, 4], 0), ([0, 1, 2, 3, 4, 3], 5)],
)
def test_the_suggestion_is_the_steepest_point_and_not_the_lowest(
    axes: Any, losses: list[float], wanted: int
) -> None:
    live = finder()
    live.history = {"lr": list(range(6)), "loss": losses}
    assert live.plot(skip_start=0, skip_end=0, suggest_lr=True, ax=axes)[1] == wanted


@pytest.mark.parametrize("log_lr", [True, False])
def test_the_rate_axis_is_logarithmic_or_not(axes: Any, log_lr: bool) -> None:
    measured().plot(skip_start=0, skip_end=0, log_lr=log_lr, ax=axes)
    assert axes.get_xscale() == ("log" if log_lr else "linear")
    assert axes.get_xlabel() == "Learning rate"
    assert axes.get_ylabel() == "Loss"


def test_a_line_where_it_was_asked_for(axes: Any) -> None:
    measured().plot(skip_start=0, skip_end=0, show_lr=1e-3, ax=axes)
    assert len(axes.lines) == 2
    assert list(axes.lines[1].get_xdata()) == [1e-3, 1e-3]


def test_a_figure_of_its_own_is_shown_and_a_given_one_is_not(
    axes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(1))
    measured().plot(skip_start=0, skip_end=0, ax=axes)
    assert shown == []
    own, _ = measured().plot(skip_start=0, skip_end=0)
    assert shown == [1]
    assert own is not axes
    plt.close(own.figure)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"skip_start": -1}, "skip_start cannot be negative"),
        ({"skip_end": -1}, "skip_end cannot be negative"),
        ({"show_lr": "0.1"}, "show_lr must be float"),
        ({"show_lr": 1}, "show_lr must be float"),
    ],
)
def test_wrong_arguments(axes: Any, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measured().plot(ax=axes, **wrong)


def test_the_default_skips_ten_and_five(axes: Any) -> None:
    live = measured(40)
    live.plot(ax=axes)
    assert list(axes.lines[0].get_xdata()) == live.history["lr"][10:-5]


def test_matplotlib_is_imported_by_plot_alone() -> None:
    script = "import sys, lrtui; lrtui.LRFinder; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_real_curve(axes: Any) -> None:
    live = finder()
    live.range_test(loader(), num_iter=30, diverge_th=100)
    _, suggested = live.plot(ax=axes)
    losses = live.history["loss"][10:-5]
    assert suggested == live.history["lr"][10:-5][int(np.gradient(losses).argmin())]
