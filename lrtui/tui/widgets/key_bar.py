"""KeyBar: the keys that do something now, on one line."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen

from lrtui.tui.widgets.quiet import Quiet

_STAY = 3  # entries at the end that are never left out


class KeyBar(Quiet):
    """A single text. Textual's Footer mounts a widget for every key whenever bindings change.

    That took three times as long as painting a moved boundary, and delayed the first paint.
    """

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; text-wrap: nowrap; }
    """

    def __init__(self, roomy_from: int = 0) -> None:
        super().__init__()
        self.roomy_from = roomy_from  # columns of the screen; on a narrower one the gaps are small

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._show_keys)
        self._show_keys(self.screen)

    def on_resize(self, _: events.Resize) -> None:
        self._show_keys(self.screen)

    def _show_keys(self, screen: Screen[Any]) -> None:
        gap = "  " if self.app.size.width >= self.roomy_from else " "
        self.show(keys_line(screen, gap))


def keys_line(screen: Screen[Any], gap: str = "  ") -> Content:
    """The keys that do something now on this screen, as many as there is room for.

    The last ones, which close the screen, explain the rest or leave the app, always stay.
    """
    entries: list[Content] = []
    for names, description in _entries(screen):
        entries.append(Content.assemble((names, "bold $accent"), f" {description}"))
    room = screen.app.size.width - len(gap[1:])
    if _width(entries, gap) > room:
        entries.insert(len(entries) - _STAY, Content.styled("…", "dim"))
    while _width(entries, gap) > room and len(entries) > _STAY + 1:
        del entries[-_STAY - 2]
    return Content.assemble(gap[1:], Content(gap).join(entries))


def _width(entries: Sequence[Content], gap: str) -> int:
    """Columns of the entries with the gaps between them."""
    return sum(entry.cell_length for entry in entries) + len(gap) * (len(entries) - 1)


def _entries(screen: Screen[Any]) -> Iterator[tuple[str, str]]:
    """Key names and description of every entry; a group of bindings is one entry."""
    app = screen.app
    shown: dict[str, Binding] = {}
    for active in screen.active_bindings.values():
        if active.binding.show:
            shown.setdefault(active.binding.action, active.binding)
    for group, bindings in groupby(shown.values(), attrgetter("group")):
        if group is None:
            for binding in bindings:
                yield app.get_key_display(binding), binding.description
        else:
            names = [app.get_key_display(binding) for binding in bindings]
            yield " ".join(names), group.description
