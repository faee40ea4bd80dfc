"""TargetInput: a target `where:what`, with a list below it that completes paths and names what a module offers."""

from collections.abc import Callable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from lrtui.tui.clean import clean
from lrtui.tui.form.completion import Completion
from lrtui.tui.widgets.line import Line
from lrtui.tui.widgets.menu import Menu


class TargetLine(Line):
    """The line itself: while the list is open, the arrows, Enter and escape are the list's."""

    class Key(Message):
        """A key that is the list's."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    listening = False

    def on_key(self, event: events.Key) -> None:
        wanted = ("up", "down", "enter", "escape") if self.listening else ("enter",)
        if event.key in wanted:
            event.stop()
            event.prevent_default()
            self.post_message(self.Key(event.key))


class TargetInput(Vertical):
    """Type to filter, Enter to open the list or to take its line, escape to close it."""

    DEFAULT_CSS = """
    TargetInput {
        height: auto;

        Menu {
            overlay: screen;
            constrain: none inside;
            height: auto;
            max-height: 12;
            width: 72;
            max-width: 100%;
            border: round $border-blurred;
        }
    }
    """

    class Edited(Message):
        """The text changed."""

    def __init__(self, text: str, find: Callable[[str], list[Completion]]) -> None:
        super().__init__()
        self.line = TargetLine(text)
        self.menu = Menu()
        self.find = find
        self.found: list[Completion] = []
        self._taken = text  # a text that was put here, not typed: it opens no list
        self._told = self.text  # a line tells what it was made with, too: that is no edit
        self._waits = False  # a list was asked for that had nothing to show yet

    def compose(self) -> ComposeResult:
        yield self.line
        yield self.menu

    def on_mount(self) -> None:
        self.menu.display = False

    @property
    def text(self) -> str:
        """The target."""
        return self.line.value.strip()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self._taken and self.line.has_focus:
            self.open()
        self._taken = ""
        if self.text != self._told:
            self._told = self.text
            self.post_message(self.Edited())

    def on_descendant_blur(self) -> None:
        self.close()

    @on(TargetLine.Key)
    def _key(self, event: TargetLine.Key) -> None:
        event.stop()
        match event.key:
            case "enter":
                self._enter()
            case "escape":
                self.close()
            case "up":
                self.menu.action_cursor_up()
            case "down":
                self.menu.action_cursor_down()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(self.found[event.option_index])

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()

    def _enter(self) -> None:
        if not self.menu.display:
            self.open()
        elif self.menu.highlighted is not None:
            self._take(self.found[self.menu.highlighted])
        else:
            self.close()

    def open(self) -> None:
        """Show what the text may become."""
        self.found = self.find(self.line.value)
        self.menu.clear_options()
        self.menu.add_options([Option(_prompt(candidate)) for candidate in self.found])
        self.menu.display = self.line.listening = bool(self.found)
        here = next(
            (at for at, candidate in enumerate(self.found) if candidate.text == self.text), 0
        )
        self.menu.highlighted = here if self.found else None
        self._waits = not self.found and ":" in self.line.value

    def renew(self) -> None:
        """Look again while the list is open, or was asked for before there was an answer."""
        if self.line.has_focus and (self.menu.display or self._waits):
            self.open()

    def put(self, text: str) -> None:
        """Another text from elsewhere; the one that is being typed is not touched."""
        if text != self.line.value and not self.line.has_focus:
            self.line.value = self._taken = text

    def close(self) -> None:
        """Hide the list."""
        self._waits = False
        self.menu.display = self.line.listening = False

    def _take(self, candidate: Completion) -> None:
        self.line.value = self._taken = candidate.text
        self.line.cursor_position = len(candidate.text)
        self.open() if candidate.open else self.close()


def _prompt(candidate: Completion) -> Content:
    return Content.assemble(
        clean(candidate.text), (f"  {candidate.note}" if candidate.note else "", "dim")
    )
