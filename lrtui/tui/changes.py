"""Updates of the screen that send only the cells that changed.

Textual sends a changed row from the left edge of its widget on, and a changed line of text as a
whole. Over SSH that is most of the bytes of a growing chart, and of a key in a form.
"""

import re
from typing import Any

from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate
from textual.geometry import Size
from textual.strip import Strip

_GAP = 8  # unchanged cells that are cheaper to send than to jump over

# no character that fills no cell: then as many characters as cells means one cell each
_NO_JOINING = re.compile(r"[ -~\u00a0-\u02ff\u2010-\u2027\u2030-\u205e\u2100-\u28ff]*").fullmatch

Key = tuple[str, object]  # what a cell looks like
Sent = dict[tuple[int, int], Key]  # by row and column


class ChangedCells:
    """What the terminal shows, as far as it is known, and updates that change it."""

    def __init__(self) -> None:
        self._sent: Sent = {}
        self._size = Size(0, 0)  # a terminal that changes its size may show anything
        self._keys: dict[Style | None, tuple[object, object]] = {}

    def only(self, renderable: Any, size: Size) -> Any:
        """The same update, of changed cells only; whatever redraws the screen is sent whole."""
        if renderable is None:
            return None
        is_partial = type(renderable) is ChopsUpdate
        if not is_partial or size != self._size:
            self.forget_all()
        self._size = size
        if is_partial:
            return _ChangedUpdate(renderable, self)
        return renderable

    def runs(self, y: int, left: int, strip: Strip) -> list[tuple[int, int]]:
        """Where the strip differs from what was sent: first cell and the one behind the last."""
        runs: list[tuple[int, int]] = []
        x = left
        for text, style, _ in strip:
            blank, other = self._style_keys(style)
            for char in text:
                key = (char, blank if char == " " else other)
                if self._sent.get((y, x)) != key:
                    self._sent[y, x] = key
                    if runs and x - runs[-1][1] <= _GAP:
                        runs[-1] = runs[-1][0], x + 1
                    else:
                        runs.append((x, x + 1))
                x += 1
        return runs

    def forget_all(self) -> None:
        """The terminal may show anything."""
        self._sent.clear()

    def forget(self, y: int, left: int, width: int) -> None:
        """What is shown there is not known cell by cell."""
        for x in range(left, left + width):
            self._sent.pop((y, x), None)

    def _style_keys(self, style: Style | None) -> tuple[object, object]:
        """What a style looks like on a space, and on other characters."""
        keys = self._keys.get(style)
        if keys is None:
            keys = self._keys[style] = _blank_key(style), style
        return keys


def _blank_key(style: Style | None) -> object:
    """Equal for styles in which a space looks the same: a foreground colour is not seen."""
    if style is None:
        return None
    if style.reverse or style.underline or style.underline2 or style.strike or style.overline:
        return style
    return style.bgcolor


class _ChangedUpdate(ChopsUpdate):
    """An update of spans of rows that leaves out what the terminal shows already."""

    def __init__(self, update: ChopsUpdate, changes: ChangedCells) -> None:
        super().__init__(update.chops, update.spans, update.chop_ends)
        self._changes = changes

    def render_segments(self, console: Console) -> str:
        """The sequences that a terminal gets."""
        sequences: list[str] = []
        for y, first, last in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is not None and x < last and end > first:
                    left = max(x, first)
                    sequences.append(self._render(y, left, strip.crop(left - x, last - x), console))
        return "".join(sequences)

    def _render(self, y: int, left: int, strip: Strip, console: Console) -> str:
        """The changed parts of a strip, each behind a jump to where it starts."""
        if not _one_cell_each(strip):
            self._changes.forget(y, left, strip.cell_length)
            return Control.move_to(left, y).segment.text + strip.render(console)
        sequences = []
        for first, end in self._changes.runs(y, left, strip):
            sequences.append(Control.move_to(first, y).segment.text)
            sequences.append(_joined(strip.crop(first - left, end - left)).render(console))
        return "".join(sequences)


def _one_cell_each(strip: Strip) -> bool:
    """Whether every character fills exactly one cell."""
    texts = [segment.text for segment in strip]
    return sum(map(len, texts)) == strip.cell_length and all(map(_NO_JOINING, texts))


def _joined(strip: Strip) -> Strip:
    """The strip with neighbours of the same style as one segment."""
    return Strip(Segment.simplify(strip), strip.cell_length)
