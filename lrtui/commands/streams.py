"""Output of a command: the answer on stdout, the rest on stderr, and no tracebacks."""

import contextlib
import errno
import io
import os
import signal
import sys
from collections.abc import Iterable
from typing import TextIO

from lrtui.events import json_document

ANSWER, USAGE, NO_ANSWER, USER_FAILED, NOT_SAVED = 0, 2, 3, 4, 5


def put(lines: Iterable[str], code: int = ANSWER) -> int:
    """Write lines to stdout; returns `code`, or another exit code where stdout is closed or full.

    A reader that closes its end early (`| head -1`) makes no error message.
    """
    try:
        out = stdout()
        for line in lines:
            out.write(f"{line}\n")
        out.flush()
    except BrokenPipeError:
        _discard_stdout()
        return 128 + signal.SIGPIPE
    except OSError as error:
        _discard_stdout()
        return say(f"stdout cannot be written: {error.strerror or error}", NOT_SAVED)
    return code


def say(text: str, code: int) -> int:
    """Write an error to stderr, in one line; returns `code`."""
    note(f"lrtui: {text}")
    return code


def note(text: str) -> None:
    """Write a line to stderr; without a stderr nothing is written."""
    with contextlib.suppress(OSError):
        if sys.stderr is not None:
            sys.stderr.write(f"{printable(text)}\n")


def printable(text: str) -> str:
    """The text with spaces for control characters: a record may come from anybody."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def json_text(document: object) -> str:
    """A document as JSON, indented by two."""
    return json_document(document)


def stdout() -> TextIO:
    """stdout; one that is not UTF-8 gets `?` for what it cannot show.

    Raises:
        OSError: its descriptor was closed.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "it is closed")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return sys.stdout


def _discard_stdout() -> None:
    """Send the rest of its buffer to /dev/null: Python would fail to write it again at exit."""
    with contextlib.suppress(OSError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
