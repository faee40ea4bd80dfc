"""Marks: vertical lines over the curves, and their names above them.

They are laid over rows that are drawn already, so a key that moves a boundary draws no curve.
"""

from dataclasses import dataclass

from lrtui.tui.chart.glyphs import Glyphs
from lrtui.tui.chart.layout import Layout
from lrtui.tui.chart.picture import BLANK, LABEL, Cell, Mark, Picture, Role, canvas_column

# later ones are stronger: they lie in front of the raw losses, and get the best place for a name
_STRENGTH: tuple[Role, ...] = ("limit", "bound", "cross", "active", "answer")
_STRONG: frozenset[Role] = frozenset({"cross", "active", "answer"})
_BEHIND_STRONG: frozenset[Role] = frozenset({"blank", "band", "batch"})
_BEHIND_LIGHT: frozenset[Role] = frozenset({"blank", "band"})

_NEAR = 3  # columns beside a name within which it is still seen to belong to its line


@dataclass
class _Label:
    """A name above a line: its text, where it would stand best, and its line's column."""

    text: str
    best: int
    column: int
    role: Role


def lay_marks(cells: list[list[Cell]], picture: Picture, layout: Layout, glyphs: Glyphs) -> None:
    """Draw the lines of all marks that are in sight, and their names."""
    visible = [mark for mark in picture.marks if picture.axis.shows(mark.lr)]
    canvas = cells[layout.top : layout.axis]
    ours: set[tuple[int, int]] = set()  # cells of lines: later ones replace them
    for mark in visible:
        column = canvas_column(picture, mark.lr, layout.width)
        _lay_line(canvas, mark.role, column, ours, glyphs)
        _lay_foot(cells[layout.axis], column, glyphs)
        if mark.role == "cross":
            _lay_through_panels(cells, column, layout, glyphs)
    by_strength = sorted(visible, key=lambda mark: _strength(mark.role), reverse=True)
    labels = [_label(mark, picture, layout, glyphs) for mark in by_strength]
    rows = [cells[layout.labels]]
    if layout.legend:
        rows.append(cells[0])
    _lay_labels(rows, labels)


def _strength(role: Role) -> int:
    if role in _STRENGTH:
        return _STRENGTH.index(role) + 1
    return 0


def _lay_line(
    canvas: list[list[Cell]], role: Role, column: int, ours: set[tuple[int, int]], glyphs: Glyphs
) -> None:
    """Draw a line behind the curves and over the lines before it."""
    behind = _BEHIND_STRONG if role in _STRONG else _BEHIND_LIGHT
    cell: Cell = (glyphs.marks.get(role, glyphs.marks["bound"]), role)
    for y, row in enumerate(canvas):
        if row[column][1] in behind or (y, column) in ours:
            row[column] = cell
            ours.add((y, column))


def _lay_foot(axis_row: list[Cell], column: int, glyphs: Glyphs) -> None:
    """End a line on the axis, without taking a tick away."""
    char, role = axis_row[column]
    foot = glyphs.foot
    if char in (glyphs.x_tick, glyphs.crossing):
        foot = glyphs.crossing
    axis_row[column] = (foot, role)


def _lay_through_panels(
    cells: list[list[Cell]], column: int, layout: Layout, glyphs: Glyphs
) -> None:
    """Continue the crosshair through trials and metric, which share the x axis."""
    for panel in (layout.tried, layout.metric):
        if panel is not None:
            for row in cells[panel.top : panel.top + panel.rows]:
                if row[column] == BLANK:
                    row[column] = (glyphs.marks["cross"], "cross")


def _label(mark: Mark, picture: Picture, layout: Layout, glyphs: Glyphs) -> _Label:
    text = glyphs.text(mark.name)
    column = canvas_column(picture, mark.lr, layout.width)
    if mark.role != "answer":
        return _Label(text, column - len(text) // 2, column, mark.role)
    # the sign of the answer stands on its line
    if column + len(text) < layout.width:
        return _Label(glyphs.answer + text, column, column, mark.role)
    return _Label(text + glyphs.answer, column - len(text), column, mark.role)


def _lay_labels(rows: list[list[Cell]], labels: list[_Label]) -> None:
    """Write each name as near to its line as there is room, on the row above if that is nearer."""
    placed: list[dict[int, int]] = [{} for _ in rows]  # left end of a label: column of its line
    for label in labels:
        place = _place(rows, placed, label)
        if place is None:
            continue
        index, left = place
        for offset, char in enumerate(label.text):
            rows[index][left + offset] = (char, label.role)
        placed[index][left] = label.column


def _place(
    rows: list[list[Cell]], placed: list[dict[int, int]], label: _Label
) -> tuple[int, int] | None:
    """Row and column for a label: in the order of the lines if possible; None without room."""
    width = len(rows[0])
    rightmost = width - len(label.text)
    best = min(max(label.best, LABEL + 1), rightmost)
    for ordered, reach in ((True, len(label.text) + _NEAR), (True, width), (False, width)):
        for index, row in enumerate(rows):
            for left in _nearest_first(best, reach, rightmost):
                if ordered and not _in_order(placed[index], left, label.column):
                    continue
                if _is_free(row, left, len(label.text)):
                    return index, left
    return None


def _nearest_first(best: int, reach: int, rightmost: int) -> list[int]:
    lefts = [left for left in range(best - reach, best + reach + 1) if 0 <= left <= rightmost]
    return sorted(lefts, key=lambda left: abs(left - best))


def _in_order(placed: dict[int, int], left: int, column: int) -> bool:
    """Whether a label at `left` is on the side of every other label on which its line is."""
    for other_left, other_column in placed.items():
        if column != other_column and (left < other_left) != (column < other_column):
            return False
    return True


def _is_free(row: list[Cell], left: int, length: int) -> bool:
    """Whether a text fits with a space at either side."""
    around = row[max(left - 1, 0) : left + length + 1]
    return all(cell[0] == " " for cell in around)


def lay_interval(cells: list[list[Cell]], picture: Picture, layout: Layout, glyphs: Glyphs) -> None:
    """Draw the interval into its own row."""
    if layout.interval is None or picture.interval is None:
        return
    low, high = (picture.axis.position(lr) for lr in picture.interval)
    row = cells[layout.interval]
    for offset, char in enumerate("good".rjust(LABEL)):
        row[offset] = (char, "text")
    if not (high >= 0 and low <= 1):  # nan compares as false
        return
    first, last = (canvas_column(picture, lr, layout.width) for lr in picture.interval)
    for column in range(first, last + 1):
        row[column] = (glyphs.interval, "answer")
