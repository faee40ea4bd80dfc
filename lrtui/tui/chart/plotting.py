"""The chart as rows of text: data in, rows of (text, role) out. No app, no colours: a role says what a piece is.

plotext draws the curves and the axes; the boundaries and whatever else stands in a column are laid over its rows, so
that a key that moves one waits for no plot.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from lrtui.tui.chart.axis import Axis
from lrtui.tui.chart.thinning import Column, Line, Thinned, dots_of, line_of, mean_of
from lrtui.tui.chart.window import Window, clipped, window_for

Role = Literal[
    "blank", "raw", "smooth", "repeat", "axis", "bound", "active", "suggestion", "limit", "metric"
]
Cell = tuple[str, Role]
Row = tuple[Cell, ...]  # one entry a character cell

LABEL = 6  # columns of the y labels
LEAST_WIDTH, LEAST_HEIGHT = LABEL + 12, 6

# plotext is given a number for each role instead of a colour, so that the theme decides what a role looks like.
_NUMBERS: dict[Role, int] = {
    "raw": 1, "smooth": 2, "repeat": 3, "axis": 4, "bound": 5, "active": 6, "suggestion": 7, "limit": 8, "metric": 9,
}  # fmt: skip
_ROLES: dict[str, Role] = {str(number): role for role, number in _NUMBERS.items()}
_LINES: dict[Role, str] = {"bound": "┊", "active": "┃", "suggestion": "╎", "limit": "¦"}
_BEHIND = {" ", *_LINES.values()}  # what a line takes the place of
_BLANK: Cell = (" ", "blank")
_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")


@dataclass(frozen=True)
class Mark:
    """A vertical line with a name above it."""

    lr: float
    name: str
    role: Role


@dataclass(frozen=True)
class Picture:
    """All that a chart shows. `version` tells two pictures of the same growing curves apart."""

    axis: Axis
    curves: tuple[Thinned, ...] = field(default=(), compare=False)
    version: int = 0
    marks: tuple[Mark, ...] = ()  # the later ones lie on top
    interval: tuple[float, float] | None = None
    settled: bool = False  # the curves grow no more
    roles: tuple[Role, ...] = ()  # of each curve; without them they are repeats of one
    metric: tuple[Thinned, ...] = field(default=(), compare=False)  # on a scale of its own
    empty: str = ""  # what an empty chart says


def canvas_columns(width: int) -> int:
    """How many columns the curve has on a chart that is so wide."""
    return max(1, width - LABEL - 1)


def draw(picture: Picture, width: int, height: int) -> tuple[Row, ...]:
    """The chart, exactly `height` rows of `width` cells."""
    return marked(unmarked(picture, width, height), picture)


def marked(rows: tuple[Row, ...], picture: Picture) -> tuple[Row, ...]:
    """The chart with the picture's vertical lines, their names and its interval laid over it; plotext is not asked."""
    width, height = len(rows[0]) if rows else 0, len(rows)
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return rows
    columns = canvas_columns(width)
    cells = [_names(picture, width), *(list(row) for row in rows[1:])]
    for mark in _inside(picture):
        _lay_line(cells[1:-1], mark.role, LABEL + 1 + picture.axis.column(mark.lr, columns))
    if picture.interval:
        _lay_interval(cells[-2], picture, columns)
    return tuple(tuple(row) for row in cells)


def unmarked(picture: Picture, width: int, height: int) -> tuple[Row, ...]:
    """The chart without lines and interval, its first row empty: this is what takes the time of a frame."""
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return _message("too small", width, height)
    columns = canvas_columns(width)
    folded = [curve.folded(columns * 2) for curve in picture.curves]
    lines = [line for curve in folded for line in line_of(curve)]
    dots = [dot for curve in folded for dot in dots_of(curve)]
    drawn = _drawn(picture, folded)
    # of named curves those in front are shown whole: one that blew up would flatten them all
    front = (
        [line for role, own in drawn if role != "repeat" for line in own]
        if picture.roles
        else lines
    )
    window = window_for(front or lines or [dots], height - 3, settled=picture.settled, dots=dots)
    text = _plotted(picture, window, width, height - 1, dots, drawn)
    rows = [_decoded(row, width) for row in text.split("\n")[: height - 1]]
    if not dots and not lines:
        _lay_text(rows[(height - 3) // 2], picture.empty, LABEL + 1)
    return ((_BLANK,) * width, *(tuple(row) for row in rows))


def _drawn(
    picture: Picture, folded: list[list[tuple[float, Column]]]
) -> list[tuple[Role, list[Line]]]:
    """The lines in the order they are drawn: repeats are faint, with their mean in front."""
    own = [line_of(curve) for curve in folded]
    if picture.roles:
        return list(zip(picture.roles, own, strict=True))
    if len(own) > 1:
        return [*(("repeat", lines) for lines in own), ("smooth", mean_of(folded))]
    return [("smooth", lines) for lines in own]


def _plotted(
    picture: Picture,
    window: Window,
    width: int,
    height: int,
    dots: Line,
    lines_of: list[tuple[Role, list[Line]]],
) -> str:
    figure = _figure_class()()
    figure._limit_size(False, False)
    figure.plotsize(width, height)
    inside = [dot for dot in dots if window.low <= dot[1] <= window.high]
    _signal(figure.scatter, inside or [(0.0, window.low - 2 * window.step)], "raw")
    for place in _metric_dots(picture.metric, canvas_columns(width), window):
        figure.scatter([place[0]], [place[1]], marker="·", color=_NUMBERS["metric"])
    for role, lines in lines_of:
        for line in lines:
            for stretch in clipped(line, window):
                _signal(figure.plot, stretch, role)
    _axes(
        figure,
        picture.axis,
        window,
        canvas_columns(width),
        seen=bool(dots or any(lines for _, lines in lines_of)),
    )
    return str(figure.build())


def _metric_dots(curves: tuple[Thinned, ...], columns: int, window: Window) -> Line:
    """The metric's mean over the repeats, one dot a column, its range scaled to the window's height."""
    points = (
        [point for line in mean_of([curve.folded(columns) for curve in curves]) for point in line]
        if curves
        else []
    )
    low, high = min((y for _, y in points), default=0.0), max((y for _, y in points), default=1.0)
    span, height = high - low or 1.0, window.high - window.low
    return [(x, window.low + (0.02 + 0.96 * (y - low) / span) * height) for x, y in points]


def _signal(draw_signal: Any, points: Line, role: Role) -> None:
    xs, ys = zip(*points, strict=True)
    draw_signal(list(xs), list(ys), marker="braille", color=_NUMBERS[role])


def _axes(figure: Any, axis: Axis, window: Window, columns: int, *, seen: bool) -> None:
    figure.xlim(0.0, 1.0)
    figure.ylim(window.low, window.high)
    xticks = axis.ticks(columns)
    figure.xticks([position for position, _ in xticks], [label for _, label in xticks])
    yticks = window.ticks() if seen else [(window.low, "")]
    figure.yticks([value for value, _ in yticks], [label.rjust(LABEL) for _, label in yticks])
    figure.xaxes(True, False)
    figure.yaxes(True, False)
    figure.canvas_color("default")
    figure.axes_color("default")
    figure.ticks_color(_NUMBERS["axis"])


@cache
def _figure_class() -> Any:
    """Plotext's figure, imported with the first chart: the form paints without it."""
    from plotext._figure import _figure_class as figure_class

    return figure_class


def _decoded(row: str, width: int) -> list[Cell]:
    """One of plotext's rows as cells."""
    cells: list[Cell] = []
    role: Role = "blank"
    for index, piece in enumerate(_ESCAPE.split(row)):
        if index % 2:
            role = (
                _ROLES.get(piece.rpartition(";")[2], "blank")
                if piece.startswith("38;5")
                else "blank"
            )
        else:
            cells += [(char, role) for char in piece]
    return (cells + [(" ", "blank")] * width)[:width]


def _names(picture: Picture, width: int) -> list[Cell]:
    """The row above the canvas: each line's name, over its line."""
    cells: list[Cell] = [(" ", "blank")] * width
    columns = canvas_columns(width)
    taken = -1
    for mark in sorted(_inside(picture), key=lambda mark: mark.lr):
        middle = LABEL + 1 + picture.axis.column(mark.lr, columns)
        left = min(max(middle - len(mark.name) // 2, taken + 1), width - len(mark.name))
        cells[left : left + len(mark.name)] = [(char, mark.role) for char in mark.name]
        taken = left + len(mark.name)
    return cells


def _inside(picture: Picture) -> list[Mark]:
    """The marks that are on the axis."""
    return [mark for mark in picture.marks if -0.001 <= picture.axis.position(mark.lr) <= 1.001]


def _lay_line(rows: list[list[Cell]], role: Role, column: int) -> None:
    """A line behind the curves and over other lines, down to the axis, which is the last of the rows."""
    for row in rows[:-1]:
        if row[column][0] in _BEHIND:
            row[column] = (_LINES[role], role)
    rows[-1][column] = ("┴", rows[-1][column][1])


def _lay_interval(axis_row: list[Cell], picture: Picture, columns: int) -> None:
    low, high = (
        LABEL + 1 + picture.axis.column(lr, columns) for lr in picture.interval or (0.0, 0.0)
    )
    for column in range(low, high + 1):
        axis_row[column] = ("━", "suggestion")


def _lay_text(row: list[Cell], text: str, left: int) -> None:
    """A line of text in the middle of a row, from `left` on."""
    room = len(row) - left
    start = left + max(0, (room - len(text)) // 2)
    row[start : start + min(len(text), room)] = [(char, "axis") for char in text[:room]]


def _message(text: str, width: int, height: int) -> tuple[Row, ...]:
    rows: list[list[Cell]] = [[(" ", "blank")] * width for _ in range(height)]
    if height and width:
        _lay_text(rows[height // 2], text, 0)
    return tuple(tuple(row) for row in rows)
