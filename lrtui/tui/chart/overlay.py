"""What is laid over the plotted curves: vertical lines, their names, and the interval on the axis.

plotext is not asked for these, so a key that moves a boundary waits for no plot.
"""

from lrtui.tui.chart.picture import Cell, Mark, Picture, Role, Row, can_be_drawn, canvas_column

_LINES: dict[Role, str] = {"bound": "┊", "active": "┃", "suggestion": "╎", "limit": "¦"}
_BEHIND_LINES = {" ", *_LINES.values()}  # a line replaces these; the curve stays in front of it


def marked(rows: tuple[Row, ...], picture: Picture) -> tuple[Row, ...]:
    """The rows with the picture's marks and interval."""
    if not rows or not can_be_drawn(len(rows[0]), len(rows)):
        return rows
    width = len(rows[0])
    marks = _visible_marks(picture)
    cells = [list(row) for row in rows]
    _lay_names(cells[0], marks, picture)
    for mark in marks:
        _lay_line(cells[1:-1], mark.role, canvas_column(picture, mark.lr, width))
    if picture.interval is not None:
        _lay_interval(cells[-2], picture.interval, picture)
    return tuple(tuple(row) for row in cells)


def _visible_marks(picture: Picture) -> list[Mark]:
    """The marks that are on the axis."""
    return [mark for mark in picture.marks if -0.001 <= picture.axis.position(mark.lr) <= 1.001]


def _lay_names(row: list[Cell], marks: list[Mark], picture: Picture) -> None:
    """Write each mark's name above its line; names that would overlap are moved to the right."""
    width = len(row)
    free = 0  # columns to the left are taken
    for mark in sorted(marks, key=lambda mark: mark.lr):
        middle = canvas_column(picture, mark.lr, width)
        left = min(max(middle - len(mark.name) // 2, free), width - len(mark.name))
        for offset, char in enumerate(mark.name):
            row[left + offset] = (char, mark.role)
        free = left + len(mark.name) + 1


def _lay_line(rows: list[list[Cell]], role: Role, column: int) -> None:
    """Draw a line behind the curves and over other lines, down to the axis, the last row."""
    *canvas, axis_row = rows
    for row in canvas:
        if row[column][0] in _BEHIND_LINES:
            row[column] = (_LINES[role], role)
    axis_row[column] = ("┴", axis_row[column][1])


def _lay_interval(axis_row: list[Cell], interval: tuple[float, float], picture: Picture) -> None:
    low, high = (canvas_column(picture, lr, len(axis_row)) for lr in interval)
    for column in range(low, high + 1):
        axis_row[column] = ("━", "suggestion")
