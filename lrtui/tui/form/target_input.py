"""TargetInput: a target `where:what`, with a list below it of what it may become."""

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

_LIST_KEYS = ("up", "down", "enter", "escape")


class TargetLine(Line):
    """The text. While the list is open, it gets the arrow keys, Enter and escape."""

    class ListKey(Message):
        """A key for the list."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    list_is_open = False

    def on_key(self, event: events.Key) -> None:
        wanted = _LIST_KEYS if self.list_is_open else ("enter",)
        if event.key in wanted:
            event.stop()
            event.prevent_default()
            self.post_message(self.ListKey(event.key))


class TargetInput(Vertical):
    """Type to filter; Enter opens the list or picks from it, escape closes it."""

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

    def __init__(self, text: str, complete: Callable[[str], list[Completion]]) -> None:
        super().__init__()
        self.line = TargetLine(text)
        self.menu = Menu()
        self.completions: list[Completion] = []
        self._complete = complete
        self._put = text  # the last text that was not typed: it opens no list
        self._reported = self.text  # the last text known outside: a new line reports its first one
        self._wanted = False  # the list was opened and had nothing to show yet

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
        if event.value != self._put and self.line.has_focus:
            self.open_list()
        self._put = ""
        if self.text != self._reported:
            self._reported = self.text
            self.post_message(self.Edited())

    def on_descendant_blur(self) -> None:
        self.close_list()

    @on(TargetLine.ListKey)
    def _list_key(self, event: TargetLine.ListKey) -> None:
        event.stop()
        match event.key:
            case "enter":
                self._enter()
            case "escape":
                self.close_list()
            case "up":
                self.menu.action_cursor_up()
            case "down":
                self.menu.action_cursor_down()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._pick(self.completions[event.option_index])

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()

    def _enter(self) -> None:
        if not self.menu.display:
            self.open_list()
        elif self.menu.highlighted is not None:
            self._pick(self.completions[self.menu.highlighted])
        else:
            self.close_list()

    def open_list(self) -> None:
        """Show what the text may become; the text itself is highlighted where it is complete."""
        self.completions = self._complete(self.line.value)
        has_completions = bool(self.completions)
        self.menu.clear_options()
        self.menu.add_options([Option(_prompt(completion)) for completion in self.completions])
        self.menu.display = self.line.list_is_open = has_completions
        self.menu.highlighted = 0 if has_completions else None
        for index, completion in enumerate(self.completions):
            if completion.text == self.text:
                self.menu.highlighted = index
                break
        self._wanted = not has_completions and ":" in self.line.value

    def refresh_list(self) -> None:
        """Show new answers in an open list, or in one that had nothing to show."""
        if self.line.has_focus and (self.menu.display or self._wanted):
            self.open_list()

    def put(self, text: str) -> None:
        """Replace the text, unless a person is typing."""
        if text != self.line.value and not self.line.has_focus:
            self.line.value = self._put = text

    def close_list(self) -> None:
        """Hide the list."""
        self._wanted = False
        self.menu.display = self.line.list_is_open = False

    def _pick(self, completion: Completion) -> None:
        self.line.value = self._put = completion.text
        self.line.cursor_position = len(completion.text)
        if completion.open:
            self.open_list()
        else:
            self.close_list()


def _prompt(completion: Completion) -> Content:
    text = Content(clean(completion.text))
    if not completion.note:
        return text
    return Content.assemble(text, (f"  {completion.note}", "dim"))
