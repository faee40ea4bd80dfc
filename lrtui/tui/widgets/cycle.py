"""Cycle: one of a few values on one line, turned with the arrows, Enter or space, or a first letter."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from lrtui.tui.clean import clean


class Cycle(Widget, can_focus=True):
    """A choice, or a switch: `no` and `yes` are two choices."""

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
        self.choices = choices if value in choices else (value, *choices)
        self.set_reactive(Cycle.value, value)

    def render(self) -> Content:
        return Content.assemble(("‹ ", "dim"), clean(self.value) or " ", (" ›", "dim"))

    def on_click(self) -> None:
        self.action_turn(1)

    def on_key(self, event: events.Key) -> None:
        """A letter goes to the next choice that begins with it."""
        letter = event.character or ""
        here = self.choices.index(self.value)
        after = self.choices[here + 1 :] + self.choices[: here + 1]
        found = next(
            (
                choice
                for choice in after
                if letter.isalnum() and choice.lower().startswith(letter.lower())
            ),
            None,
        )
        if found is not None:
            event.stop()
            event.prevent_default()
            self._take(found)

    def action_turn(self, by: int) -> None:
        """The next choice, round and round."""
        self._take(self.choices[(self.choices.index(self.value) + by) % len(self.choices)])

    def offer(self, choices: tuple[str, ...]) -> None:
        """Other choices; the value stays."""
        self.choices = choices if self.value in choices else (self.value, *choices)

    def _take(self, value: str) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed())
