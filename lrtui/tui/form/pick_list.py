"""PickList: what a target may become, listed below it while it is edited. No widget."""

from collections.abc import Callable

from lrtui.tui.clean import clean
from lrtui.tui.form.completion import Completion
from lrtui.tui.form.page.line import Line, fill

MOST_ROWS = 12

Complete = Callable[[str], list[Completion]]


class PickList:
    """A list with one highlighted entry. It is closed while `entries` is empty."""

    def __init__(self, complete: Complete) -> None:
        self.entries: list[Completion] = []
        self.highlighted = 0
        self._complete = complete
        self._top = 0
        self._wanted = False  # it was opened and had nothing to show yet

    @property
    def is_open(self) -> bool:
        """Whether it has anything to show."""
        return bool(self.entries)

    def open(self, text: str) -> None:
        """List what a text may become; the text itself is highlighted where it is complete."""
        self.entries = self._complete(text)
        self.highlighted = self._top = 0
        for index, entry in enumerate(self.entries):
            if entry.text == text.strip():
                self.highlighted = index
                break
        self._wanted = not self.entries and ":" in text

    def refresh(self, text: str) -> None:
        """Show new answers in an open list, or in one that had nothing to show."""
        if self.is_open or self._wanted:
            self.open(text)

    def close(self) -> None:
        """Show nothing."""
        self.entries, self._wanted = [], False

    def move(self, by: int) -> None:
        """Highlight another entry; the first follows the last."""
        self.highlighted = (self.highlighted + by) % len(self.entries)

    def pick(self) -> Completion:
        """The highlighted entry."""
        return self.entries[self.highlighted]

    def lines(self, width: int, height: int) -> list[Line]:
        """The list in a frame, with the highlighted entry in sight."""
        shown = min(height - 2, MOST_ROWS, len(self.entries))
        self._top = min(self._top, self.highlighted)
        self._top = max(self._top, self.highlighted - shown + 1)
        inside = width - 4
        lines: list[Line] = [(("╭" + "─" * (width - 2) + "╮", "dim"),)]
        for index in range(self._top, self._top + shown):
            entry = fill(self._entry(index), inside)
            lines.append((("│ ", "dim"), *entry, (" │", "dim")))
        more = len(self.entries) - self._top - shown
        foot = f" {more} more ↓ " if more else ""
        lines.append((("╰" + foot.rjust(width - 2, "─") + "╯", "dim"),))
        return lines

    def _entry(self, index: int) -> Line:
        entry = self.entries[index]
        text = clean(entry.text)
        if index == self.highlighted:
            return ((f"▸ {text}", "here"), (f"  {entry.note}" if entry.note else "", "dim"))
        return ((f"  {text}", "plain"), (f"  {entry.note}" if entry.note else "", "dim"))
