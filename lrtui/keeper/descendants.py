"""The processes that a process has started, as far as Linux tells. Standard library only."""

import ctypes
import errno
import os
import signal
from pathlib import Path

_SET_PDEATHSIG, _SET_DUMPABLE, _SET_CHILD_SUBREAPER = 1, 4, 36


def become_subreaper() -> bool:
    """Have children whose parent ends re-parented to this process; False where that cannot be."""
    return _prctl(_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have this process killed when its parent ends, where the system can."""
    _prctl(_SET_PDEATHSIG, signal.SIGKILL)


def leave_no_core() -> None:
    """Have this process leave no core file behind."""
    _prctl(_SET_DUMPABLE, 0)


def descendants(root: int) -> list[int]:
    """Children of a process, and theirs; those that have ended are left out."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents().items():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def name_of(pid: int) -> str:
    """The name of a process, "" where it is not told."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    except OSError:
        return ""


def send(pid: int, number: int) -> str:
    """Send a signal to a process; returns why that is not possible, "" where it is or has ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return ""
    except OSError as error:
        if error.errno == errno.EPERM:
            return "it belongs to another user"
        return os.strerror(error.errno or 0)
    return ""


def _parents() -> dict[int, int]:
    """The parent of every process that runs; empty without a /proc."""
    parents = {}
    for folder in _processes():
        try:
            stat = Path(f"/proc/{folder}/stat").read_text(errors="replace")
        except OSError:
            continue  # it has ended
        state, parent = stat.rpartition(")")[2].split()[:2]
        if state not in "ZX":
            parents[int(folder)] = int(parent)
    return parents


def _processes() -> list[str]:
    try:
        return [path.name for path in Path("/proc").iterdir() if path.name.isdigit()]
    except OSError:
        return []


def _prctl(option: int, value: int) -> bool:
    """Linux's prctl; False elsewhere, and where it is not allowed."""
    try:
        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False
