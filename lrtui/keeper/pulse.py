"""Pulse: how a keeper sees that the run of its worker gets on, and tells it what others ask for."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from lrtui.keeper.control import ControlFile

BEAT, CONTROL, END_OF_PATH = b".", b"c", b"\n"  # what a worker says
STOP = b"s"  # what a keeper says
_SECONDS = 1.0  # at most one beat in this time


class Pulse:
    """The worker's ends of two pipes, to its keeper and from it. Without a keeper it is silent."""

    def __init__(self) -> None:
        self._beats: int | None = None
        self._words: int | None = None
        self._next = 0.0

    def connect(self, beats: int, words: int) -> None:
        """Beat on a descriptor that does not block; the keeper's words come from another."""
        self._beats, self._words = beats, words

    def beat(self) -> None:
        """Say that something was measured."""
        if self._beats is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _SECONDS
        self._say(BEAT)

    def listen(self, on_stop: Callable[[], None]) -> None:
        """Have a thread call this whenever the keeper says that the run is to stop."""
        if self._words is not None:
            threading.Thread(
                target=_obey, args=(self._words, on_stop), name="keeper", daemon=True
            ).start()

    def open_control(self, control: ControlFile) -> None:
        """Make the control file of a run, and have the keeper look at it."""
        path = os.fsencode(control.path)
        if self._beats is None or END_OF_PATH in path:
            return
        control.open()
        self._say(CONTROL + path + END_OF_PATH)

    def close_control(self, control: ControlFile) -> None:
        """Remove the file: the run is over, and nobody needs to look any more."""
        if self._beats is not None:
            self._say(CONTROL + END_OF_PATH)
            control.close()

    def _say(self, words: bytes) -> None:
        if self._beats is not None:
            with suppress(OSError):  # the keeper has not looked for long, or is gone
                os.write(self._beats, words)


class Hearing:
    """The keeper's side: takes apart what a worker says."""

    def __init__(self) -> None:
        self._path: bytes | None = None  # of a control file, as far as it has come

    def paths(self, said: bytes) -> list[bytes]:
        """The control files that are named in this piece, "" for none; beats are left out."""
        paths = []
        while said:
            if self._path is None:
                start = said.find(CONTROL)
                if start < 0:
                    break
                said, self._path = said[start + 1 :], b""
            piece, end, said = said.partition(END_OF_PATH)
            self._path += piece
            if end:
                paths.append(self._path)
                self._path = None
        return paths


def _obey(words: int, on_stop: Callable[[], None]) -> None:
    with suppress(OSError):
        while word := os.read(words, 1):
            if word == STOP:
                on_stop()


PULSE = Pulse()  # of this process
