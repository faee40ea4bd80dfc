"""Fold: the head of a section that is closed until it is wanted; it tells what is set inside."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class Fold(Widget, can_focus=True):
    """One line; Enter or space opens and closes what follows it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Fold { height: 1; width: 1fr; }
    Fold:focus { text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "open_or_close", show=False)]
    count: reactive[int] = reactive(0)
    is_open: reactive[bool] = reactive(False)

    class Toggled(Message):
        """It was opened or closed."""

    def __init__(self, name: str, inside: str) -> None:
        super().__init__(id=f"fold-{name}")
        self.title = name
        self.inside = inside

    @property
    def help(self) -> str:
        """The line below the form."""
        return f"{self.title}: {self.inside}; Enter {'closes' if self.is_open else 'opens'} it"

    def render(self) -> Content:
        inside = "" if self.is_open else self.inside
        state = (f"{self.count} set", "") if self.count else (inside, "dim")
        return Content.assemble(
            ("▾ " if self.is_open else "▸ ", "dim"), (f"{self.title}  ", "bold"), state
        )

    def on_click(self) -> None:
        self.action_open_or_close()

    def action_open_or_close(self) -> None:
        """Open what is closed, close what is open."""
        self.is_open = not self.is_open
        self.post_message(self.Toggled())
