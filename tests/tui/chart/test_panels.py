"""Trials and metric: on the x axis of the curve, with their own heights."""

import math
from dataclasses import replace

from lrtui.tui.chart.layout import Layout, Panel, layout_of
from lrtui.tui.chart.picture import Curve, Metric, Picture, Row, Tried, canvas_column
from lrtui.tui.chart.plotting import draw
from tests.tui.chart.pictures import AXIS, full, rates, text

SIZE = (100, 40)


def panel_rows(picture: Picture, name: str) -> tuple[Panel, list[Row], Layout]:
    layout = layout_of(picture, *SIZE)
    panel: Panel | None = getattr(layout, name)
    assert panel is not None
    rows = draw(picture, *SIZE)
    return panel, list(rows[panel.title : panel.top + panel.rows]), layout


def test_each_rate_that_was_tried_has_its_marker_in_its_column_by_height_of_its_loss() -> None:
    picture = full()
    panel, rows, _ = panel_rows(picture, "tried")
    heights = {}
    for tried in picture.tried:
        column = canvas_column(picture, tried.lr, SIZE[0])
        (y,) = [y for y, row in enumerate(rows) if y and row[column][0] in "●◐○✕"]
        heights[tried.standing] = y, rows[y][column][0]
    assert heights["pick"] == (panel.rows, "●")
    assert heights["as good"][1] == "◐"
    assert heights["worse"] == (1, "○")
    assert heights["blew up"] == (1, "✕")


def test_the_title_says_what_is_measured_and_what_the_markers_mean() -> None:
    _, rows, _ = panel_rows(full(), "tried")
    title = text(rows)[0]
    assert "loss after 233 steps" in title
    for words in ("● pick", "◐ as good", "○ worse", "✕ blew up"):
        assert words in title
    assert "running" not in title


def test_the_lane_labels_its_lowest_and_highest_loss() -> None:
    _, rows, _ = panel_rows(full(), "tried")
    lines = text(rows)
    assert lines[1].split("┤")[0].strip() == "2.1"
    assert lines[-1].split("┤")[0].strip() == "0.28"


def test_where_two_rates_share_a_cell_the_pick_is_seen() -> None:
    tried = (Tried(1e-3, 1.0, "pick"), Tried(1e-3, 1.0, "worse"), Tried(1.001e-3, 1.0, "as good"))
    _, rows, _ = panel_rows(replace(full(), tried=tried), "tried")
    assert ("●", "answer") in rows[-1]
    assert not any(("○", "text") in row for row in rows[1:])


def test_the_metric_fills_its_panel_and_its_best_value_is_marked_where_it_is() -> None:
    picture = full()
    panel, rows, _ = panel_rows(picture, "metric")
    title = text(rows)[0]
    assert "accuracy" in title
    best = title.index("▾")
    assert abs(best - canvas_column(picture, 10**-1.5, SIZE[0])) <= 1
    assert title[best:].startswith("▾ best 1")
    metric_rows = [y for y, row in enumerate(rows) if any(c[1] == "metric" for c in row)]
    assert metric_rows == list(range(panel.rows + 1))


def test_a_metric_whose_best_is_at_the_right_edge_is_labelled_in_full() -> None:
    values = [math.log10(lr) for lr in rates()]
    metric = Metric("accuracy", (Curve((rates(), values), "metric"),), 1.0)
    _, rows, _ = panel_rows(replace(full(), metric=metric), "metric")
    assert text(rows)[0].endswith("best 1 ▾")


def test_the_panels_share_the_columns_of_the_curve() -> None:
    spike = [1.0 if 1e-4 <= lr < 1.2e-4 else 0.0 for lr in rates(1000)]
    metric = Metric("m", (Curve((rates(1000), spike), "metric"),), 1.0)
    picture = Picture(AXIS, (Curve((rates(1000), spike), "trend"),), metric=metric)
    panel, rows, layout = panel_rows(picture, "metric")
    above = draw(picture, *SIZE)[layout.top : layout.axis]
    heights = [
        {x for row in part for x, c in enumerate(row) if c[1] == role and x > 7}
        for part, role in ((rows[1:2], "metric"), (above, "trend"))
    ]
    assert heights[0] <= heights[1]
    assert panel.rows >= 2
