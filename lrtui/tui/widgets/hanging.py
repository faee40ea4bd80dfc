"""Hanging: lines of a label and a text; long texts wrap below themselves, not below the label."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from lrtui.tui.clean import clean


class Entry(NamedTuple):
    """A line: what stands in the column on the left, and the text beside it."""

    label: Content
    text: str
    style: str = ""


class Hanging(Widget):
    """A page of entries, as wide as it is given."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Hanging { width: 1fr; height: auto; }"

    def __init__(self, entries: Sequence[Entry], indent: int) -> None:
        super().__init__()
        self.entries = entries
        self.indent = indent
        self._by_width: dict[int, list[Content]] = {}

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the entries take at this width."""
        return len(self._wrapped(width))

    def render(self) -> Content:
        return Content("\n").join(self._wrapped(self.content_size.width))

    def _wrapped(self, width: int) -> list[Content]:
        """Textual asks for the height several times for each layout."""
        if width not in self._by_width:
            self._by_width[width] = list(self._lines(width))
        return self._by_width[width]

    def _lines(self, width: int) -> Iterator[Content]:
        for entry in self.entries:
            label = entry.label.pad_right(max(0, self.indent - entry.label.cell_length))
            room = max(10, width - self.indent)
            first, *rest = _wrap(clean(entry.text), room)
            yield Content.assemble(label, (first, entry.style))
            for line in rest:
                yield Content.assemble(" " * self.indent, (line, entry.style))


def _wrap(text: str, width: int) -> list[str]:
    if len(text) <= width:  # most are short
        return [text]
    return textwrap.wrap(text, width)
