"""The terminal: refused where there is none, given back in order however the app ends."""

import asyncio
import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from lrtui.files import open_log
from lrtui.shell import signals

# Textual draws on stderr and reads stdin; it restores neither when a signal ends it.
_LEAVE_SECONDS = 4.5  # for the app to end, with its worker
# no paste, wrapping lines, no mouse, plain keys, the normal screen, a cursor, no focus events
_RESET = (
    b"\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
    b"\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL
_STREAMS = ("stdin", "stdout", "stderr")
_INSTEAD = "'lrtui run' does the same work without one"

Leave = Callable[[int], None]


def refusal(instead: str = _INSTEAD) -> str:
    """Why the app cannot be drawn here, and what to do, in one line; empty where it can."""
    redirected = [name for fd, name in enumerate(_STREAMS) if not _is_terminal(fd)]
    if redirected:
        verb = "is" if len(redirected) == 1 else "are"
        return f"no terminal: {' and '.join(redirected)} {verb} redirected; {instead}"
    if os.environ.get("TERM", "") in ("dumb", ""):
        return f"TERM is 'dumb' or not set: this terminal cannot be drawn on; {instead}"
    return ""


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:  # closed
        return False


class Departure:
    """Ends the app when a signal asks for it, or when its terminal is gone.

    A thread waits for either, and tells the app to leave. Where the app cannot, for example because
    its terminal takes no more output, the thread gives the terminal back and ends the process.
    """

    def __init__(self) -> None:
        self._over = threading.Event()
        self._signals = -1  # a pipe that the signals' numbers are written to

    def watch(self, stdin: int, screen: int, leave: Leave) -> None:
        """Begin; `leave` gets the exit code, on the running loop on which this is called.

        Args:
            stdin: the terminal's descriptor to read.
            screen: the one to draw on.
            leave: ends the app.
        """
        if self._signals >= 0:
            return  # the app has been stopped and continued
        read, self._signals = os.pipe()
        loop = asyncio.get_running_loop()
        attributes = _attributes(stdin)
        signals.handle(self._receive)

        def wait() -> None:
            code = _wait_for_end(stdin, read)
            if self._over.is_set():
                return
            with suppress(RuntimeError):  # the loop is closed: the app is about to end anyway
                loop.call_soon_threadsafe(leave, code)
            if not self._over.wait(_LEAVE_SECONDS):
                _give_back(stdin, screen, attributes)
                os._exit(code)

        threading.Thread(target=wait, name="departure", daemon=True).start()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        os.write(self._signals, bytes([number]))

    def over(self) -> None:
        """End the thread: the app has ended."""
        self._over.set()
        if self._signals >= 0:
            os.write(self._signals, b"\0")


def _wait_for_end(stdin: int, numbers: int) -> int:
    """The exit code for the signal that comes; SIGHUP's where stdin is gone.

    With SIGHUP ignored nothing else notices that the terminal is gone.
    """
    poll = select.poll()
    poll.register(stdin, 0)  # errors and hang-ups are always reported
    poll.register(numbers, select.POLLIN)
    while True:
        for descriptor, event in poll.poll():
            if descriptor == numbers:
                return 128 + os.read(numbers, 1)[0]
            if event & _GONE:
                return 128 + signal.SIGHUP


def _attributes(stdin: int) -> list[Any]:
    """The terminal's attributes; none where they cannot be read."""
    try:
        return termios.tcgetattr(stdin)
    except termios.error:
        return []


def _give_back(stdin: int, screen: int, attributes: list[Any]) -> None:
    """Reset the terminal's modes without waiting for it."""
    poll = select.poll()
    poll.register(screen, select.POLLOUT)
    with suppress(OSError, termios.error):
        if poll.poll(0):
            os.write(screen, _RESET)
        if attributes:
            termios.tcsetattr(stdin, termios.TCSANOW, attributes)


@contextmanager
def redirected_output(log: Path) -> Iterator[None]:
    """Draw on copies of descriptors 1 and 2; what else is written to them goes to the log."""
    streams = sys.stdout, sys.stderr
    originals = sys.__stdout__, sys.__stderr__
    _flush(*streams)
    copies = os.dup(1), os.dup(2)
    with open_log(log, append=True) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    drawn_on = [os.fdopen(fd, "w", closefd=False) for fd in copies]
    sys.__stdout__, sys.__stderr__ = drawn_on  # type: ignore[misc]  # Textual draws on these two
    try:
        yield
    finally:
        _flush(*streams, *drawn_on)
        # set again: a thread that redirected them may have ended after the app
        sys.stdout, sys.stderr = streams
        sys.__stdout__, sys.__stderr__ = originals  # type: ignore[misc]
        for fd, copied in zip((1, 2), copies, strict=True):
            os.dup2(copied, fd)
            os.close(copied)


def _flush(*streams: TextIO) -> None:
    for stream in streams:
        stream.flush()
