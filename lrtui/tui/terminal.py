"""The terminal itself: refused at the door when it is none, given back whole whatever ends the app."""

import asyncio
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# Textual draws on stderr, reads stdin and leaves both to nobody when one of these ends it.
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)

Leave = Callable[[int], None]


def refusal() -> str:
    """Why the app cannot be drawn here, in one line; empty where it can."""
    names = ("stdin", "stdout", "stderr")
    missing = [name for fd, name in enumerate(names) if not _is_terminal(fd)]
    if missing:
        return f"no terminal: {' and '.join(missing)} is redirected; 'lrtui run' does the same work without one"
    if os.environ.get("TERM", "dumb") in ("dumb", ""):
        return "TERM is 'dumb' or not set: this terminal cannot be drawn on; 'lrtui run' does the same work without one"
    return ""


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:  # closed
        return False


def guard(leave: Leave) -> None:
    """Have signals, and a terminal that goes away, end the app in order: `leave` is given the exit code.

    Called on the app's running loop.
    """
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, leave, 128 + number)
    threading.Thread(target=_watch_hangup, args=(loop, leave), name="hangup", daemon=True).start()


def _watch_hangup(loop: asyncio.AbstractEventLoop, leave: Leave) -> None:
    """Wait for the terminal to be gone: with SIGHUP ignored nothing else says so, and Textual would spin for ever."""
    poll = select.poll()
    poll.register(
        sys.__stdin__.fileno() if sys.__stdin__ else 0, 0
    )  # errors and hang-ups are always reported
    while True:
        if any(
            event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll()
        ):
            if not loop.is_closed():
                loop.call_soon_threadsafe(leave, 128 + signal.SIGHUP)
            return


@contextmanager
def aside(log: Path) -> Iterator[None]:
    """Draw on descriptors of our own; whatever else in this process writes to 1 and 2 goes to a log meanwhile."""
    streams = sys.stdout, sys.stderr
    for stream in streams:
        stream.flush()
    kept = os.dup(1), os.dup(2)
    before = sys.__stdout__, sys.__stderr__
    with log.open("ab") as file:
        for fd in (1, 2):
            os.dup2(file.fileno(), fd)
    ours = [os.fdopen(fd, "w", closefd=False) for fd in kept]
    sys.__stdout__, sys.__stderr__ = ours  # type: ignore[misc]  # Textual draws on these two
    try:
        yield
    finally:
        for stream in (*streams, *ours):
            stream.flush()
        sys.stdout, sys.stderr = (
            streams  # a thread that redirected them may have ended after the app
        )
        sys.__stdout__, sys.__stderr__ = before  # type: ignore[misc]
        for fd, terminal in zip((1, 2), kept, strict=True):
            os.dup2(terminal, fd)
            os.close(terminal)
