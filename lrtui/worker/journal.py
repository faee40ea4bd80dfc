"""Journal: the events of a run, each written when it happens, so that a crash loses no step."""

import contextlib
import fcntl
import os
import time
from collections import deque
from pathlib import Path
from typing import BinaryIO

from lrtui.events import Event, encode
from lrtui.files import open_private

_SYNC_SECONDS = 1.0  # an fsync costs 4 ms, a write 1 µs
_RETRY_SECONDS = 1.0


class Journal:
    """Appends events to a file. A disk error ends no run: what it kept back is written later.

    Attributes:
        path: of the file.
        kept: whether everything so far is in the file.
        problem: why it was not, the last time.
        news: what to tell the user since the last look: an error began, or is over.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kept = True
        self.problem = self.news = ""
        self._file: BinaryIO | None = None
        self._waiting: deque[Event] = deque()  # not written yet
        self._is_torn = False  # the file ends within a line
        self._tried = -_RETRY_SECONDS
        self._synced = time.monotonic()

    def append(self, event: Event) -> None:
        """Write one line, and sync at most once a second. After an error, try as often."""
        self._waiting.append(event)
        if self.kept or time.monotonic() - self._tried >= _RETRY_SECONDS:
            self._write_waiting()

    def close(self, discard: bool) -> None:
        """End the journal; `discard` deletes it, once its record has been written.

        One that is kept may be appended to again.
        """
        if discard:
            self._waiting.clear()
        elif self._waiting:
            self._write_waiting()
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
        if discard:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)

    def _write_waiting(self) -> None:
        try:
            if self._file is None:  # opened late: a run that never starts leaves no empty journal
                self._is_torn = _ends_within_line(self.path)
                self._file = _open_locked(self.path)
            while self._waiting:
                self._write(self._file, encode(self._waiting[0]))
                self._waiting.popleft()
            self._sync(self._file)
        except OSError as error:
            self._failed(error)
        else:
            if not self.kept:
                self.kept, self.news = True, "the journal is kept again, with every step so far"

    def _write(self, file: BinaryIO, line: bytes) -> None:
        """Write a whole line, or none of it as far as that can be undone.

        Raises:
            OSError: it is not in the file; the next one begins a line of its own.
        """
        if self._is_torn:
            line = b"\n" + line
        done = 0
        try:
            while done < len(line):  # a disk that runs full takes a part
                done += file.write(line[done:])
        except OSError:
            if done:
                self._is_torn = not _cut_off(file, done)
            raise
        self._is_torn = False

    def _sync(self, file: BinaryIO) -> None:
        if time.monotonic() - self._synced >= _SYNC_SECONDS:
            os.fsync(file.fileno())
            self._synced = time.monotonic()

    def _failed(self, error: OSError) -> None:
        self._tried = time.monotonic()
        if self.kept:
            self.problem = error.strerror or str(error)
            self.news = f"the journal cannot be kept: {self.problem} ({self.path})"
        self.kept = False


def _open_locked(path: Path) -> BinaryIO:
    """The file, locked as long as this process has it open: a growing journal is not recovered."""
    file = open_private(path, append=True)
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def _ends_within_line(path: Path) -> bool:
    """Whether a writer that was killed left a part of a line at the end."""
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() != b"\n"
    except OSError:
        return False  # there is none yet, or it is empty


def _cut_off(file: BinaryIO, count: int) -> bool:
    """Take back the last bytes of a file; False where that failed."""
    try:
        os.ftruncate(file.fileno(), os.fstat(file.fileno()).st_size - count)
    except OSError:
        return False
    return True
