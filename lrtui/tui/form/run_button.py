"""RunButton: what Enter presses first."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static


class RunButton(Static, can_focus=True):
    """Words on one line. The style sheet of Textual's Button has 7 KB, and the first paint would wait for it."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "press", show=False)]
    DEFAULT_CSS = """
    RunButton { width: auto; height: 1; margin: 0 1; color: $accent; text-style: bold; }
    RunButton:focus { text-style: bold reverse; }
    """

    class Pressed(Message):
        """Enter was pressed on it."""

    def on_click(self) -> None:
        self.action_press()

    def action_press(self) -> None:
        """Say so."""
        self.post_message(self.Pressed())
