"""Help: how to read a curve, then every key of the screen below, from the table that binds it."""

from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.widgets.hanging import Entry, Hanging

_INDENT = 11
# at most 50 columns: it is read on a screen of 60 as well
_EXAMPLE = r"""
              ┊start     ┃answer   ┊end
 ────────────-┊.         ┃         ┊           /
              ┊ '-.      ┃         ┊          /
              ┊    '-.   ┃         ┊         /
              ┊       '-.┃         ┊        /
              ┊          ┃'-.______┊_______/
 too low:       falls:               blows up:
 nothing happens   good rates        too high"""
_READING = (
    "The loss is measured while the learning rate rises. The answer is a rate at which it still "
    "falls steadily. Cyclical schedules run between the boundaries start and end."
)


class Key(NamedTuple):
    """A line of the help: the section that it stands in, its keys, and what they do."""

    section: str
    keys: str
    action: str


class Help(Dialog[None]):
    """A page of keys, below a drawn example."""

    DEFAULT_CSS = """
    Help .example { height: auto; text-wrap: nowrap; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "scroll", key_display="↑↓", id="help.up"),
        Binding("down,j", "scroll(1)", show=False, id="help.down"),
        Binding("escape,question_mark,f1,q,enter", "dismiss", "close", id="help.close"),
    ]

    def __init__(self, keys: Iterable[Key]) -> None:
        super().__init__()
        self.lines = list(keys)

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog"):
            yield Static(Content(_EXAMPLE.removeprefix("\n")), classes="example")
            yield Hanging(list(self._entries()), _INDENT)

    def action_scroll(self, by: int) -> None:
        """Scroll, where the page is longer than the screen."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)

    def _entries(self) -> Iterator[Entry]:
        yield Entry(Content(""), "")
        for section in dict.fromkeys(key.section for key in self.lines):
            yield Entry(Content.styled(section, "bold"), "")
            for key in self.lines:
                if key.section == section:
                    yield Entry(Content.styled(f"{key.keys:>9}", "bold $accent"), key.action)
            yield Entry(Content(""), "")
        yield Entry(Content.styled("a curve", "bold"), _READING, "dim")
