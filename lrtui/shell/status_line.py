"""A line of a terminal that is written again and again, to show how far something is."""

import os
import time
from typing import TextIO

_COLUMNS = 80  # of a terminal that does not say
_SECONDS = 0.1  # between two states: more cannot be read, and go over a network


class StatusLine:
    """The last line of a terminal, at most ten times a second; nothing where there is no terminal.

    It is written in `refresh`, which is to be called several times a second: then the last state is
    shown even where none follows it.

    Args:
        out: what it is written to.
        seconds: that a state stays at least.
    """

    def __init__(self, out: TextIO, seconds: float = _SECONDS) -> None:
        self._out = out
        self._seconds = seconds
        self._state = self._tail = ""
        self._shown = ""  # "": the terminal has no such line now
        self._written = -seconds
        self.is_possible = out.isatty() and os.environ.get("TERM") not in (None, "", "dumb")

    def show(self, state: str, tail: str = "") -> None:
        """Set the state, without writing it. The tail is of no interest when it is over."""
        if self.is_possible:
            self._state, self._tail = state, tail

    def refresh(self) -> None:
        """Write the state, if it is another one, and unless the last one is too new."""
        is_due = time.monotonic() - self._written >= self._seconds
        text = f"{self._state}{self._tail}"
        if is_due and text != self._shown:
            self._write(text)

    def leave(self) -> None:
        """Let the last state stand, and go on in the next line."""
        if self._state:
            self._write(self._state, "\n")
        self._state = self._tail = self._shown = ""

    def remove(self) -> None:
        """Empty the line, for what comes next."""
        if self._shown:
            self._out.write("\r\x1b[K")
        self._state = self._tail = self._shown = ""

    def _write(self, text: str, end: str = "") -> None:
        self._written = time.monotonic()
        self._shown = text
        # a line that wraps could not be replaced
        self._out.write(f"\r\x1b[K{text[: self._columns() - 1]}{end}")
        self._out.flush()

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._out.fileno()).columns or _COLUMNS
        except (OSError, ValueError):
            return _COLUMNS
