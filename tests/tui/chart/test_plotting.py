"""The chart as rows: right for a textbook curve, safe for any numbers at any size."""

import math
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lrtui.tui.chart.axis import axis_for, nice_step
from lrtui.tui.chart.glyphs import ASCII, GLYPHS
from lrtui.tui.chart.layout import layout_of
from lrtui.tui.chart.picture import (
    LABEL,
    RUN_ROLES,
    Curve,
    Mark,
    Metric,
    Picture,
    Points,
    Standing,
    Tried,
    canvas_columns,
)
from lrtui.tui.chart.plotting import draw
from lrtui.tui.chart.thinning import BINS
from tests.tui.chart.pictures import (
    AXIS,
    Point,
    canvas,
    flat,
    full,
    measured,
    plain,
    rates,
    roles_at,
    text,
    textbook,
)

TICK_LABELS = {f"1e{power}" for power in range(-7, 2)}


def test_every_decade_is_labelled_where_it_stands() -> None:
    rows = text(draw(plain(textbook(), settled=True), 100, 30))
    for power in range(-7, 2):
        place = rows[-1].index(f"1e{power}")
        column = LABEL + 1 + AXIS.column(10.0**power, canvas_columns(100))
        assert place <= column <= place + len(f"1e{power}")
        assert rows[-2][column] == "┬"


@pytest.mark.parametrize("width", [18, 30, 52, 80, 200])
def test_labels_never_touch_each_other(width: int) -> None:
    name, *labels = text(draw(plain(textbook(), settled=True), width, 12))[-1].split()
    assert name == "lr"
    assert labels
    assert set(labels) <= TICK_LABELS


def test_a_linear_ramp_has_a_linear_axis() -> None:
    axis = axis_for(0.0, 1.0, log=False)
    curve = measured([(0.0, 1.0, 1.0), (1.0, 0.5, 0.5)], axis)
    name, *labels = text(draw(plain(curve, settled=True), 100, 20))[-1].split()
    assert name == "lr"
    assert labels[0] == "0"
    assert "0.4" in labels


def test_a_long_name_of_the_x_axis_takes_no_label_away() -> None:
    axis = axis_for(0.0, 300.0, log=False)
    picture = Picture(axis, (Curve(((0.0, 300.0), (1.0, 2.0))),), x_name="iteration", settled=True)
    labels = text(draw(picture, 60, 12))[-1].split()
    assert "iteration" in labels
    assert {"0", "100", "200", "300"} <= set(labels)


def test_both_axes_have_a_name() -> None:
    rows = text(draw(full(), 100, 30))
    assert rows[0].split()[0] == "loss"
    assert any(row.split()[:1] == ["lr"] for row in rows)


def test_a_gap_in_the_losses_is_a_gap_in_the_line() -> None:
    losses = [None if 40 <= i < 60 else 1.0 for i in range(100)]
    curve = measured((lr, loss, loss) for lr, loss in zip(rates(), losses, strict=True))
    picture = plain(curve)
    rows = canvas(picture, draw(picture, 107, 20))
    in_gap = {role for column in range(42, 58) for role in roles_at(rows, column)}
    assert "trend" not in in_gap
    assert "trend" in roles_at(rows, 20)
    assert "trend" in roles_at(rows, 80)


@pytest.mark.parametrize("line", [((1e-7, 10.0), (2.0, 1.0)), ((1e-12, 1e5), (2.0, 1.0))])
def test_between_far_points_the_line_is_drawn_through(line: Points) -> None:
    picture = Picture(AXIS, (Curve(line),))
    rows = canvas(picture, draw(picture, 100, 20))
    assert all("trend" in roles_at(rows, column) for column in range(len(rows[0])))


def test_an_empty_chart_shows_its_text() -> None:
    rows = text(draw(Picture(AXIS, empty="the first points come now"), 100, 30))
    assert any("the first points come now" in row for row in rows)
    assert any("1e-3" in row for row in rows)


any_float = st.floats(allow_nan=True, allow_infinity=True)
extreme = st.sampled_from([math.nan, math.inf, -math.inf, 1e300, -1e300, 1e-300, 0.0, -1.0])
loss = st.one_of(any_float, extreme)
point = st.tuples(
    st.one_of(st.floats(min_value=0, allow_infinity=True), extreme),
    st.one_of(st.none(), loss),
    st.one_of(st.none(), loss),
)
points = st.lists(point, max_size=40)
names = st.text(max_size=12)
marks = st.builds(
    Mark,
    st.one_of(st.floats(min_value=0), extreme),
    names,
    st.sampled_from(["bound", "active", "answer", "limit", "cross", "run3"]),
)
standings: list[Standing] = ["pick", "as good", "worse", "blew up", "running"]
tried = st.builds(
    Tried, st.floats(min_value=0), st.one_of(st.none(), loss), st.sampled_from(standings)
)


@settings(deadline=None, max_examples=150)
@given(
    points=points,
    start=st.floats(min_value=0, max_value=1e300),
    end=st.floats(min_value=0, max_value=1e300),
    log=st.booleans(),
    width=st.one_of(st.integers(0, 130), st.just(2000)),
    height=st.integers(0, 40),
    marks=st.lists(marks, max_size=4),
    tried=st.lists(tried, max_size=5),
    interval=st.one_of(st.none(), st.tuples(any_float, any_float)),
    name=names,
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()),
)
def test_anything_at_any_size_makes_rows_of_the_right_size(
    points: list[Point],
    start: float,
    end: float,
    log: bool,
    width: int,
    height: int,
    marks: list[Mark],
    tried: list[Tried],
    interval: tuple[float, float] | None,
    name: str,
    flags: tuple[bool, bool, bool, bool],
) -> None:
    ascii, y_log, settled, legend = flags
    axis = axis_for(start, end, log)
    lrs = [lr for lr, _, _ in points]
    losses = [math.nan if loss is None else loss for _, _, loss in points]
    curve = measured(points, axis)
    picture = Picture(
        axis,
        (
            Curve(curve.line, "trend", curve.dots),
            Curve((lrs, losses), "run1", marker="●", name=name),
            Curve(measured(points).line, "run2", marker="■", name=name),
        ),
        marks=tuple(marks),
        interval=interval,
        tried=tuple(tried),
        tried_title=name,
        metric=Metric(name, (Curve((lrs, losses), "metric"),), losses[0] if losses else None),
        band=(lrs, losses, losses),
        not_finite=tuple(lrs),
        y_log=y_log,
        x_name=name,
        y_name=name,
        settled=settled,
        legend=legend,
        empty=name,
    )
    before = time.process_time()
    rows = draw(picture, width, height, ascii=ascii)
    assert len(rows) == height
    assert all(len(row) == width for row in rows)
    assert all(len(char) == 1 and char.isprintable() for row in rows for char, _ in row)
    if ascii:
        assert all(char.isascii() for row in rows for char, _ in row)
    assert time.process_time() - before < 5  # off-canvas values once cost seconds and all memory


def test_a_long_run_is_kept_in_as_many_columns_as_a_short_one() -> None:
    assert len(textbook(100_000).dots.columns) == BINS


def test_growing_never_moves_a_cell_that_is_drawn() -> None:
    """Until the window leaps, only the cells around the new point change."""
    points: list[Point] = []
    before = None
    for index, lr in enumerate(rates()):
        loss = 1.0 + 0.1 * (index % 3) if index else 2.0
        points.append((lr, loss, loss))
        picture = plain(measured(points))
        rows = canvas(picture, draw(picture, 100, 30))
        column = AXIS.column(lr, canvas_columns(100))
        if before is not None and index > 3:
            assert [row[: column - 3] for row in rows] == [row[: column - 3] for row in before]
        before = rows


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


def test_a_low_chart_keeps_the_curve_and_the_answer() -> None:
    rows = draw(full(), 50, 8)
    lines = text(rows)
    assert "▼lr" in lines[0]
    assert any("trend" in roles_at(rows, column) for column in range(8, 40))
    assert not any("tried" in line or "accuracy" in line for line in lines)


def test_parts_vanish_in_one_order_as_the_chart_gets_lower() -> None:
    seen = []
    for height in range(40, 5, -1):
        layout = layout_of(full(), 100, height)
        parts = (
            layout.metric is not None,
            layout.tried is not None,
            layout.legend,
            layout.interval is not None,
        )
        assert layout.rows >= 3
        if parts not in seen:
            seen.append(parts)
    order = [(1, 1, 1, 1), (0, 1, 1, 1), (0, 0, 1, 1), (0, 0, 0, 1), (0, 0, 0, 0)]
    assert seen == [tuple(map(bool, parts)) for parts in order]


def test_no_two_markers_are_alike_and_none_is_a_sign_of_something_else() -> None:
    for glyphs in (GLYPHS, ASCII):
        signs = {glyphs.above, glyphs.below, glyphs.bad, glyphs.answer}
        assert len(set(glyphs.markers.values()) | signs) == 8 + len(signs)
        assert len(set(glyphs.tried.values())) == 5


def test_the_marker_and_the_curve_of_eight_runs_can_be_told_apart_without_colour() -> None:
    curves = []
    for index, role in enumerate(RUN_ROLES):
        curves.append(
            Curve(flat(1.0 + index).line, role, marker="●■▲◆○□△◇"[index], name="ABCDEFGH"[index])
        )
    picture = Picture(AXIS, tuple(curves), settled=True)
    rows = text(canvas(picture, draw(picture, 100, 30)))
    for curve in curves:
        (line,) = [line for line in rows if curve.marker in line]
        assert line.count(curve.marker) >= 5
        assert line.endswith(curve.marker + curve.name)
