"""Foot: the line of keys, made anew only when other keys have something to do."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer

Shown = list[tuple[Binding, bool]]


class Foot(Footer):
    """A Footer that compares: Textual's mounts a dozen widgets anew after every refresh of the bindings.

    That took three times as long as the paint of a boundary that moves a column, and the next key had to wait for it.
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)
        self._shown: Shown | None = None

    def compose(self) -> ComposeResult:
        """Textual's own; what it is made from is remembered."""
        if self._bindings_ready:
            self._shown = _shown_by(self.screen)
        yield from super().compose()

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Make the line anew if it would look different."""
        if screen is not self.screen or _shown_by(screen) != self._shown:
            super().bindings_changed(screen)


def _shown_by(screen: Screen[object]) -> Shown:
    """The keys that a screen shows now, and whether they can be pressed."""
    return [(active.binding, active.enabled) for active in screen.active_bindings.values() if active.binding.show]
