"""Quiet: a text that is drawn again only when it changed."""

from typing import Self

from textual.content import Content
from textual.widgets import Static


class Quiet(Static):
    """A Static that compares first: Textual redraws a widget's whole region on every update."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self.shown = Content("")

    @classmethod
    def of(cls, text: Content, *, id: str) -> Self:
        """With a text from the start, which saves the layout after it is mounted."""
        quiet = cls(id=id)
        quiet.shown = text
        quiet.update(text)
        return quiet

    def show(self, text: Content | str, *, layout: bool = False) -> None:
        """Show a text; `layout` where its size may differ from the last one's."""
        if isinstance(text, str):
            text = Content(text)
        if text.is_same(self.shown):
            return
        resized = _line_widths(text) != _line_widths(self.shown)
        self.shown = text
        self.update(text, layout=layout and resized)


def _line_widths(text: Content) -> list[int]:
    return [line.cell_length for line in text.split("\n")]
