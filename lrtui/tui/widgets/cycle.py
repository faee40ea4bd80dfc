"""Cycle: picks one of a few values on one line.

The arrow keys, Enter and space go to the next value; a letter goes to the next that starts with it.
"""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from lrtui.tui.clean import clean


class Cycle(Widget, can_focus=True):
    """A choice among texts; a switch is a choice between two."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Cycle { height: 1; width: 1fr; }
    Cycle:focus { text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", show=False),
        Binding("right,space,enter", "turn(1)", show=False),
    ]
    value: reactive[str] = reactive("")

    class Changed(Message):
        """Another value was picked."""

    def __init__(self, choices: tuple[str, ...], value: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.choices = _with_value(choices, value)
        self.set_reactive(Cycle.value, value)

    def render(self) -> Content:
        return Content.assemble(("‹ ", "dim"), clean(self.value) or " ", (" ›", "dim"))

    def on_click(self) -> None:
        self.action_turn(1)

    def on_key(self, event: events.Key) -> None:
        """Go to the next choice that starts with the letter."""
        letter = (event.character or "").lower()
        if not letter.isalnum():
            return
        here = self.choices.index(self.value)
        for choice in self.choices[here + 1 :] + self.choices[: here + 1]:
            if choice.lower().startswith(letter):
                event.stop()
                event.prevent_default()
                self._take(choice)
                return

    def action_turn(self, by: int) -> None:
        """Go `by` choices further; the first follows the last."""
        index = self.choices.index(self.value) + by
        self._take(self.choices[index % len(self.choices)])

    def offer(self, choices: tuple[str, ...]) -> None:
        """Replace the choices. The value stays, even where it is not among them."""
        self.choices = _with_value(choices, self.value)

    def _take(self, value: str) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed())


def _with_value(choices: tuple[str, ...], value: str) -> tuple[str, ...]:
    if value in choices:
        return choices
    return (value, *choices)
