"""JournalTail: the lines of a journal as they are written, also when it is made anew."""

import contextlib
import os
from pathlib import Path
from typing import BinaryIO


class JournalTail:
    """Reads what is new at each look.

    A journal is removed when its record is written, and made again, with all events so far, when
    a race or another check follows. The file that was removed is read to its end first.

    Attributes:
        lines: how many were given so far, over all journals of the run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._file: BinaryIO | None = None
        self._torn = b""  # a line whose end is not written yet
        self._first = b""  # line of the journals so far
        self._known = 0  # lines of the present one that were given from the one before
        self._is_new = True

    def look(self) -> list[bytes]:
        """The new lines, without their ends."""
        opened = self._opened()
        if opened is not None and self._file is not None and _same(opened, self._file):
            self._replace(opened, self._file.tell())
            return self._new_lines()
        before = self._new_lines()
        if opened is None:
            return before
        self._begin(opened)
        return before + self._new_lines()

    def forget(self) -> None:
        """Give the next journal from its first line."""
        self._first = b""

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> BinaryIO | None:
        """The journal, opened anew: a network file system shows what was written by then."""
        try:
            return self.path.open("rb", buffering=0)
        except OSError:
            return None

    def _replace(self, opened: BinaryIO, position: int) -> None:
        self.close()
        opened.seek(position)
        self._file = opened

    def _begin(self, opened: BinaryIO) -> None:
        """Go on with another file, which repeats what the one before has said."""
        self._replace(opened, 0)
        self._torn, self._known, self._is_new = b"", self.lines, True

    def _new_lines(self) -> list[bytes]:
        if self._file is None:
            return []
        with contextlib.suppress(OSError):  # it was removed, and its file system keeps nothing
            self._torn += self._file.readall()  # type: ignore[attr-defined]
        *lines, self._torn = self._torn.split(b"\n")
        if lines and self._is_new:
            self._is_new = False
            if lines[0] != self._first:
                self._first, self._known, self.lines = lines[0], 0, 0
        new = lines[self._known :]
        self._known -= len(lines) - len(new)
        self.lines += len(new)
        return new


def _same(one: BinaryIO, other: BinaryIO) -> bool:
    with contextlib.suppress(OSError):
        return os.path.sameopenfile(one.fileno(), other.fileno())
    return False
