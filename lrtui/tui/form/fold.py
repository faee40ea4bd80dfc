"""Fold: the heading of a section that can be opened; closed, it shows how many fields are set."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class Fold(Widget, can_focus=True):
    """One line; Enter or space opens and closes the section below it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Fold { height: 1; width: 1fr; }
    Fold:focus { text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "toggle_section", show=False)]
    count: reactive[int] = reactive(0)
    is_open: reactive[bool] = reactive(False)

    class Toggled(Message):
        """It was opened or closed."""

    def __init__(self, name: str, contents: str) -> None:
        super().__init__(id=f"fold-{name}")
        self.title = name
        self.contents = contents

    @property
    def help(self) -> str:
        """The line below the form while this has the focus."""
        action = "closes" if self.is_open else "opens"
        return f"{self.title}: {self.contents}; Enter {action} it"

    def render(self) -> Content:
        arrow = "▾ " if self.is_open else "▸ "
        summary = Content("")
        if self.count:
            summary = Content(f"{self.count} set")
        elif not self.is_open:
            summary = Content.styled(self.contents, "dim")
        return Content.assemble((arrow, "dim"), (f"{self.title}  ", "bold"), summary)

    def on_click(self) -> None:
        self.action_toggle_section()

    def action_toggle_section(self) -> None:
        """Open or close the section."""
        self.is_open = not self.is_open
        self.post_message(self.Toggled())
