"""Journal: the events of a run, each written when it happens, so that a crash loses no step."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from lrtui.events import Event, encode

_SYNC_SECONDS = 1.0  # an fsync costs 4 ms, a write 1 µs


class Journal:
    """Appends events to a file. A disk error ends the journal, not the run; see `problem`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        self._file: BinaryIO | None = None
        self._failed = False
        self._synced = time.monotonic()

    def append(self, event: Event) -> None:
        """Write one line, and sync at most once a second."""
        if self._failed:
            return
        with self._disk_errors_kept():
            if self._file is None:  # opened late: a run that never starts leaves no empty journal
                self._file = _open_locked(self.path)
            self._file.write(encode(event))
            if time.monotonic() - self._synced >= _SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()

    def close(self, discard: bool) -> None:
        """End the journal; `discard` deletes it, once its record has been written."""
        if self._file is not None:
            with self._disk_errors_kept():
                self._file.close()
        if discard:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _disk_errors_kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.problem = f"the journal cannot be kept: {error.strerror} ({self.path})"
            self._failed = True


def _open_locked(path: Path) -> BinaryIO:
    """The file, locked as long as this process has it open: a growing journal is not recovered."""
    file = path.open("ab", buffering=0)
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file
