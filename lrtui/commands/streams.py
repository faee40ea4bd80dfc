"""What a command says, and where: its answer on stdout, all else on stderr. No stream may end in a traceback."""

import contextlib
import errno
import io
import os
import signal
import sys
from collections.abc import Iterable
from typing import TextIO

ANSWER, USAGE, NO_ANSWER, USER_FAILED, NOT_SAVED = 0, 2, 3, 4, 5


def put(lines: Iterable[str], code: int = ANSWER) -> int:
    """Write lines to stdout; `code`, or what a stdout deserves that is closed or full.

    A reader that has had enough (`| head -1`) is no mistake, so nothing is said of it.
    """
    try:
        out = stdout()
        for line in lines:
            out.write(f"{line}\n")
        out.flush()
    except BrokenPipeError:
        _leave_stdout()
        return 128 + signal.SIGPIPE
    except OSError as error:
        _leave_stdout()
        return say(f"stdout cannot be written: {error.strerror or error}", NOT_SAVED)
    return code


def say(text: str, code: int) -> int:
    """Tell on stderr what went wrong, in one line; the exit code."""
    note(f"lrtui: {text}")
    return code


def note(text: str) -> None:
    """A line on stderr beside the answer. Where nobody can read it, there is nobody to tell."""
    with contextlib.suppress(OSError):
        if sys.stderr is not None:
            sys.stderr.write(f"{printable(text)}\n")


def printable(text: str) -> str:
    """Text from a file, which may be anybody's: without what a terminal would take for a command."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def stdout() -> TextIO:
    """Python has none where the descriptor was closed; one that is not UTF-8 gets `?` for what it cannot show."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "it is closed")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return sys.stdout


def _leave_stdout() -> None:
    """What it still holds would be written, and fail, once more when Python ends."""
    with contextlib.suppress(OSError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
