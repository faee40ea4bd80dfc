"""Drawn: a widget of rows, of which only what changed is sent."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

Row = TypeVar("Row")
_NO_SIZE = Size(0, 0)


class Drawn(Widget, Generic[Row]):
    """Draws rows at its size. Comparing them with those before keeps it smooth over SSH.

    The rows are made anew when a size is painted for the first time, not when a Resize arrives:
    Textual (8.2) sends none to a widget whose place somebody asked for between its mounting and the
    layout.

    Attributes:
        rows: that are shown, from the top.
    """

    ALLOW_SELECT = False
    LOOKS: ClassVar[str] = ""  # prefix of the component classes

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[Row] = ()
        self._strips: list[Strip] = []
        self._drawn_at = _NO_SIZE
        self._styles: dict[str, Style] = {}

    def draw_rows(self, size: Size) -> Sequence[Row]:
        """The rows at a size that has columns and lines."""
        raise NotImplementedError

    def strip_of(self, row: Row) -> Strip:
        """A row as text. Every segment has a style, as NO_COLOR requires."""
        raise NotImplementedError

    def changed_regions(self, y: int, before: Row, after: Row) -> Iterable[Region]:
        """Where row `y` has to be sent again."""
        return [Region(0, y, self.size.width, 1)]

    def redraw(self) -> None:
        """Draw what differs from what is shown."""
        size = self.size
        if not size:
            return
        if size != self._drawn_at:
            self._draw_all(size)
            self.refresh()
            return
        before, self.rows = self.rows, self.draw_rows(size)
        if len(before) != len(self.rows):
            self._make_strips()
            self.refresh()
            return
        changed: list[Region] = []
        for y, row in enumerate(self.rows):
            if row != before[y]:
                self._strips[y] = self.strip_of(row)
                changed += self.changed_regions(y, before[y], row)
        if changed:
            self.refresh(*changed)

    def on_resize(self, _: events.Resize) -> None:
        if self.size != self._drawn_at:  # it may have been painted already
            self.redraw()

    def notify_style_update(self) -> None:
        """Make every row again: the colours changed."""
        super().notify_style_update()
        self._make_strips()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows, at the size that is painted."""
        size = self.size
        if size and size != self._drawn_at:
            self._draw_all(size)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One row."""
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)

    def style_of(self, look: str) -> Style:
        """The style of a component class."""
        style = self._styles.get(look)
        if style is None:
            style = self._styles[look] = self.get_component_rich_style(f"{self.LOOKS}--{look}")
        return style

    def _draw_all(self, size: Size) -> None:
        self._drawn_at = size
        self.rows = self.draw_rows(size)
        self._make_strips()

    def _make_strips(self) -> None:
        self._styles.clear()
        self._strips = list(map(self.strip_of, self.rows))
