"""The line of a terminal that shows how far a run is."""

import os
import sys
from collections.abc import Iterator
from fcntl import ioctl
from io import TextIOWrapper
from struct import pack
from termios import TIOCSWINSZ
from typing import cast

import pytest

from lrtui.commands.run.measure import Follower
from lrtui.commands.run.progress import Progress
from lrtui.events import Event
from lrtui.launch.driver import Driver
from lrtui.shell.status_line import StatusLine
from tests.sample import STARTED, run_events, steps


class Pty:
    """A terminal, and what was written to it."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        self.out: TextIOWrapper = os.fdopen(slave, "w", buffering=1)

    def narrow(self, columns: int) -> None:
        ioctl(self._master, TIOCSWINSZ, pack("HHHH", 24, columns, 0, 0))

    def written(self) -> str:
        """What was written since the last call."""
        self.out.write("\0")
        self.out.flush()
        text = b""
        while not text.endswith(b"\0"):
            text += os.read(self._master, 4096)
        return text[:-1].decode()

    def close(self) -> None:
        self.out.close()
        os.close(self._master)


@pytest.fixture
def pty(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pty]:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Pty()
    yield terminal
    terminal.close()


def test_a_state_that_comes_too_soon_is_not_written_until_the_line_is_left(pty: Pty) -> None:
    line = StatusLine(pty.out, seconds=60)
    for count in range(1000):
        line.show(f"{count}/1000", "  0:01 left")
        line.refresh()
    assert pty.written() == "\r\x1b[K0/1000  0:01 left"
    line.leave()
    assert pty.written() == "\r\x1b[K999/1000\r\n"
    line.leave()
    assert pty.written() == ""


def test_the_line_is_written_where_it_changes_and_is_no_wider_than_the_terminal(pty: Pty) -> None:
    pty.narrow(10)
    line = StatusLine(pty.out, seconds=0)
    for _ in range(3):
        line.show("0123456789abcdef")
        line.refresh()
    assert pty.written() == "\r\x1b[K012345678"
    line.remove()
    assert pty.written() == "\r\x1b[K"


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_replace_lines_gets_one_for_each_tenth(
    pty: Pty, monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stderr", pty.out)
    progress = Progress()
    for event in run_events():
        progress.show(event)
        progress.refresh()
    text = pty.written()
    assert "\x1b" not in text
    assert "lr " in text


def test_the_last_state_is_shown_although_no_event_follows(
    pty: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", pty.out)
    driver = Pausing([STARTED, *steps()])
    Follower(cast("Driver", driver), Progress(), [], lambda: None).follow()
    first, *_, last = pty.written().split("\x1b[K")[1:]
    assert first.startswith("3/4")
    assert last.startswith("4/4")
    assert last.endswith(" left")


class Pausing:
    """A driver whose last event comes a poll after the others, long before it is idle."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events[:-1]
        self._all = events
        self._polls = 0

    @property
    def busy(self) -> bool:
        self._polls += 1
        if self._polls > 1:
            self.events = self._all
        return self._polls < 12
