"""Chart: a widget that draws a Picture, and sends only what changed."""

from dataclasses import replace
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from lrtui.tui.chart.axis import axis_for
from lrtui.tui.chart.overlay import marked
from lrtui.tui.chart.picture import Picture, Role, Row, canvas_columns
from lrtui.tui.chart.plotting import unmarked


class Chart(Widget):
    """The loss over the learning rate. Comparing row by row keeps it smooth over SSH."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Chart {
        .chart--blank { color: $foreground; }
        .chart--raw { text-style: dim; }
        .chart--smooth { color: $foreground; text-style: bold; }
        .chart--repeat { text-style: dim; }
        .chart--axis { text-style: dim; }
        .chart--bound { color: $accent; }
        .chart--active { color: $accent; text-style: bold; }
        .chart--suggestion { color: $success; }
        .chart--limit { color: $warning; }
        .chart--metric { color: $secondary; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--blank",
        "chart--raw",
        "chart--smooth",
        "chart--repeat",
        "chart--axis",
        "chart--bound",
        "chart--active",
        "chart--suggestion",
        "chart--limit",
        "chart--metric",
    }

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.picture = Picture(axis_for(1e-7, 10.0, log=True))
        self.rows: tuple[Row, ...] = ()
        self._strips: list[Strip] = []
        self._plotted: _Plotted | None = None  # reused while only marks and interval change

    @property
    def columns(self) -> int:
        """Columns of the canvas, along which a boundary moves."""
        return canvas_columns(self.size.width)

    def show(self, picture: Picture) -> None:
        """Draw a picture; nothing is sent if it equals the last one."""
        if picture != self.picture:
            self.picture = picture
            self._redraw()

    def on_resize(self, _: events.Resize) -> None:
        self._redraw()

    def notify_style_update(self) -> None:
        """Make every row again: the colours changed."""
        super().notify_style_update()
        self._strips = list(map(self._strip, self.rows))
        self.refresh()

    def _redraw(self) -> None:
        if not self.size.width or not self.size.height:
            return
        before, self.rows = self.rows, marked(self._plot(), self.picture)
        if len(before) != len(self.rows) or len(before[0]) != len(self.rows[0]):
            self._strips = list(map(self._strip, self.rows))
            self.refresh()
            return
        changed = []
        for y, row in enumerate(self.rows):
            if row != before[y]:
                self._strips[y] = self._strip(row)
                changed.append(_changed_region(y, before[y], row))
        if changed:
            self.refresh(*changed)

    def _plot(self) -> tuple[Row, ...]:
        """The rows without marks and interval."""
        picture = replace(self.picture, marks=(), interval=None)
        if self._plotted is None or self._plotted.of != (picture, self.size):
            rows = unmarked(picture, *self.size)
            self._plotted = _Plotted((picture, self.size), rows)
        return self._plotted.rows

    def render_line(self, y: int) -> Strip:
        """One row. Every segment has a style, as NO_COLOR requires."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)

    def _strip(self, row: Row) -> Strip:
        """The row as segments of one style each; spaces join the segment before them."""
        segments: list[Segment] = []
        text, role = "", row[0][1]
        for char, next_role in row:
            # a space looks the same in any style, and every change of style costs bytes
            if next_role != role and char != " ":
                segments.append(Segment(text, self._style(role)))
                text, role = "", next_role
            text += char
        segments.append(Segment(text, self._style(role)))
        return Strip(segments, len(row))

    def _style(self, role: Role) -> Style:
        return self.get_component_rich_style(f"chart--{role}")


class _Plotted(NamedTuple):
    """The rows of the last plot, and what they were plotted from."""

    of: tuple[Picture, Size]
    rows: tuple[Row, ...]


def _changed_region(y: int, before: Row, after: Row) -> Region:
    """The part of row `y` in which the two differ."""
    different = []
    for x, (old, new) in enumerate(zip(before, after, strict=True)):
        if old != new:
            different.append(x)
    return Region(different[0], y, different[-1] - different[0] + 1, 1)
