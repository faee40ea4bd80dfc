"""The terminal: refused where there is none, given back in order however the app ends."""

import asyncio
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from lrtui.files import open_log

# Textual draws on stderr and reads stdin; it restores neither when one of these signals ends it.
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL
_STREAMS = ("stdin", "stdout", "stderr")
_INSTEAD = "'lrtui run' does the same work without one"

Leave = Callable[[int], None]


def refusal() -> str:
    """Why the app cannot be drawn here, in one line; empty where it can."""
    redirected = [name for fd, name in enumerate(_STREAMS) if not _is_terminal(fd)]
    if redirected:
        return f"no terminal: {' and '.join(redirected)} is redirected; {_INSTEAD}"
    if os.environ.get("TERM", "") in ("dumb", ""):
        return f"TERM is 'dumb' or not set: this terminal cannot be drawn on; {_INSTEAD}"
    return ""


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:  # closed
        return False


def guard(leave: Leave) -> None:
    """Have signals, and a terminal that goes away, end the app in order.

    `leave` gets the exit code, on the running loop on which this is called.
    """
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, leave, 128 + number)
    threading.Thread(target=_watch_hangup, args=(loop, leave), name="hangup", daemon=True).start()


def _watch_hangup(loop: asyncio.AbstractEventLoop, leave: Leave) -> None:
    """Wait until the terminal is gone: with SIGHUP ignored nothing else notices it."""
    stdin = 0
    if sys.__stdin__ is not None:
        stdin = sys.__stdin__.fileno()
    poll = select.poll()
    poll.register(stdin, 0)  # errors and hang-ups are always reported
    while not any(event & _GONE for _, event in poll.poll()):
        pass
    if not loop.is_closed():
        loop.call_soon_threadsafe(leave, 128 + signal.SIGHUP)


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
