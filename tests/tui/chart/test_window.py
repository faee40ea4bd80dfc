"""The y window: the descent fills it, and its ticks can be read."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrtui.tui.chart.axis import decade, number
from lrtui.tui.chart.picture import LABEL
from lrtui.tui.chart.window import window_for


def test_the_blow_up_does_not_flatten_the_descent() -> None:
    window = window_for([[2.3] * 50 + [1.0] * 30 + [0.3] * 10 + [1e6] * 10], 24)
    assert 0 <= window.low <= 0.3
    assert 2.3 <= window.high < 4


def test_raw_losses_below_the_curve_are_in_sight_once_it_is_settled() -> None:
    line = [2.3 if i < 50 else 1.0 for i in range(100)]
    dots = [y + 0.3 * (-1) ** i for i, y in enumerate(line)]
    assert window_for([line], 24, settled=True, dots=dots).low <= 0.7
    deep = [y - 1e6 for y in line]
    assert window_for([line], 24, settled=True, dots=deep).low >= 0


def test_a_curve_that_only_rises_is_still_seen_to_rise() -> None:
    assert window_for([[1.0 + i / 10 for i in range(100)]], 24).high > 5


@given(
    st.lists(st.integers(-99, 99).map(float), min_size=1, max_size=20),
    st.integers(4, 40),
    st.booleans(),
)
def test_ticks_are_two_or_three_rows_apart_and_the_descent_is_inside(
    losses: list[float], rows: int, settled: bool
) -> None:
    window = window_for([losses], rows, settled=settled)
    lowest = min(losses)
    start = max(losses[: losses.index(lowest) + 1])
    assert window.low <= lowest + window.per_row
    assert start <= window.high + window.per_row
    at = [row for row, _ in window.ticks()]
    assert at
    assert all(2 <= below - above <= 3 for below, above in pairwise(at))


@pytest.mark.parametrize("rows", [6, 12, 24, 45])
def test_ticks_are_at_every_second_or_third_row(rows: int) -> None:
    for low in (0.0, 0.3, 1.7):
        window = window_for([[2.3, low]], rows, settled=True)
        at = [row for row, _ in window.ticks()]
        gaps = {below - above for below, above in pairwise(at)}
        assert len(gaps) == 1
        assert gaps <= {2, 3}


def test_a_tick_stands_in_the_row_of_its_loss() -> None:
    for log in (False, True):
        window = window_for([[2.3, 0.3]], 24, settled=True, log=log)
        for row, label in window.ticks():
            (dot,) = window.dots([float(label)])
            assert abs(dot // 4 - row) <= int(log)


def test_ticks_of_a_log_window_are_1_2_5() -> None:
    labels = [label for _, label in window_for([[20.0, 0.1]], 24, settled=True, log=True).ticks()]
    assert {"0.1", "0.2", "0.5", "1", "2", "5", "10", "20"} <= set(labels)


def test_a_narrow_log_window_has_ticks_as_well() -> None:
    labels = [label for _, label in window_for([[2.4, 2.3]], 24, settled=True, log=True).ticks()]
    assert len(labels) >= 3
    assert all(2 < float(label) < 3 for label in labels)


def test_a_loss_without_a_logarithm_is_a_gap() -> None:
    window = window_for([[1.0, 0.0, -1.0, 0.1]], 24, log=True)
    dots = window.dots([1.0, 0.0, -1.0])
    assert [math.isnan(dot) for dot in dots] == [False, True, True]


def test_a_growing_window_changes_rarely() -> None:
    losses = [2.0 - 1.5 * i / 99 for i in range(100)]
    windows = {window_for([losses[: count + 1]], 24) for count in range(100)}
    assert len(windows) <= 5


@given(st.floats(min_value=-1e150, max_value=1e150), st.floats(min_value=1e-200, max_value=1e150))
def test_tick_labels_fit_their_column(value: float, step: float) -> None:
    assert len(number(abs(value), step)) <= LABEL
    assert decade(1e-4) == "1e-4"


def test_labels_show_halves_of_a_step() -> None:
    assert [number(value, 2.5) for value in (2.5, 5.0, 7.5)] == ["2.5", "5.0", "7.5"]
    assert [number(value, 0.25) for value in (0.25, 0.5)] == ["0.25", "0.50"]
    assert number(123_000.0, 1000.0) == "123000"
    assert number(1_230_000.0, 1000.0) == "1.23e6"
