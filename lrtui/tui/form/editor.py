"""LineEditor: a text of one line, its cursor, and the keys that edit it. No widget draws it."""

from collections.abc import Callable
from typing import NamedTuple

from rich.cells import cell_len

from lrtui.tui.clean import clean

_CUT = "…"


class View(NamedTuple):
    """The part of a text that fits: before the cursor, below it, and after it."""

    before: str
    under: str
    after: str


class LineEditor:
    """It has the keys of a shell's line: arrows, home, end, ctrl+w, ctrl+u, ctrl+k."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = len(text)

    def handles(self, key: str) -> bool:
        """Whether a key that types nothing edits the text or moves the cursor."""
        return key in _KEYS

    def press(self, key: str) -> None:
        """Edit the text, or move the cursor."""
        _KEYS[key](self)

    def type(self, text: str) -> None:
        """Put a text in at the cursor."""
        self.text = self.text[: self.position] + text + self.text[self.position :]
        self.position += len(text)

    def replace(self, text: str) -> None:
        """Replace the whole text."""
        self.text, self.position = text, len(text)

    def view(self, width: int) -> View:
        """The text with its cursor in so many columns; where it is cut, it has a mark."""
        text = clean(self.text)  # as long as the text
        before, after = text[: self.position], text[self.position :]
        under, after = after[:1] or " ", after[1:]
        room = max(1, width - cell_len(under))
        if cell_len(before) + cell_len(after) <= room:
            return View(before, under, after)
        before = _last(before, max(room - min(cell_len(after), room // 3), 1))
        return View(before, under, _first(after, room - cell_len(before)))

    def _to(self, position: int) -> None:
        self.position = min(max(position, 0), len(self.text))

    def _delete(self, start: int, end: int) -> None:
        self.text = self.text[:start] + self.text[end:]
        self.position = start

    def _word_start(self) -> int:
        """Where the word before the cursor begins."""
        kept = self.text[: self.position].rstrip(" /:.,_")
        return max(kept.rfind(mark) for mark in " /:.,_") + 1


def _first(text: str, width: int) -> str:
    """The beginning of a text, in so many columns."""
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) > width - 1:
        text = text[:-1]
    return (text + _CUT) if width > 0 else ""


def _last(text: str, width: int) -> str:
    """The end of a text, in so many columns."""
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) > width - 1:
        text = text[1:]
    return _CUT + text


def _backspace(editor: LineEditor) -> None:
    if editor.position:
        editor._delete(editor.position - 1, editor.position)


_KEYS: dict[str, Callable[[LineEditor], None]] = {
    "left": lambda editor: editor._to(editor.position - 1),
    "right": lambda editor: editor._to(editor.position + 1),
    "home": lambda editor: editor._to(0),
    "end": lambda editor: editor._to(len(editor.text)),
    "ctrl+a": lambda editor: editor._to(0),
    "ctrl+e": lambda editor: editor._to(len(editor.text)),
    "ctrl+left": lambda editor: editor._to(editor._word_start()),
    "backspace": _backspace,
    "delete": lambda editor: editor._delete(editor.position, editor.position + 1),
    "ctrl+d": lambda editor: editor._delete(editor.position, editor.position + 1),
    "ctrl+h": _backspace,
    "ctrl+w": lambda editor: editor._delete(editor._word_start(), editor.position),
    "ctrl+u": lambda editor: editor._delete(0, editor.position),
    "ctrl+k": lambda editor: editor._delete(editor.position, len(editor.text)),
}
