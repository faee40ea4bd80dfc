"""The chart as rows: right for a textbook curve, safe for any numbers at any size."""

import math
import time
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lrtui.tui.chart.axis import Axis, axis_for, decade, nice_step, number
from lrtui.tui.chart.picture import LABEL, Mark, Picture, Role, Row, canvas_columns
from lrtui.tui.chart.plotting import draw
from lrtui.tui.chart.thinning import BINS, Thinned
from lrtui.tui.chart.window import clipped, window_for

AXIS = axis_for(1e-7, 10.0, log=True)
Point = tuple[float, float | None, float | None]  # lr, raw loss, smoothed loss


def thinned(points: list[Point], axis: Axis = AXIS) -> Thinned:
    curve = Thinned(axis)
    for lr, raw, smooth in points:
        curve.add(lr, raw, smooth)
    return curve


def textbook(count: int = 100) -> Thinned:
    """Falls from 2.3 to 0.3 and blows up to a million."""
    rates = [AXIS.rate(i / (count - 1)) for i in range(count)]
    losses = [2.3 - (1 + math.tanh((math.log10(lr) + 2.5) * 1.5)) + (lr * 1.5) ** 6 for lr in rates]
    return thinned([(lr, loss, loss) for lr, loss in zip(rates, losses, strict=True)])


def text(rows: Iterable[Row]) -> list[str]:
    return ["".join(char for char, _ in row) for row in rows]


def roles_at(rows: Iterable[Row], column: int) -> set[str]:
    return {row[column][1] for row in rows}


def test_every_decade_is_labelled_where_it_stands() -> None:
    rows = text(draw(Picture(AXIS, (textbook(),)), 100, 30))
    for power in range(-7, 2):
        place = rows[-1].index(f"1e{power}")
        column = LABEL + 1 + AXIS.column(10.0**power, canvas_columns(100))
        assert place <= column <= place + len(f"1e{power}")


@pytest.mark.parametrize("width", [18, 30, 52, 80, 200])
def test_labels_never_touch_each_other(width: int) -> None:
    labels = text(draw(Picture(AXIS, (textbook(),)), width, 12))[-1].split()
    assert labels
    assert all(label in {f"1e{power}" for power in range(-7, 2)} for label in labels)


def test_a_linear_ramp_has_a_linear_axis() -> None:
    axis = axis_for(0.0, 1.0, log=False)
    labels = text(
        draw(Picture(axis, (thinned([(0.0, 1.0, 1.0), (1.0, 0.5, 0.5)], axis),)), 100, 20)
    )[-1].split()
    assert labels[0] == "0"
    assert "0.4" in labels


def test_the_blow_up_does_not_flatten_the_descent() -> None:
    window = window_for(
        [[(i / 99, y) for i, y in enumerate([2.3] * 50 + [1.0] * 30 + [0.3] * 10 + [1e6] * 10)]], 24
    )
    assert 0 <= window.low <= 0.3
    assert 2.3 <= window.high < 4


def test_raw_losses_below_the_smoothed_curve_are_in_sight_once_it_is_settled() -> None:
    line = [(i / 99, 2.3 if i < 50 else 1.0) for i in range(100)]
    dots = [(at, y + 0.3 * (-1) ** i) for i, (at, y) in enumerate(line)]
    assert window_for([line], 24, settled=True, dots=dots).low <= 0.7
    deep = [(at, y - 1e6) for at, y in line]
    assert window_for([line], 24, settled=True, dots=deep).low >= 0


def test_a_curve_that_only_rises_is_still_seen_to_rise() -> None:
    window = window_for([[(i / 99, 1.0 + i / 10) for i in range(100)]], 24)
    assert window.high > 5


def test_a_marked_rate_has_its_line_in_its_column_and_its_name_above() -> None:
    lines: list[tuple[str, Role, str]] = [
        ("start", "bound", "┊"),
        ("▸end", "active", "┃"),
        ("lr", "suggestion", "╎"),
    ]
    for name, role, line in lines:
        rows = draw(Picture(AXIS, (textbook(),), marks=(Mark(1e-6, name, role),)), 100, 30)
        column = LABEL + 1 + AXIS.column(1e-6, canvas_columns(100))
        assert name in text(rows)[0]
        assert abs(text(rows)[0].index(name) + len(name) // 2 - column) <= 1
        assert sum(row[column][0] == line for row in rows) > 20


def test_marks_at_both_ends_do_not_touch_the_labels() -> None:
    plain = text(draw(Picture(AXIS, (textbook(),)), 80, 24))
    marked = text(
        draw(
            Picture(
                AXIS,
                (textbook(),),
                marks=(Mark(1e-7, "start", "active"), Mark(10.0, "end", "bound")),
            ),
            80,
            24,
        )
    )
    assert plain[-1] == marked[-1]
    assert [row[:LABEL] for row in plain[1:]] == [row[:LABEL] for row in marked[1:]]


def test_lines_lie_behind_the_curve_and_the_later_one_over_the_earlier() -> None:
    plain = draw(Picture(AXIS, (textbook(),)), 100, 30)
    marks = (Mark(1e-3, "end", "bound"), Mark(1e-3, "start", "active"))
    rows = draw(Picture(AXIS, (textbook(),), marks=marks), 100, 30)
    column = LABEL + 1 + AXIS.column(1e-3, canvas_columns(100))
    curve = [y for y in range(1, 28) if plain[y][column][0] != " "]
    assert curve
    assert [rows[y][column] for y in curve] == [plain[y][column] for y in curve]
    assert {rows[y][column] for y in range(1, 28) if y not in curve} == {("┃", "active")}


def test_names_of_near_lines_stay_readable() -> None:
    marks = (
        Mark(1e-3, "start", "bound"),
        Mark(1.1e-3, "lr", "suggestion"),
        Mark(1.2e-3, "▸end", "active"),
    )
    assert text(draw(Picture(AXIS, (textbook(),), marks=marks), 100, 30))[0].split() == [
        "start",
        "lr",
        "▸end",
    ]


def test_a_mark_outside_the_axis_is_left_out() -> None:
    rows = draw(
        Picture(
            AXIS, (textbook(),), marks=(Mark(1e-12, "start", "active"), Mark(1e5, "end", "bound"))
        ),
        100,
        30,
    )
    assert not any(role in ("active", "bound") for row in rows for _, role in row)


def test_the_interval_lies_on_the_axis() -> None:
    row = draw(Picture(AXIS, (textbook(),), interval=(1e-3, 1e-2)), 100, 30)[-2]
    columns = canvas_columns(100)
    low, high = (LABEL + 1 + AXIS.column(lr, columns) for lr in (1e-3, 1e-2))
    assert set(row[low : high + 1]) == {("━", "suggestion")}
    assert row[low - 1][1] == row[high + 1][1] == "axis"


def test_a_gap_in_the_losses_is_a_gap_in_the_line() -> None:
    points = [
        (AXIS.rate(i / 99), None if 40 <= i < 60 else 1.0, None if 40 <= i < 60 else 1.0)
        for i in range(100)
    ]
    rows = draw(Picture(AXIS, (thinned(points),)), 107, 20)
    in_gap = {role for column in range(7 + 42, 7 + 58) for role in roles_at(rows, column)}
    assert "smooth" not in in_gap
    assert "smooth" in roles_at(rows, 7 + 20)
    assert "smooth" in roles_at(rows, 7 + 80)


def test_between_far_points_the_line_is_drawn_through() -> None:
    rows = draw(Picture(AXIS, (thinned([(1e-7, 2.0, 2.0), (10.0, 1.0, 1.0)]),)), 100, 20)
    assert all("smooth" in roles_at(rows, column) for column in range(8, 99))


def test_repeats_are_faint_and_their_mean_is_not() -> None:
    low, high = (thinned([(AXIS.rate(i / 99), y, y) for i in range(100)]) for y in (1.0, 2.0))
    rows = draw(Picture(AXIS, (low, high)), 100, 30)
    by_role = {
        role: [y for y, row in enumerate(rows) if any(r == role for _, r in row)]
        for role in ("repeat", "smooth")
    }
    assert (
        min(by_role["repeat"])
        < min(by_role["smooth"])
        <= max(by_role["smooth"])
        < max(by_role["repeat"])
    )


def test_an_empty_chart_shows_its_text() -> None:
    rows = text(draw(Picture(AXIS, empty="the first points come now"), 100, 30))
    assert any("the first points come now" in row for row in rows)
    assert "1e-3" in rows[-1]


finite_or_not = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
points = st.lists(
    st.tuples(st.floats(min_value=0, allow_infinity=True), finite_or_not, finite_or_not),
    max_size=40,
)


@settings(deadline=None, max_examples=300)
@given(
    points=points,
    start=st.floats(min_value=0, max_value=1e300),
    end=st.floats(min_value=0, max_value=1e300),
    log=st.booleans(),
    width=st.integers(0, 130),
    height=st.integers(0, 40),
    marks=st.lists(st.floats(min_value=0, allow_infinity=False), max_size=3),
)
def test_any_numbers_at_any_size_make_rows_of_the_right_size(
    points: list[Point],
    start: float,
    end: float,
    log: bool,
    width: int,
    height: int,
    marks: list[float],
) -> None:
    axis = axis_for(start, end, log)
    lines = tuple(
        Mark(lr, name, "bound") for lr, name in zip(marks, ("start", "end", "lr"), strict=False)
    )
    before = time.process_time()
    rows = draw(Picture(axis, (thinned(points, axis),), marks=lines), width, height)
    assert len(rows) == height
    assert all(len(row) == width for row in rows)
    assert all(len(char) == 1 and char.isprintable() for row in rows for char, _ in row)
    assert time.process_time() - before < 5  # off-canvas values once cost seconds and all memory


@settings(deadline=None)
@given(points=points)
def test_a_clipped_line_stays_inside_its_window(points: list[Point]) -> None:
    line = sorted(
        {lr: y for lr, _, y in points if y is not None and math.isfinite(y) and lr <= 1}.items()
    )
    window = window_for([line], 20)
    for stretch in clipped(line, window):
        assert all(window.low <= y <= window.high for _, y in stretch)


def test_a_line_that_leaves_is_drawn_up_to_the_edge() -> None:
    line = [(0.0, 1.0), (0.5, 1.0), (0.6, 100.0), (0.7, 100.0), (0.8, 1.0)]
    window = window_for([[(0.0, 1.0), (1.0, 2.0)]], 20)
    first, second = clipped(line, window)
    assert first[-1][1] == window.high
    assert 0.5 < first[-1][0] < 0.6
    assert second[0][1] == window.high
    assert second[-1] == (0.8, 1.0)


def test_a_long_run_is_kept_in_as_many_columns_as_a_short_one() -> None:
    long, short = textbook(100_000), textbook(1_000)
    assert len(long.columns) == BINS
    assert len(long.folded(186)) == len(short.folded(186)) == 186


def test_growing_never_moves_a_point_that_is_drawn() -> None:
    curve, grown = thinned([]), []
    for i in range(100):
        curve.add(AXIS.rate(i / 99), 1.0 + i % 3, 1.0 + i % 3)
        grown.append({column.position: (column.low, column.high) for column in curve.folded(186)})
    for before, after in pairwise(grown):
        assert all(after[at] == value for at, value in list(before.items())[:-1])


@given(
    st.floats(min_value=1e-12, max_value=1e6),
    st.floats(min_value=1e-12, max_value=1e6),
    st.booleans(),
)
@example(1e-12, 1.0000000000000001e-12, True)
@example(0.3, math.nextafter(0.3, 1), False)
def test_columns_and_rates_agree(a: float, b: float, log: bool) -> None:
    axis = axis_for(min(a, b), max(a, b), log)
    for column in (0, 1, 40, 92):
        assert axis.column(axis.rate_of(column, 93), 93) == column
    assert axis.rate_of(0, 93) == axis.low
    assert axis.rate_of(92, 93) == axis.high


@given(st.floats(min_value=1e-250, max_value=1e250), st.integers(1, 20))
def test_a_nice_step_cuts_into_no_more_parts_than_wanted(span: float, most: int) -> None:
    assert span / nice_step(span, most) <= most * (1 + 1e-9)


@given(st.floats(min_value=-1e150, max_value=1e150), st.floats(min_value=1e-200, max_value=1e150))
def test_tick_labels_are_at_most_six_wide(value: float, step: float) -> None:
    assert len(number(value, step)) <= 7
    assert decade(1e-4) == "1e-4"
