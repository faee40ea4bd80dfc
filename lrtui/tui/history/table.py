"""RunsTable: the runs as lines, of which only the visible ones are made, and only changes are sent.

Textual's DataTable measures every row; ten thousand take seconds.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.strip import Strip

from lrtui.tui.compare.marks import RunMark
from lrtui.tui.history.model import HistoryModel
from lrtui.tui.history.rows import Row, progress, when
from lrtui.tui.numbers import loss
from lrtui.tui.widgets.drawn import Drawn

Piece = tuple[str, str]  # a text, and the component class that gives it a style
Line = tuple[Piece, ...]

_WIDE = 86  # columns from which data, loss and seconds are shown too
_WHEN, _LR, _OUTCOME, _DATA, _NUMBER = 8, 8, 9, 14, 8


class RunsTable(Drawn[Line]):
    """Draws a HistoryModel. It has no focus: the screen binds the keys."""

    LOOKS = "table"
    DEFAULT_CSS = """
    RunsTable {
        .table--plain { color: $foreground; }
        .table--dim { text-style: dim; }
        .table--head { text-style: dim; }
        .table--cursor { color: $foreground; text-style: bold; }
        .table--lr { color: $success; }
        .table--running { color: $accent; }
        .table--run1 { color: ansi_cyan; }
        .table--run2 { color: ansi_yellow; }
        .table--run3 { color: ansi_magenta; }
        .table--run4 { color: ansi_blue; }
        .table--run5 { color: ansi_red; }
        .table--run6 { color: ansi_green; }
        .table--run7 { color: ansi_bright_cyan; }
        .table--run8 { color: ansi_bright_yellow; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"table--{name}"
        for name in (
            *("plain", "dim", "head", "cursor", "lr", "running"),
            *(f"run{number}" for number in range(1, 9)),
        )
    }

    def __init__(self, model: HistoryModel, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.model = model
        self.top = 0  # the first visible row

    @property
    def page(self) -> int:
        """How many rows are visible."""
        return max(1, self.size.height - 1)

    def draw_rows(self, size: Size) -> Sequence[Line]:
        """The head and the visible runs."""
        self._scroll_to_cursor()
        now = datetime.now().astimezone()
        lines = [head(size.width, self.model.order)]
        for index, row in enumerate(self.model.shown[self.top : self.top + self.page], self.top):
            mark = self.model.marks.of(row.id)
            is_cursor = index == self.model.cursor
            lines.append(line_of(row, mark, is_cursor, size.width, now))
        blank: Line = ((" " * size.width, "plain"),)
        return lines + [blank] * (size.height - len(lines))

    def strip_of(self, row: Line) -> Strip:
        """One line."""
        segments = [Segment(text, self.style_of(name)) for text, name in row]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on a row."""
        if event.y:
            self.model.move(self.top + event.y - 1 - self.model.cursor)
            self.redraw()

    def _scroll_to_cursor(self) -> None:
        cursor, page = self.model.cursor, self.page
        lowest = max(0, cursor - page + 1)
        self.top = min(max(self.top, lowest), cursor)
        self.top = max(0, min(self.top, len(self.model.shown) - page))


def head(width: int, order: str) -> Line:
    """The names of the columns; the one that the rows are sorted by has an arrow."""
    names = {"newest": "when", "lr": "lr", "loss": "tried", "seconds": "sec", "name": "run"}
    names[order] = ("▾" if order == "newest" else "▴") + names[order]
    text = f"     {names['newest']:<{_WHEN}}{names['lr']:<{_LR}}{'outcome':<{_OUTCOME}}"
    if width >= _WIDE:
        text += f"{names['loss']:<{_NUMBER}}{names['seconds']:<{_NUMBER}}{'data':<{_DATA}}"
    return ((_cut(text + names["name"], width), "head"),)


def line_of(row: Row, mark: RunMark | None, is_cursor: bool, width: int, now: datetime) -> Line:
    """The line of a run, as wide as the table or less."""
    pointer = "▸ " if is_cursor else "  "
    marker, marker_style = "  ", "plain"
    if mark is not None:
        marker, marker_style = mark.name, mark.role
    plain = "cursor" if is_cursor else "plain"
    pieces: list[Piece] = [
        (pointer, "cursor"),
        (f"{marker} ", marker_style),
        (f"{when(row.created, now):<{_WHEN}}", "cursor" if is_cursor else "dim"),
    ]
    if row.unsaved is not None:
        room = max(0, width - 5 - _WHEN)
        pieces.append((_cut(f"{progress(row.unsaved)}  ", room), "running"))
        pieces.append((_cut(row.title, room - len(pieces[-1][0])), plain))
        return tuple(pieces)
    pieces.append((f"{_rate(row):<{_LR}}", "lr" if row.lr is not None else "dim"))
    pieces.append((f"{row.outcome:<{_OUTCOME}}", plain))
    if width >= _WIDE:
        pieces.append((_details(row), plain))
    room = width - sum(len(text) for text, _ in pieces)
    pieces.append((_cut(row.title, room), plain))
    return tuple(pieces)


def _rate(row: Row) -> str:
    return "–" if row.lr is None else f"{row.lr:.1e}"


def _details(row: Row) -> str:
    """The loss that trials reached, the seconds, the data."""
    reached, seconds = "", ""
    if row.entry is not None:
        reached = "" if row.entry.reached is None else loss(row.entry.reached)
        seconds = f"{row.entry.seconds:.0f}"
    data = _cut(row.data, _DATA - 1)
    return f"{reached:<{_NUMBER}}{seconds:<{_NUMBER}}{data:<{_DATA}}"


def _cut(text: str, room: int) -> str:
    """The text, with an ellipsis where it does not fit."""
    if len(text) <= room:
        return text
    return text[: max(0, room - 1)] + "…"[: max(0, room)]
