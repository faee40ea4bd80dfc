"""The help: every key of the screen below, from the same table that binds them."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from lrtui.tui.dialogs.dialog import Dialog

_READING = (
    "The loss is measured while the learning rate rises. A good rate lies where the loss falls steadily, well before "
    "it turns up; for a cyclical schedule the boundaries are where it begins to fall and where it stops falling."
)


class Help(Dialog[None]):
    """A page of keys; any of its own keys closes it."""

    DEFAULT_CSS = """
    Help .reading { text-style: dim; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q,enter", "dismiss", "close", id="help.close")
    ]

    def __init__(self, bindings: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self.lines = [
            Content.assemble((f"{keys:>9}", "bold $accent"), f"  {words}")
            for keys, words in bindings
        ]

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog"):
            yield Static(Content("\n").join(self.lines))
            yield Static(Content(f"\n{_READING}"), classes="reading")
            yield Static(Content.styled("\nesc closes", "dim"))
