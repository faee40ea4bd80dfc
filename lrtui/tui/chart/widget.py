"""Chart: a widget that draws a Picture, and sends only what changed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import ClassVar, NamedTuple, get_args

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from lrtui.tui.chart.axis import axis_for
from lrtui.tui.chart.glyphs import ROLE_COLOURS, glyphs_for
from lrtui.tui.chart.layout import Layout, can_be_drawn, layout_of
from lrtui.tui.chart.picture import LABEL, Picture, Role, Row, canvas_columns
from lrtui.tui.chart.plotting import draw, marked, unmarked
from lrtui.tui.widgets.drawn import Drawn

_GAP = 14  # unchanged cells between two changed ones; moving the cursor costs about as many bytes


class Chart(Drawn[Row]):
    """The loss over the learning rate."""

    LOOKS = "chart"
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
        self._plotted: _Plotted | None = None  # reused while only marks and panels of them change

    @property
    def columns(self) -> int:
        """Columns of the canvas, along which a boundary moves."""
        return canvas_columns(self.size.width)

    def show(self, picture: Picture) -> None:
        """Draw a picture; nothing is sent if it equals the last one."""
        if picture != self.picture:
            self.picture = picture
            self.redraw()

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

    def draw_rows(self, size: Size) -> Sequence[Row]:
        """The rows of the picture; the curves are drawn only if they may have changed."""
        width, height = size
        if not can_be_drawn(width, height):
            return draw(self.picture, width, height)
        layout, glyphs = layout_of(self.picture, width, height), glyphs_for(self.ascii)
        plotted = replace(self.picture, marks=(), interval=None, tried=(), tried_title="")
        if self._plotted is None or self._plotted.of != (plotted, layout, glyphs.ascii):
            rows = unmarked(self.picture, layout, glyphs)
            self._plotted = _Plotted((plotted, layout, glyphs.ascii), rows)
        return marked(self._plotted.rows, self.picture, layout, glyphs)

    def strip_of(self, row: Row) -> Strip:
        """The row as segments of one style each; spaces join the segment before them."""
        segments: list[Segment] = []
        text, style = "", self.style_of(row[0][1])
        for char, role in row:
            # a space looks the same in any style, and every change of style costs bytes
            if char != " ":
                own = self.style_of(role)
                if own is not style and own != style:
                    segments.append(Segment(text, style))
                    text, style = "", own
            text += char
        segments.append(Segment(text, style))
        return Strip(segments, len(row))

    def changed_regions(self, y: int, before: Row, after: Row) -> Iterable[Region]:
        """Parts of the row; parts that are near are sent as one."""
        return _changed_regions(y, before, after)


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
