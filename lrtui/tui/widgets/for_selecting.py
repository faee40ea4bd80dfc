"""ForSelecting: a text to select with the mouse, shown until the next key."""

from typing import Any

from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from lrtui.tui.clean import clean

_SENT = "sent to the terminal; if it did not arrive, select it here:"


def remove_from(screen: Screen[Any]) -> None:
    """Remove the text from a screen, where it is shown."""
    for child in screen.children:
        if isinstance(child, ForSelecting):
            child.remove()


class ForSelecting(Static):
    """Lies over the lowest lines of a screen. Nothing beside the text would be copied with it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    ForSelecting {
        layer: _toastrack;
        dock: bottom;
        width: 100%;
        height: auto;
        max-height: 100%;
        background: $background;
        border-top: solid $accent;
    }
    """

    def __init__(self, text: str, description: str) -> None:
        lines = [Content.styled(f"{description}: {_SENT}", "dim")]
        lines += [Content(clean(line)) for line in text.split("\n")]
        super().__init__(Content("\n").join(lines))
