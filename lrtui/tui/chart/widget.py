"""Chart: a widget that draws a Picture, and sends only what changed."""

from dataclasses import replace
from typing import ClassVar, NamedTuple, get_args

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from lrtui.tui.chart.axis import axis_for
from lrtui.tui.chart.glyphs import ROLE_COLOURS, glyphs_for
from lrtui.tui.chart.layout import Layout, can_be_drawn, layout_of
from lrtui.tui.chart.picture import LABEL, Picture, Role, Row, canvas_columns
from lrtui.tui.chart.plotting import draw, marked, unmarked

_GAP = 14  # unchanged cells between two changed ones; moving the cursor costs about as many bytes


class Chart(Widget):
    """The loss over the learning rate. Comparing row by row keeps it smooth over SSH."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Chart {
        .chart--blank, .chart--text { color: $foreground; }
        .chart--trend { color: $foreground; text-style: bold; }
        .chart--batch, .chart--repeat, .chart--band, .chart--axis { text-style: dim; }
        .chart--answer { color: $success; text-style: bold; }
        .chart--active { color: $accent; text-style: bold; }
        .chart--bound { color: $accent; }
        .chart--limit { color: $warning; }
        .chart--cross { color: $foreground; }
        .chart--metric { color: $secondary; }
        .chart--bad { color: $error; text-style: bold; }
    }
    """ + "\n".join(
        f"Chart .chart--{role} {{ color: {colour}; }}" for role, colour in ROLE_COLOURS.items()
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"chart--{role}" for role in get_args(Role)}

    def __init__(self, *, ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.ascii = ascii  # set before the first picture; a later change is drawn with the next
        self.picture = Picture(axis_for(1e-7, 10.0, log=True))
        self.rows: tuple[Row, ...] = ()
        self._strips: list[Strip] = []
        self._plotted: _Plotted | None = None  # reused while only marks and panels of them change

    @property
    def columns(self) -> int:
        """Columns of the canvas, along which a boundary moves."""
        return canvas_columns(self.size.width)

    def show(self, picture: Picture) -> None:
        """Draw a picture; nothing is sent if it equals the last one."""
        if picture != self.picture:
            self.picture = picture
            self._redraw()

    class Clicked(Message):
        """The mouse was pressed at a learning rate."""

        def __init__(self, lr: float) -> None:
            super().__init__()
            self.lr = lr

    def on_click(self, event: events.Click) -> None:
        """Say which rate was clicked on; the mouse is off unless the person asked for it."""
        column = event.x - LABEL - 1
        if 0 <= column < self.columns:
            self.post_message(self.Clicked(self.picture.axis.rate_of(column, self.columns)))

    def on_mount(self) -> None:
        self.ascii = self.ascii or bool(getattr(self.app, "ascii", False))

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
        before, self.rows = self.rows, self._draw()
        if len(before) != len(self.rows) or len(before[0]) != len(self.rows[0]):
            self._strips = list(map(self._strip, self.rows))
            self.refresh()
            return
        changed = []
        for y, row in enumerate(self.rows):
            if row != before[y]:
                self._strips[y] = self._strip(row)
                changed += _changed_regions(y, before[y], row)
        if changed:
            self.refresh(*changed)

    def _draw(self) -> tuple[Row, ...]:
        """The rows of the picture; the curves are drawn only if they may have changed."""
        width, height = self.size
        if not can_be_drawn(width, height):
            return draw(self.picture, width, height)
        layout, glyphs = layout_of(self.picture, width, height), glyphs_for(self.ascii)
        plotted = replace(self.picture, marks=(), interval=None, tried=(), tried_title="")
        if self._plotted is None or self._plotted.of != (plotted, layout, glyphs.ascii):
            rows = unmarked(self.picture, layout, glyphs)
            self._plotted = _Plotted((plotted, layout, glyphs.ascii), rows)
        return marked(self._plotted.rows, self.picture, layout, glyphs)

    def render_line(self, y: int) -> Strip:
        """One row. Every segment has a style, as NO_COLOR requires."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)

    def _strip(self, row: Row) -> Strip:
        """The row as segments of one style each; spaces join the segment before them."""
        segments: list[Segment] = []
        text, style = "", self._style(row[0][1])
        for char, role in row:
            # a space looks the same in any style, and every change of style costs bytes
            if char != " ":
                own = self._style(role)
                if own is not style and own != style:
                    segments.append(Segment(text, style))
                    text, style = "", own
            text += char
        segments.append(Segment(text, style))
        return Strip(segments, len(row))

    def _style(self, role: Role) -> Style:
        return self.get_component_rich_style(f"chart--{role}")


class _Plotted(NamedTuple):
    """The rows of the last plot, and what they were plotted from."""

    of: tuple[Picture, Layout, bool]
    rows: tuple[Row, ...]


def _changed_regions(y: int, before: Row, after: Row) -> list[Region]:
    """The parts of row `y` in which the two differ; parts that are near are sent as one."""
    spans: list[list[int]] = []  # first column, and the one behind the last
    for x, (old, new) in enumerate(zip(before, after, strict=True)):
        if old == new:
            continue
        if spans and x - spans[-1][1] <= _GAP:
            spans[-1][1] = x + 1
        else:
            spans.append([x, x + 1])
    return [Region(first, y, end - first, 1) for first, end in spans]
