"""stdout and stderr that a command can always write to.

Their reader may go away, stop reading or show only ASCII, their disk may be full, or they may be
closed from the beginning. None of this may end a command in the middle of a run: what cannot be
written is dropped, and at the end the exit code says so.
"""

import errno
import io
import os
import select
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from lrtui.shell.ascii import ascii_text, is_utf8, only_ascii

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

ANSWER, NO_ANSWER, NOT_SAVED = 0, 3, 5  # exit codes
_PATIENCE_SECONDS = 1.0  # for a stderr that is not read, by a terminal that is stopped for example


class Descriptor(io.FileIO):
    """A descriptor that is written to until an error; then the rest is dropped.

    Args:
        fd: the descriptor; it is not closed.
        patience: seconds after which a reader that does not read loses what it is sent. None: wait.

    Attributes:
        error: why nothing is written any more.
    """

    def __init__(self, fd: int, patience: float | None = None) -> None:
        super().__init__(fd, "w", closefd=False)
        self.error: OSError | None = None
        self._patience = patience
        self._waits = patience

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write data, or as much of it as fits now; its whole length where it is dropped."""
        length = memoryview(data).nbytes
        if self.error is not None or not self._is_read():
            return length
        try:
            # None where the descriptor does not block and is full again
            return super().write(data) or 0
        except OSError as error:
            self.error = error
            return length

    def _is_read(self) -> bool:
        """Wait until something can be written. The next wait is none after one in vain."""
        poll = select.poll()
        poll.register(self.fileno(), select.POLLOUT)
        milliseconds = None if self._waits is None else self._waits * 1000
        is_read = bool(poll.poll(milliseconds))
        self._waits = self._patience if is_read else 0
        return is_read


class Stream(io.TextIOWrapper):
    """A text stream on a Descriptor; in ASCII where its terminal or its encoding has no more."""

    def __init__(self, descriptor: Descriptor, like: TextIO | None, by_line: bool = False) -> None:
        self.ascii = needs_ascii(like)
        super().__init__(
            io.BufferedWriter(descriptor),
            # ASCII is UTF-8 too, and click would bypass a stream whose encoding is "ascii"
            encoding="utf-8" if self.ascii else getattr(like, "encoding", "utf-8"),
            errors="replace",
            line_buffering=by_line or descriptor.isatty() or getattr(like, "write_through", False),
        )
        self._descriptor = descriptor

    @property
    def error(self) -> OSError | None:
        """Why nothing is written any more."""
        return self._descriptor.error

    def write(self, text: str) -> int:
        """Write text."""
        if self.ascii:
            text = ascii_text(text)
        return super().write(text)


def install() -> None:
    """Replace `sys.stdout` and `sys.stderr`, on the same descriptors."""
    _occupy_closed()
    sys.stdout, sys.stderr = (
        Stream(Descriptor(1), sys.stdout),
        Stream(Descriptor(2, _PATIENCE_SECONDS), sys.stderr, by_line=True),
    )


def _occupy_closed() -> None:
    """Open something on descriptors that are closed: what is opened next would take their numbers.

    It can only be read, so that writing to it is still an error.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            opened = os.open(os.devnull, os.O_RDONLY)  # the lowest number that is free
            if opened != fd:
                os.dup2(opened, fd)
                os.close(opened)


def needs_ascii(stream: TextIO | None) -> bool:
    """Whether only ASCII may be written to a stream."""
    if stream is not None and not is_utf8(stream.encoding or "utf-8"):
        return True
    return bool(only_ascii(os.environ, bool(sys.flags.utf8_mode)))


def problem() -> str:
    """Why stdout could not be written, in one line; "" where it could, or where nobody reads it."""
    error = _stdout_error()
    if error is None or isinstance(error, BrokenPipeError):
        return ""
    reason = "it is closed" if error.errno == errno.EBADF else error.strerror
    return f"stdout cannot be written: {reason}"


def reader_is_gone() -> bool:
    """Whether stdout is a pipe that nobody reads any more, as with `| head -1`."""
    return isinstance(_stdout_error(), BrokenPipeError)


def exit_code(code: int) -> int:
    """The exit code of a command, as what became of stdout changes it.

    A command that did its work exits with 141 where its reader has left, as one that SIGPIPE ends,
    and with 5 where its output could not be written. A failure keeps its own code.
    """
    with suppress(ValueError):
        sys.stdout.flush()
    if code not in (ANSWER, NO_ANSWER):
        return code
    if reader_is_gone():
        return 128 + signal.SIGPIPE
    if problem():
        sys.stderr.write(f"lrtui: {problem()}\n")
        return NOT_SAVED
    return code


def _stdout_error() -> OSError | None:
    return sys.stdout.error if isinstance(sys.stdout, Stream) else None
