"""Help: every key of the screen below, from the same table that binds it."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from lrtui.tui.dialogs.dialog import Dialog

_READING = (
    "The loss is measured while the learning rate rises. A good rate lies where the loss falls "
    "steadily, well before it turns up. For a cyclical schedule the boundaries are where it begins "
    "to fall and where it stops falling."
)


class Help(Dialog[None]):
    """A page of keys, given as pairs of (keys, what they do)."""

    DEFAULT_CSS = """
    Help .reading { text-style: dim; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q,enter", "dismiss", "close", id="help.close")
    ]

    def __init__(self, bindings: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._keys = list(bindings)

    def compose(self) -> ComposeResult:
        lines = []
        for keys, description in self._keys:
            lines.append(Content.assemble((f"{keys:>9}", "bold $accent"), f"  {description}"))
        with VerticalScroll(classes="dialog"):
            yield Static(Content("\n").join(lines))
            yield Static(Content(f"\n{_READING}"), classes="reading")
            yield Static(Content.styled("\nesc closes", "dim"))
