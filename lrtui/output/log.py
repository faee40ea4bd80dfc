"""Log: what a worker prints, counted and kept within bounds while it grows.

The worker and its children write to the file itself, so that no print waits for anybody. Whoever
has a `Log` of it looks now and then. Of a file that is too long the middle is freed: its first
and its last part stay where they are, and so does every position in it.
"""

import contextlib
import ctypes
import os
import time
from pathlib import Path
from typing import NamedTuple

LOG_VARIABLE = "LRTUI_WORKER_LOG"  # in a worker's environment: the path of its log
KEPT = 4 << 20  # bytes at the beginning, and as many at the end
MOST = 10 << 20  # of both, with what is printed between two looks
_LOOK_SECONDS = 0.25
_READ = 1 << 20
_MOST_READ = 64 << 20  # at one look: of more the lines are not counted
_BLOCK = 4096
_PUNCH_HOLE = 0x03  # FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE


class Printed(NamedTuple):
    """How many lines a run has printed; or at least as many."""

    lines: int
    at_least: bool = False

    @property
    def words(self) -> str:
        """`1,234 lines printed`; "" where there are none."""
        if not self.lines:
            return ""
        count = "1 line" if self.lines == 1 else f"{self.lines:,} lines"
        return f"over {count} printed" if self.at_least else f"{count} printed"


NOTHING_PRINTED = Printed(0)


class Log:
    """The log of one worker.

    Attributes:
        lines: printed so far.
        uncounted: whether there were more, printed too fast to be counted.
    """

    def __init__(self, path: str | Path) -> None:
        self.lines = 0
        self.uncounted = False
        self._path = Path(path)
        self._read = 0
        self._freed = KEPT  # up to where its middle is free
        self._next_look = 0.0

    def look(self, *, now: bool = False) -> None:
        """Count what is new, and free what is too much; a few times a second, or now."""
        if not now and time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK_SECONDS
        with contextlib.suppress(OSError):
            size = self._path.stat().st_size
            if size > self._read:
                self._count(size)
            if size - self._freed > MOST - KEPT:
                self._free(size)

    def close(self) -> None:
        """Take the empty middle out: nobody writes to the file any more."""
        self.look(now=True)
        if self._freed == KEPT:
            return
        with contextlib.suppress(OSError):
            self._shorten()

    def _count(self, size: int) -> None:
        if size - self._read > _MOST_READ:
            self._read = size - _MOST_READ
            self.uncounted = True
        with self._path.open("rb", buffering=0) as file:
            file.seek(self._read)
            while self._read < size:
                data = file.read(min(_READ, size - self._read))
                if not data:
                    return
                self.lines += data.count(b"\n")
                self._read += len(data)

    def _free(self, size: int) -> None:
        end = (size - KEPT) // _BLOCK * _BLOCK
        with self._path.open("r+b", buffering=0) as file:
            if not _punch(file.fileno(), self._freed, end - self._freed):
                _cut(file.fileno(), self._freed, end)
        self._freed = end

    def _shorten(self) -> None:
        with self._path.open("rb") as file:
            head = file.read(KEPT)
            file.seek(self._freed)
            tail = file.read()
        left_out = f"\n… {(self._freed - KEPT) / 1e6:,.1f} MB are left out here …\n"
        short = self._path.with_name(f"{self._path.name}.short")
        short.write_bytes(head + left_out.encode() + tail)
        short.chmod(self._path.stat().st_mode & 0o777)
        short.replace(self._path)


def _punch(descriptor: int, start: int, length: int) -> bool:
    """Free a part of a file, which then reads as zeros; False where the system cannot."""
    fallocate = getattr(ctypes.CDLL(None), "fallocate", None)
    if fallocate is None:
        return False
    fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    return bool(fallocate(descriptor, _PUNCH_HOLE, start, length) == 0)


def _cut(descriptor: int, start: int, end: int) -> None:
    """The same without help: cut the file off, and put its end back where it was.

    What is printed in between is lost.
    """
    tail = os.pread(descriptor, 2 * KEPT, end)
    os.ftruncate(descriptor, start)
    os.pwrite(descriptor, tail, end)
