"""Quiet: a text that is sent again only when it changed."""

from textual.content import Content
from textual.widgets import Static


class Quiet(Static):
    """A Static that compares: Textual resends a widget's whole region whether its content changed or not."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self.shown = Content("")

    def show(self, text: Content | str, *, layout: bool = False) -> None:
        """Show a text; `layout` where it may need more or less room than the last."""
        content = Content(text) if isinstance(text, str) else text
        if content.is_same(self.shown):
            return
        room = [line.cell_length for line in content.split("\n")] != [
            line.cell_length for line in self.shown.split("\n")
        ]
        self.shown = content
        self.update(content, layout=layout and room)
