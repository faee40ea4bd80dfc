"""The chart as rows of cells. It has no app and no colours: a role says what a cell is part of.

plotext plots the curves and the axes. What moves at a key press is laid over them by overlay.py.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from lrtui.tui.chart.axis import Tick
from lrtui.tui.chart.overlay import marked
from lrtui.tui.chart.picture import LABEL, Cell, Picture, Role, Row, can_be_drawn, canvas_columns
from lrtui.tui.chart.thinning import Column, Line, Thinned, dots_of, line_of, mean_of
from lrtui.tui.chart.window import Window, clipped, window_for

# plotext gets a number for each role instead of a colour, so that the theme decides the colours
_NUMBERS: dict[Role, int] = {
    "raw": 1,
    "smooth": 2,
    "repeat": 3,
    "axis": 4,
    "suggestion": 5,
    "metric": 6,
}
_ROLES: dict[str, Role] = {str(number): role for role, number in _NUMBERS.items()}
_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_BLANK: Cell = (" ", "blank")


@dataclass(frozen=True)
class _Layer:
    """Lines of one role; a layer is drawn over the ones before it."""

    role: Role
    lines: list[Line]


def draw(picture: Picture, width: int, height: int) -> tuple[Row, ...]:
    """The chart: exactly `height` rows of `width` cells."""
    return marked(unmarked(picture, width, height), picture)


def unmarked(picture: Picture, width: int, height: int) -> tuple[Row, ...]:
    """The chart without marks and interval, its first row empty: the slow part of a frame."""
    if not can_be_drawn(width, height):
        return _message("too small", width, height)
    curves = [curve.folded(canvas_columns(width) * 2) for curve in picture.curves]
    lines = list(map(line_of, curves))
    layers = _layers(picture, curves, lines)
    dots = list(chain(*map(dots_of, curves)))
    window = _window(picture, lines, dots, height - 3)
    rows = _plot(picture, window, layers, dots, width, height - 1)
    if _is_empty(layers, dots):
        _lay_text(rows[(height - 3) // 2], picture.empty, LABEL + 1)
    return ((_BLANK,) * width, *map(tuple, rows))


def _is_empty(layers: list[_Layer], dots: Line) -> bool:
    return not dots and not any(layer.lines for layer in layers)


def _layers(picture: Picture, curves: list[list[Column]], lines: list[list[Line]]) -> list[_Layer]:
    """The lines of the curves from back to front: repeats are faint, with their mean in front."""
    if picture.roles:
        return list(map(_Layer, picture.roles, lines))
    if len(curves) == 1:
        return [_Layer("smooth", lines[0])]
    layers = [_Layer("repeat", own) for own in lines]
    layers.append(_Layer("smooth", mean_of(curves)))
    return layers


def _window(picture: Picture, lines: list[list[Line]], dots: Line, rows: int) -> Window:
    """The window of all curves; of named curves only those in front, which others would flatten."""
    shown: list[Line] = []
    for role, own in zip(picture.roles, lines, strict=False):
        if role != "repeat":
            shown += own
    if not shown:
        shown = list(chain(*lines))
    return window_for(shown or [dots], rows, settled=picture.settled, dots=dots)


def _plot(
    picture: Picture, window: Window, layers: list[_Layer], dots: Line, width: int, height: int
) -> list[list[Cell]]:
    columns = canvas_columns(width)
    figure = _figure_class()()
    figure._limit_size(False, False)
    figure.plotsize(width, height)
    inside = list(filter(window.holds, dots))
    below = (0.0, window.low - 2 * window.step)  # not visible; plotext needs a point
    _draw_points(figure.scatter, inside or [below], "raw")
    for x, y in _metric_dots(picture.metric, columns, window):
        figure.scatter([x], [y], marker="·", color=_NUMBERS["metric"])
    for layer in layers:
        for line in layer.lines:
            for stretch in clipped(line, window):
                _draw_points(figure.plot, stretch, layer.role)
    yticks = window.ticks()
    if _is_empty(layers, dots):
        yticks = [(window.low, "")]
    _draw_axes(figure, window, picture.axis.ticks(columns), yticks)
    lines = str(figure.build()).split("\n")
    return [_decoded(line, width) for line in lines[:height]]


def _draw_points(plot: Callable[..., object], points: Line, role: Role) -> None:
    xs, ys = zip(*points, strict=True)
    plot(list(xs), list(ys), marker="braille", color=_NUMBERS[role])


def _metric_dots(curves: tuple[Thinned, ...], columns: int, window: Window) -> Line:
    """The metric's mean over the repeats, one dot a column, its range scaled to the window."""
    points = list(chain(*mean_of([curve.folded(columns) for curve in curves])))
    if not points:
        return []
    _, values = zip(*points, strict=True)
    low, span = min(values), max(values) - min(values) or 1.0
    height = window.high - window.low
    dots = []
    for x, value in points:
        share = 0.02 + 0.96 * (value - low) / span  # of the height: a little room at both ends
        dots.append((x, window.low + share * height))
    return dots


def _draw_axes(figure: Any, window: Window, xticks: list[Tick], yticks: list[Tick]) -> None:
    figure.xlim(0.0, 1.0)
    figure.ylim(window.low, window.high)
    figure.xticks(*_values_and_labels(xticks))
    figure.yticks(*_values_and_labels(yticks, LABEL))
    figure.xaxes(True, False)
    figure.yaxes(True, False)
    figure.canvas_color("default")
    figure.axes_color("default")
    figure.ticks_color(_NUMBERS["axis"])


def _values_and_labels(ticks: list[Tick], width: int = 0) -> tuple[list[float], list[str]]:
    """The ticks as plotext takes them, with labels of at least this width."""
    values, labels = [], []
    for value, label in ticks:
        values.append(value)
        labels.append(label.rjust(width))
    return values, labels


@cache
def _figure_class() -> Any:
    """Import the class of plotext's figures with the first chart: the form paints without it."""
    from plotext._figure import _figure_class as figure_class

    return figure_class


def _decoded(line: str, width: int) -> list[Cell]:
    """One of plotext's lines as cells."""
    cells: list[Cell] = []
    role: Role = "blank"
    for index, piece in enumerate(_ESCAPE.split(line)):
        if index % 2:
            role = _role_of(piece)
        else:
            cells += [(char, role) for char in piece]
    cells += [_BLANK] * (width - len(cells))
    return cells[:width]


def _role_of(codes: str) -> Role:
    """The role whose number plotext wrote as a colour, such as `38;5;2`."""
    if not codes.startswith("38;5"):
        return "blank"
    return _ROLES.get(codes.rpartition(";")[2], "blank")


def _lay_text(row: list[Cell], text: str, left: int) -> None:
    """Write a line of text into the middle of a row, from column `left` on."""
    room = len(row) - left
    text = text[:room]
    start = left + (room - len(text)) // 2
    row[start : start + len(text)] = [(char, "axis") for char in text]


def _message(text: str, width: int, height: int) -> tuple[Row, ...]:
    """A chart that is too small for curves."""
    rows = [[_BLANK] * width for _ in range(height)]
    if rows:
        _lay_text(rows[height // 2], text, 0)
    return tuple(map(tuple, rows))
