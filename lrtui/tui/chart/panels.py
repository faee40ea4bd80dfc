"""Panels below the curve, on its x axis: the rates that were tried, and the metric."""

import math

from lrtui.tui.chart.axis import compact
from lrtui.tui.chart.canvas import Canvas
from lrtui.tui.chart.glyphs import Glyphs
from lrtui.tui.chart.layout import Layout, Panel
from lrtui.tui.chart.picture import LABEL, Cell, Metric, Picture, Role, Standing, canvas_column
from lrtui.tui.chart.raster import DOTS_ACROSS, DOTS_DOWN, Raster, interpolated
from lrtui.tui.chart.sampling import Samples, samples_of

# later ones lie on top where two rates share a cell
_ORDER: tuple[Standing, ...] = ("blew up", "worse", "running", "as good", "pick")
_TRIED_ROLES: dict[Standing, Role] = {
    "blew up": "bad",
    "worse": "text",
    "running": "text",
    "as good": "answer",
    "pick": "answer",
}


def lay_tried(cells: list[list[Cell]], picture: Picture, layout: Layout, glyphs: Glyphs) -> None:
    """Draw a marker at each rate that was tried, by height of its loss."""
    panel = layout.tried
    if panel is None:
        return
    low, high = _loss_range(picture)
    lay_text(cells[panel.title], "tried".rjust(LABEL), 0, "text")
    _lay_key(cells[panel.title], picture, layout.width, glyphs)
    if low <= high:
        _lay_range_labels(cells, panel, low, high, glyphs)
    for tried in sorted(picture.tried, key=lambda tried: _ORDER.index(tried.standing)):
        if not picture.axis.shows(tried.lr):
            continue
        row = panel.top + _row(tried.loss, low, high, panel.rows, tried.standing)
        column = canvas_column(picture, tried.lr, layout.width)
        cells[row][column] = (glyphs.tried[tried.standing], _TRIED_ROLES[tried.standing])


def _loss_range(picture: Picture) -> tuple[float, float]:
    """The lowest and the highest finite loss; an empty range where there is none."""
    losses = []
    for tried in picture.tried:
        if tried.loss is not None and math.isfinite(tried.loss) and tried.standing != "blew up":
            losses.append(tried.loss)
    return min(losses, default=1.0), max(losses, default=0.0)


def _lay_key(row: list[Cell], picture: Picture, width: int, glyphs: Glyphs) -> None:
    """Write the title and what the markers mean, as far as there is room."""
    column = LABEL + 2
    title = glyphs.text(picture.tried_title)
    if title and column + len(title) <= width:
        lay_text(row, title, column, "text")
        column += len(title) + 3
    standings = {tried.standing for tried in picture.tried}
    for standing in reversed(_ORDER):
        entry = f"{glyphs.tried[standing]} {standing}"
        if standing in standings and column + len(entry) <= width:
            lay_text(row, entry, column, _TRIED_ROLES[standing])
            column += len(entry) + 2


def _row(loss: float | None, low: float, high: float, rows: int, standing: Standing) -> int:
    """Row of a loss: the highest one for what blew up, on a log scale where that is possible."""
    if standing == "blew up":
        return 0
    if loss is None or not math.isfinite(loss):
        return rows - 1
    return _share_row(_share(loss, low, high), rows)


def _share(loss: float, low: float, high: float) -> float:
    if high <= low:
        return 0.0
    if low > 0:
        span = math.log(high) - math.log(low)  # a ratio may overflow
        return (math.log(loss) - math.log(low)) / span if span else 0.0
    return (loss / 2 - low / 2) / (high / 2 - low / 2)  # halves: the difference may overflow


def _share_row(share: float, rows: int) -> int:
    return rows - 1 - min(max(round(share * (rows - 1)), 0), rows - 1)


def _lay_range_labels(
    cells: list[list[Cell]], panel: Panel, low: float, high: float, glyphs: Glyphs
) -> None:
    """Label the lowest row, and the highest one where it means another loss."""
    rows = cells[panel.top : panel.top + panel.rows]
    for row in rows:
        row[LABEL] = (glyphs.vertical, "axis")
    lay_text(rows[-1], short(low).rjust(LABEL)[:LABEL] + glyphs.tick, 0, "axis")
    if high > low:
        lay_text(rows[0], short(high).rjust(LABEL)[:LABEL] + glyphs.tick, 0, "axis")


def lay_metric(cells: list[list[Cell]], picture: Picture, layout: Layout, glyphs: Glyphs) -> None:
    """Draw the metric over the whole height of its panel, with the best value marked."""
    panel, metric = layout.metric, picture.metric
    if panel is None or metric is None:
        return
    width = layout.columns * DOTS_ACROSS
    samples = [samples_of(curve.line, picture.axis, width) for curve in metric.curves]
    values = [value for own in samples for _, value in own if value == value]
    if values:
        low, high = min(values), max(values)
        _lay_range_labels(cells, panel, low, high, glyphs)
        _lay_metric_curves(cells, panel, layout, metric, samples, (low, high), glyphs)
    name = glyphs.text(metric.name)[: layout.width]
    lay_text(cells[panel.title], name.rjust(LABEL), 0, "text")
    _lay_best(cells[panel.title], metric, samples, max(LABEL, len(name)) + 2, glyphs)


def _lay_metric_curves(
    cells: list[list[Cell]],
    panel: Panel,
    layout: Layout,
    metric: Metric,
    samples: list[Samples],
    span: tuple[float, float],
    glyphs: Glyphs,
) -> None:
    low, high = span
    canvas = Canvas.empty(layout.columns, panel.rows, glyphs)
    lowest_dot = panel.rows * DOTS_DOWN - 1
    for curve, own in zip(metric.curves, samples, strict=True):
        dots = []
        for x, value in own:
            share = math.nan
            if value == value:
                share = _linear_share(value, low, high)
            dots.append((x, lowest_dot * (1 - share)))
        raster = Raster(layout.columns, panel.rows)
        raster.trace(interpolated(dots, layout.columns * DOTS_ACROSS))
        canvas.lay(raster, curve.role)
    for offset, row in enumerate(canvas.rows):
        cells[panel.top + offset][LABEL + 1 :] = row


def _linear_share(value: float, low: float, high: float) -> float:
    if high <= low:
        return 0.5
    return (value / 2 - low / 2) / (high / 2 - low / 2)


def _lay_best(
    row: list[Cell], metric: Metric, samples: list[Samples], first: int, glyphs: Glyphs
) -> None:
    """Write the best value above where it is reached."""
    if metric.best is None or not math.isfinite(metric.best):
        return
    text = f"best {short(metric.best)}"
    column = _column_of(metric.best, samples)
    if column is not None:
        text = f"{glyphs.best} {text}"
    left = LABEL + 1 + (column or 0)
    if left + len(text) > len(row) and column is not None:
        text = f"best {short(metric.best)} {glyphs.best}"
        left = left + 1 - len(text)
    left = max(left, first)
    if left + len(text) <= len(row):
        lay_text(row, text, left, "metric")


def _column_of(best: float, samples: list[Samples]) -> int | None:
    """The column of cells in which the best value, or the one nearest to it, was measured."""
    nearest, distance = None, math.inf
    for own in samples:
        for x, value in own:
            if x >= 0 and abs(value - best) < distance:
                nearest, distance = x // DOTS_ACROSS, abs(value - best)
    return nearest


def short(value: float) -> str:
    """A number in at most six characters, seven if it is negative."""
    text = f"{value:.3g}"
    if "e" in text or len(text) > LABEL:
        return compact(value)
    return text


def lay_text(row: list[Cell], text: str, column: int, role: Role) -> None:
    """Write a text into a row; what is beyond the row's end is left out."""
    for offset, char in enumerate(text[: len(row) - column]):
        row[column + offset] = (char, role)
