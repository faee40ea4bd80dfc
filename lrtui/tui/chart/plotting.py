"""The chart as rows of cells. It has no app and no colours: a role says what a cell is part of.

`unmarked` draws the curves, which is the slow part of a frame. `marked` lays over them what moves
at a key press.
"""

from lrtui.tui.chart.axis import Tick
from lrtui.tui.chart.canvas import Canvas, draw_curves
from lrtui.tui.chart.glyphs import Glyphs, glyphs_for
from lrtui.tui.chart.layout import Layout, can_be_drawn, layout_of
from lrtui.tui.chart.legend import legend
from lrtui.tui.chart.marks import lay_interval, lay_marks
from lrtui.tui.chart.panels import lay_metric, lay_text, lay_tried
from lrtui.tui.chart.picture import BLANK, LABEL, Cell, Picture, Row
from lrtui.tui.chart.window import Window


def draw(picture: Picture, width: int, height: int, *, ascii: bool = False) -> tuple[Row, ...]:
    """The chart: exactly `height` rows of `width` cells."""
    if not can_be_drawn(width, height):
        return _too_small(width, height)
    layout, glyphs = layout_of(picture, width, height), glyphs_for(ascii)
    return marked(unmarked(picture, layout, glyphs), picture, layout, glyphs)


def unmarked(picture: Picture, layout: Layout, glyphs: Glyphs) -> tuple[Row, ...]:
    """The chart without marks, interval and trials."""
    canvas, window = draw_curves(picture, layout.columns, layout.rows, glyphs)
    cells = [[BLANK] * layout.width for _ in range(layout.height)]
    for offset, row in enumerate(canvas.rows):
        cells[layout.top + offset][LABEL + 1 :] = row
    _lay_y_axis(cells, picture, layout, window, glyphs)
    _lay_x_axis(cells, picture, layout, glyphs)
    _lay_names(cells[0], picture, layout, canvas, glyphs)
    if _is_empty(canvas):
        _lay_centred(cells[layout.top + layout.rows // 2], glyphs.text(picture.empty), LABEL + 1)
    lay_metric(cells, picture, layout, glyphs)
    return tuple(map(tuple, cells))


def marked(
    rows: tuple[Row, ...], picture: Picture, layout: Layout, glyphs: Glyphs
) -> tuple[Row, ...]:
    """The rows with the picture's marks, interval and trials."""
    cells = [list(row) for row in rows]
    lay_marks(cells, picture, layout, glyphs)
    lay_interval(cells, picture, layout, glyphs)
    lay_tried(cells, picture, layout, glyphs)
    return tuple(map(tuple, cells))


def _is_empty(canvas: Canvas) -> bool:
    return all(cell == BLANK for row in canvas.rows for cell in row)


def _lay_y_axis(
    cells: list[list[Cell]], picture: Picture, layout: Layout, window: Window, glyphs: Glyphs
) -> None:
    """Draw the line at the left, with ticks and labels."""
    for row in range(layout.top, layout.axis):
        cells[row][LABEL] = (glyphs.vertical, "axis")
    if not picture.curves:
        return
    for row, label in window.ticks():
        if len(label) <= LABEL:
            lay_text(cells[layout.top + row], label.rjust(LABEL) + glyphs.tick, 0, "axis")


def _lay_x_axis(cells: list[list[Cell]], picture: Picture, layout: Layout, glyphs: Glyphs) -> None:
    """Draw the line below the canvas, with ticks, their labels and the axis's name."""
    axis_row, label_row = cells[layout.axis], cells[layout.axis + 1]
    line = glyphs.corner + glyphs.horizontal * layout.columns
    lay_text(axis_row, line, LABEL, "axis")
    name = glyphs.text(picture.x_name)
    free_from = 0
    if len(name) < LABEL:
        lay_text(label_row, name.rjust(LABEL - 2), 0, "text")
        free_from = LABEL - 1
    for tick in picture.axis.ticks(layout.columns):
        free_from = _lay_x_tick(axis_row, label_row, tick, free_from, layout, glyphs)
    if len(name) >= LABEL:
        _lay_in_gap(label_row, name)


def _lay_x_tick(
    axis_row: list[Cell],
    label_row: list[Cell],
    tick: Tick,
    free_from: int,
    layout: Layout,
    glyphs: Glyphs,
) -> int:
    """Draw a tick and its label; the first column that is free for the next label."""
    position, label = tick
    column = LABEL + 1 + min(max(round(position * (layout.columns - 1)), 0), layout.columns - 1)
    axis_row[column] = (glyphs.x_tick, "axis")
    left = min(max(column - len(label) // 2, 0), layout.width - len(label))
    if left < free_from:
        return free_from
    lay_text(label_row, label, left, "axis")
    return left + len(label) + 1


def _lay_in_gap(row: list[Cell], text: str) -> None:
    """Write a text into the last gap of a row that has room for it, if one has."""
    for left in range(len(row) - len(text), -1, -1):
        around = row[max(left - 1, 0) : left + len(text) + 1]
        if all(cell[0] == " " for cell in around):
            lay_text(row, text, left, "text")
            return


def _lay_names(
    row: list[Cell], picture: Picture, layout: Layout, canvas: Canvas, glyphs: Glyphs
) -> None:
    """Write the name of the y axis and the legend into the first row."""
    name = glyphs.text(picture.y_name)
    shares_row = picture.marks and not layout.legend  # with the names of the marks
    room = LABEL + 1 if shares_row else layout.width
    lay_text(row, name.rjust(LABEL)[:room], 0, "text")
    if not layout.legend:
        return
    column = max(LABEL, len(name)) + 2
    for text, role in legend(picture, canvas.said, glyphs):
        if column + len(text) <= layout.width:
            lay_text(row, text, column, role)
            column += len(text) + 2


def _lay_centred(row: list[Cell], text: str, left: int) -> None:
    """Write a line of text into the middle of a row, from column `left` on."""
    room = len(row) - left
    text = text[:room]
    lay_text(row, text, left + (room - len(text)) // 2, "axis")


def _too_small(width: int, height: int) -> tuple[Row, ...]:
    """A chart that is too small for curves."""
    rows = [[BLANK] * width for _ in range(height)]
    if rows:
        _lay_centred(rows[height // 2], "too small", 0)
    return tuple(map(tuple, rows))
