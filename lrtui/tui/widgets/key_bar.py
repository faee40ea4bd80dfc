"""KeyBar: the line of keys that have something to do now."""

from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen

from lrtui.tui.widgets.quiet import Quiet


class KeyBar(Quiet):
    """One text, where Textual's Footer is a widget for every key, all of them mounted anew whenever bindings change.

    That took three times as long as the paint of a boundary that moves a column, and the first paint waited for it.
    """

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; text-wrap: nowrap; }
    """

    def __init__(self, roomy_from: int = 0) -> None:
        super().__init__()
        self.roomy_from = roomy_from  # columns: on a narrower screen the keys stand closer

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._tell)
        self._tell(self.screen)

    def on_resize(self, _: events.Resize) -> None:
        self._tell(self.screen)

    def _tell(self, screen: Screen[object]) -> None:
        gap = "  " if self.app.size.width >= self.roomy_from else " "
        keys = [
            Content.assemble((names, "bold $accent"), f" {words}")
            for names, words in self._keys(screen)
        ]
        self.show(Content.assemble(gap[1:], Content(gap).join(keys)))

    def _keys(self, screen: Screen[object]) -> Iterator[tuple[str, str]]:
        """The keys that are shown, those of a group together, and what they do."""
        shown: dict[str, Binding] = {}
        for active in screen.active_bindings.values():
            if active.binding.show:
                shown.setdefault(active.binding.action, active.binding)
        for group, bindings in groupby(shown.values(), attrgetter("group")):
            named = [
                (self.app.get_key_display(binding), binding.description) for binding in bindings
            ]
            if group is None:
                yield from named
            else:
                yield " ".join(name for name, _ in named), group.description
