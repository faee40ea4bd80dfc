"""What the curves say: trend before batches, band, clipped tails, places that are not finite."""

from dataclasses import replace

from lrtui.tui.chart.layout import layout_of
from lrtui.tui.chart.picture import Curve, Picture
from lrtui.tui.chart.plotting import draw
from tests.tui.chart.pictures import (
    AXIS,
    canvas,
    flat,
    full,
    measured,
    plain,
    rates,
    rows_with,
    text,
    textbook,
)


def test_the_trend_lies_before_the_batches() -> None:
    picture = plain(textbook())
    rows = canvas(picture, draw(picture, 100, 30))
    trend_only = canvas(picture, draw(replace(picture, curves=(Curve(textbook().line),)), 100, 30))
    for own, other in zip(rows, trend_only, strict=True):
        assert [c for c in other if c[1] == "trend"] == [c for c in own if c[1] == "trend"]


def test_the_band_is_shaded_between_the_repeats_and_behind_everything() -> None:
    band = (rates(), [1.0] * 100, [3.0] * 100)
    picture = Picture(
        AXIS, (Curve(flat(0.5).line), Curve(flat(2.0).line), Curve(flat(3.5).line)), band=band
    )
    rows = canvas(picture, draw(picture, 100, 30))
    shaded = rows_with(rows, "band")
    trend = rows_with(rows, "trend")
    assert min(trend) < min(shaded)
    assert max(shaded) < max(trend)
    assert rows[min(shaded)][40] == ("░", "band")
    (middle,) = [y for y in trend if min(shaded) < y < max(shaded)]
    assert {role for _, role in rows[middle]} == {"trend"}


def test_a_tail_that_leaves_the_window_is_said_at_the_edge_and_in_the_legend() -> None:
    picture = plain(textbook(), settled=True)
    rows = draw(picture, 100, 30)
    top = canvas(picture, rows)[0]
    (column,) = [x for x, cell in enumerate(top) if cell == ("↑", "trend")]
    assert 0.1 < AXIS.rate_of(column, len(top)) < 10
    assert "↑ off" in text(rows)[0]
    assert "off" not in text(draw(plain(flat()), 100, 30))[0]


def test_a_tail_that_leaves_below_is_said_too() -> None:
    lines = [3.0] * 50 + [2.0] * 40 + [-1e9] * 10
    behind = measured((lr, None, loss) for lr, loss in zip(rates(), lines, strict=True))
    picture = Picture(AXIS, (Curve(behind.line, "repeat"), Curve(flat(3.0).line)))
    assert any(cell == ("↓", "repeat") for cell in canvas(picture, draw(picture, 100, 30))[-1])


def test_rates_whose_loss_is_not_finite_are_marked_at_the_top_edge() -> None:
    picture = plain(textbook(), not_finite=(1e-5, 1e9))
    rows = canvas(picture, draw(picture, 100, 30))
    bad = [(y, x) for y, row in enumerate(rows) for x, cell in enumerate(row) if cell[1] == "bad"]
    assert bad == [(0, AXIS.column(1e-5, len(rows[0])))]
    assert rows[0][bad[0][1]][0] == "✕"
    assert "✕ not finite" in text(draw(picture, 100, 30))[0]


def test_the_legend_says_what_is_drawn() -> None:
    first = text(draw(full(), 100, 30))[0]
    assert first.split("  ")[:4] == ["", "loss", "━ trend", "· batches"]
    assert "░ 3 repeats" in first
    assert "each repeat" not in first
    one = replace(full(), band=None, curves=(Curve(flat().line, "repeat"), Curve(flat(2.0).line)))
    assert "━ each repeat" in text(draw(one, 100, 30))[0]
    only_dots = replace(one, curves=(Curve(role="repeat", dots=flat().dots), Curve(flat(2.0).line)))
    assert "repeat" not in text(draw(only_dots, 100, 30))[0]
    assert "trend" not in text(draw(replace(full(), legend=False), 100, 30))[0]


def test_the_mean_of_repeats_lies_between_them() -> None:
    picture = full()
    rows = canvas(picture, draw(picture, 100, 40))
    layout = layout_of(picture, 100, 40)
    assert len(rows) == layout.rows
    assert rows_with(rows, "trend")


def test_ascii_glyphs_draw_the_same_picture() -> None:
    picture = full()
    plain_rows, ascii_rows = draw(picture, 100, 30), draw(picture, 100, 30, ascii=True)
    assert all(char.isascii() for row in ascii_rows for char, _ in row)
    assert [[role for _, role in row] for row in plain_rows] == [
        [role for _, role in row] for row in ascii_rows
    ]
    assert any("*" in line for line in text(ascii_rows)[3:])
