"""Chart: draws a Picture and sends only what changed in it."""

from dataclasses import replace
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from lrtui.tui.chart.axis import axis_for
from lrtui.tui.chart.plotting import Picture, Role, Row, canvas_columns, marked, unmarked


class Chart(Widget):
    """The loss against the learning rate. Over SSH the row by row comparison is what makes it fluent."""

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
        self._plotted: tuple[tuple[Picture, int, int], tuple[Row, ...]] | None = (
            None  # the last plot, and of what
        )
        self.sent = 0  # regions refreshed so far

    @property
    def columns(self) -> int:
        """Columns of the canvas: what a boundary moves along."""
        return canvas_columns(self.size.width)

    def show(self, picture: Picture) -> None:
        """Draw a picture; nothing is sent where it looks like the last one."""
        if picture != self.picture:
            self.picture = picture
            self._redraw()

    def on_resize(self, _: events.Resize) -> None:
        self._redraw()

    def notify_style_update(self) -> None:
        """Colours changed: every row is made anew."""
        super().notify_style_update()
        self._strips = [self._strip(row) for row in self.rows]
        self.refresh()

    def _redraw(self) -> None:
        width, height = self.size
        if not width or not height:
            return
        plot = replace(self.picture, marks=(), interval=None)
        if self._plotted is None or self._plotted[0] != (plot, width, height):
            self._plotted = (plot, width, height), unmarked(plot, width, height)
        before, self.rows = self.rows, marked(self._plotted[1], self.picture)
        if len(before) != height or len(before[0]) != width:
            self._strips = [self._strip(row) for row in self.rows]
            self.refresh()
            return
        changed = [
            self._change(y, old, new)
            for y, (old, new) in enumerate(zip(before, self.rows, strict=True))
            if old != new
        ]
        if changed:
            self.sent += len(changed)
            self.refresh(*changed)

    def _change(self, y: int, old: Row, new: Row) -> Region:
        """Renew one row, and tell which part of it is different."""
        self._strips[y] = self._strip(new)
        different = [
            x for x, (before, after) in enumerate(zip(old, new, strict=True)) if before != after
        ]
        return Region(different[0], y, different[-1] - different[0] + 1, 1)

    def render_line(self, y: int) -> Strip:
        """One row; every segment has a style, as NO_COLOR demands."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)

    def _strip(self, row: Row) -> Strip:
        segments: list[Segment] = []
        text, role = "", row[0][1] if row else "blank"
        for char, next_role in (*row, ("", None)):
            if (
                next_role != role and char != " "
            ):  # a blank looks the same in any role, and a change of style is dear
                segments.append(Segment(text, self._style(role)))
                text, role = "", next_role or role
            text += char
        return Strip(segments, len(row))

    def _style(self, role: Role) -> Style:
        return self.get_component_rich_style(f"chart--{role}")
