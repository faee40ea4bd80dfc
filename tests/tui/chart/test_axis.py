"""Zoom and pan: the visible range, never beyond that of the test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrtui.tui.chart.axis import Axis, axis_for, panned, zoomed
from lrtui.tui.chart.picture import Curve, Picture
from lrtui.tui.chart.plotting import draw
from tests.tui.chart.pictures import AXIS, canvas, roles_at, text, textbook

LINEAR = axis_for(0.0, 2.0, log=False)


def test_zooming_in_halves_the_range_around_a_rate() -> None:
    axis = zoomed(AXIS, 1e-3, 2, AXIS)
    assert axis.low == pytest.approx(1e-5)
    assert axis.high == pytest.approx(1e-1)
    assert axis.position(1e-3) == pytest.approx(AXIS.position(1e-3))
    linear = zoomed(LINEAR, 1.0, 4, LINEAR)
    assert (linear.low, linear.high) == pytest.approx((0.75, 1.25))


def test_zooming_out_again_ends_at_the_range_of_the_test() -> None:
    axis = AXIS
    for _ in range(3):
        axis = zoomed(axis, 3e-2, 2, AXIS)
    assert axis.decades == pytest.approx(1.0)
    for _ in range(3):
        axis = zoomed(axis, 3e-2, 0.5, AXIS)
    assert axis == AXIS


def test_panning_moves_by_a_share_and_stops_at_the_ends() -> None:
    axis = zoomed(AXIS, 1e-3, 2, AXIS)
    assert panned(axis, 0.25, AXIS).low == pytest.approx(1e-4)
    assert panned(axis, -5, AXIS).low == AXIS.low
    assert panned(axis, 5, AXIS).high == AXIS.high
    assert panned(axis, 5, AXIS).decades == pytest.approx(axis.decades)
    assert panned(AXIS, 0.5, AXIS) == AXIS


moves = st.lists(
    st.tuples(st.sampled_from(["zoom", "pan"]), st.floats(0.1, 10.0), st.floats(0.0, 1.0)),
    max_size=12,
)


@given(moves, st.sampled_from([AXIS, LINEAR, axis_for(1e-3, 1.1e-3, log=True)]))
def test_no_sequence_of_moves_leaves_the_range(
    moves: list[tuple[str, float, float]], within: Axis
) -> None:
    axis = within
    for kind, amount, at in moves:
        if kind == "zoom":
            axis = zoomed(axis, axis.rate(at), amount, within)
        else:
            axis = panned(axis, amount - 5, within)
        assert within.low <= axis.low < axis.high <= within.high
        assert axis_for(axis.low, axis.high, axis.log) == axis  # can be drawn


def test_a_zoomed_picture_shows_the_part_of_the_curve_that_is_there() -> None:
    axis = zoomed(AXIS, 1e-2, 4, AXIS)
    picture = Picture(axis, (Curve(textbook(400).line),))
    drawn = draw(picture, 100, 30)
    rows = canvas(picture, drawn)
    assert all("trend" in roles_at(rows, column) for column in range(1, 80))
    labels = " ".join(text(drawn))
    assert "1e-7" not in labels
    assert "1e-2" in labels


def test_many_positions_are_the_same_as_one_by_one() -> None:
    lrs = [1e-9, 1e-7, 3e-4, 10.0, 1e3]
    for axis in (AXIS, LINEAR):
        assert axis.positions(lrs) == [axis.position(lr) for lr in lrs]
