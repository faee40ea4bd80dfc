"""The lifeline: a socket between a front end and the keeper of its worker.

The front end says one-byte words; when its end closes without one, the front end is gone. The
keeper answers in lines. Standard library only: the keeper reads this.
"""

from typing import NamedTuple

DETACH = b"d"  # the front end leaves, and the run goes on to its end
END = b"t"  # end everything: SIGTERM, after a moment SIGKILL
KILL = b"k"  # end everything now

_WORKER, _LEFT, _DONE = "worker ", "left ", "done"


class Account(NamedTuple):
    """What a keeper has said."""

    worker: int = 0  # the worker's process id, and its group's; 0: it never started
    left: tuple[str, ...] = ()  # what could not be ended, one text each
    done: bool = False  # else the keeper itself was killed


def worker_line(pid: int) -> bytes:
    """Say that the worker was started."""
    return f"{_WORKER}{pid}\n".encode()


def last_lines(left: list[str]) -> bytes:
    """Say what could not be ended, and that all else was."""
    lines = [f"{_LEFT}{' '.join(text.split())}\n" for text in left]
    return "".join([*lines, f"{_DONE}\n"]).encode(errors="replace")


def account(said: bytes) -> Account:
    """Read what a keeper has said."""
    worker, left, done = 0, [], False
    for line in said.decode(errors="replace").splitlines():
        if line.startswith(_WORKER):
            worker = int(line.removeprefix(_WORKER))
        elif line.startswith(_LEFT):
            left.append(line.removeprefix(_LEFT))
        elif line == _DONE:
            done = True
    return Account(worker, tuple(left), done)
