"""RunButton: it has the focus when the form opens."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static


class RunButton(Static, can_focus=True):
    """One line of text. Textual's Button has 7 KB of CSS, which would delay the first paint."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "press", show=False)]
    DEFAULT_CSS = """
    RunButton { width: auto; height: 1; margin: 0 1; color: $accent; text-style: bold; }
    RunButton:focus { text-style: bold reverse; }
    """

    class Pressed(Message):
        """It was pressed with Enter or clicked."""

    def on_click(self) -> None:
        self.action_press()

    def action_press(self) -> None:
        """Post `Pressed`."""
        self.post_message(self.Pressed())
