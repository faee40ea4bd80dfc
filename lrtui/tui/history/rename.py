"""Rename: asks for the name of a run."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from lrtui.tui.clean import clean
from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.widgets.line import Line


class Rename(Dialog[str | None]):
    """Returns the name, "" for none, or None after escape."""

    DEFAULT_CSS = """
    Rename Line { margin: 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="rename.leave")
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self.given = name

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("a name for this run; an empty one takes it away", markup=False)
            yield Line(clean(self.given))
            yield Static(Content.styled("enter names it   esc cancels", "dim"))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(clean(event.value.strip()))
