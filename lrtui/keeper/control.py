"""The control file of a run: how any process stops the run, also one on another machine.

A worker makes `ID.control` beside the journal of its run, for the user alone, and removes it at the
end. The first lines name its machine and process. Whoever appends a line `stop` ends the run after
the step in progress; the keeper of the worker looks once a second, and ends the worker by force if
that takes too long. A file works wherever the folder of runs is shared, as on a Slurm cluster; it
is there from the start and opened at each look, because network file systems are slow to show that
a file has appeared, and quick to show what is in one that is opened.

The keeper also touches the file: on file systems whose locks are unknown to other machines, as on
many clusters, that is how they see that the run goes on. Standard library only.
"""

import contextlib
import os
import time
from pathlib import Path
from typing import NamedTuple

_STOP = b"stop"
_LOOK_SECONDS = 1.0
_TOUCH_SECONDS = 10.0
_FRESH_SECONDS = 60.0  # a file that was touched within this time is of a run that goes on
# a run that was asked to stop has this long for the step in progress and its record
_STOP_SECONDS = 20.0
_MOST = 1 << 12
_OURS_ALONE = 0o600


class Owner(NamedTuple):
    """Where a run goes on."""

    host: str
    pid: int


class ControlFile:
    """The worker's side: the file exists from `open` to `close`.

    Where it cannot be made, the run goes on without one, and only its own front end can stop it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> None:
        """Make the file, without what an earlier one was asked."""
        lines = f"host {os.uname().nodename}\npid {os.getpid()}\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with contextlib.suppress(OSError):
            descriptor = os.open(self.path, flags, _OURS_ALONE)
            try:
                os.fchmod(descriptor, _OURS_ALONE)
                os.write(descriptor, lines.encode())
            finally:
                os.close(descriptor)

    def close(self) -> None:
        """Remove the file."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)


class ControlWatch:
    """The keeper's side: looks at the control file of the run in progress.

    Attributes:
        next_look: when to look again, by the monotonic clock; None without a run.
    """

    def __init__(self) -> None:
        self.next_look: float | None = None
        self._path = b""
        self._asked = 0.0  # when a stop was seen; 0: not yet
        self._next_touch = 0.0

    def follow(self, path: bytes) -> None:
        """Look at this file from now on; at none where it is empty."""
        self._path, self._asked, self._next_touch = path, 0.0, 0.0
        self.next_look = time.monotonic() + _LOOK_SECONDS if path else None

    def look(self) -> bool:
        """Look, if it is time; True at the first look that sees that the run is to stop."""
        now = time.monotonic()
        if self.next_look is None or now < self.next_look:
            return False
        self.next_look = now + _LOOK_SECONDS
        self._touch(now)
        if self._asked or _STOP not in _lines(self._path):
            return False
        self._asked = now
        return True

    def _touch(self, now: float) -> None:
        if now >= self._next_touch:
            self._next_touch = now + _TOUCH_SECONDS
            with contextlib.suppress(OSError):  # the run has just ended
                os.utime(self._path, follow_symlinks=False)

    @property
    def is_late(self) -> bool:
        """Whether the run was asked to stop long ago, and goes on."""
        return bool(self._asked) and time.monotonic() - self._asked > _STOP_SECONDS


def owner(path: Path) -> Owner | None:
    """Which process a control file is of; None where there is none, or it says nothing."""
    words = [line.partition(b" ") for line in _lines(path)]
    said = {name: value.decode(errors="replace") for name, _, value in words}
    host, pid = said.get(b"host", ""), said.get(b"pid", "")
    if not host or not pid.isdecimal():
        return None
    return Owner(host, int(pid))


def is_alive(path: Path, *, locks: bool) -> bool:
    """Whether the process of a control file goes on, as far as the file tells.

    Args:
        path: of the file.
        locks: whether the file system has locks: of a process of this machine they tell more.
    """
    process = owner(path)
    if process is None:
        return False
    if process.host != os.uname().nodename:
        return _is_fresh(path)
    return not locks and _runs(process.pid)


def ask_to_stop(path: Path) -> None:
    """Append the request to a control file.

    Raises:
        FileNotFoundError: there is none: the run has ended, or listens to nobody.
        OSError: it cannot be written.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    try:
        os.write(descriptor, _STOP + b"\n")
    finally:
        os.close(descriptor)


def _is_fresh(path: Path) -> bool:
    try:
        return abs(time.time() - path.stat().st_mtime) < _FRESH_SECONDS
    except OSError:
        return False


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it belongs to another user
    return True


def _lines(path: Path | bytes) -> list[bytes]:
    """The lines of a control file; none where it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        return os.read(descriptor, _MOST).splitlines()
    except OSError:
        return []
    finally:
        os.close(descriptor)
