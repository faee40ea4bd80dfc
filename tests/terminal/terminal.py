"""A real terminal for tests: a pty with a screen behind it. Tests wait for what it shows."""

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import pyte
from ptyprocess import PtyProcess

KEYS = {
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "left": "\x1b[D",
    "right": "\x1b[C",
    "shift+left": "\x1b[1;2D",
    "shift+right": "\x1b[1;2C",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "f2": "\x1bOQ",
    "f5": "\x1b[15~",
    "backspace": "\x7f",
}
CLEAR_INPUT = "\x15\x0b"  # ctrl+u, ctrl+k: everything before the cursor, everything after it

# Seconds. A machine whose cores are all busy needs half of it to import torch and confirm a rate.
PATIENCE = 120.0
POLL = 0.02

# A pty hands over a frame in pieces of 4 KB: the screen is whole when nothing has come for so long.
QUIET = 0.05
LONGEST_FRAME = 1.0

Condition = str | Callable[[str], object]

MODES = {
    1049: "alternate screen",
    1000: "mouse",
    1003: "mouse",
    1006: "mouse",
    1015: "mouse",
    2004: "paste",
    1004: "focus",
}
CURSOR = 25


class Terminal:
    """A program on a pty of `columns` × `lines`; `screen` is what a person would see."""

    def __init__(
        self,
        argv: list[str],
        cwd: Path,
        env: Mapping[str, str] | None = None,
        columns: int = 100,
        lines: int = 30,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.written = bytearray()
        self._last_read = time.monotonic()
        self._lock = threading.Lock()
        self.process = PtyProcess.spawn(
            argv, cwd=str(cwd), env=environment(env or {}), dimensions=(lines, columns)
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Kill first: the reader waits for the end of the program, and close() for the reader.
        if self.process.isalive():
            self.process.kill(signal.SIGKILL)
        self._reader.join(PATIENCE)
        self.process.close(force=True)

    @property
    def text(self) -> str:
        """The whole screen. A frame that is still being written is in it as far as it has come."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self.screen.display)

    def press(self, *keys: str) -> None:
        """Press keys by name, or type text."""
        for key in keys:
            self.process.write(KEYS.get(key, key).encode())

    def type_over(self, text: str) -> None:
        """Replace what a dialog's input holds. An input loses keys until it has the focus."""
        end = time.monotonic() + PATIENCE
        while text not in self.text:
            assert time.monotonic() < end, f"{text!r} cannot be typed on\n{self.text}"
            self.press(CLEAR_INPUT, text)
            retry = time.monotonic() + 1
            while text not in self.text and time.monotonic() < retry:
                time.sleep(POLL)

    def wait_for(self, *wanted: Condition) -> str:
        """Wait until the screen matches all patterns and predicates at once, and return it."""
        end = time.monotonic() + PATIENCE
        while True:
            text = self.whole_text()
            if all(matches(condition, text) for condition in wanted):
                return text
            assert time.monotonic() < end, f"never saw {wanted!r} on\n{text}"
            time.sleep(POLL)

    def whole_text(self) -> str:
        """The screen between two frames; as it is, if the program writes without a pause."""
        end = time.monotonic() + LONGEST_FRAME
        while time.monotonic() < min(self._last_read + QUIET, end):
            time.sleep(POLL)
        return self.text

    def wait_until_gone(self, pattern: str) -> str:
        """Wait until nothing on the screen matches a pattern, and return the screen."""
        return self.wait_for(lambda text: not re.search(pattern, text))

    def wait_for_file(self, path: Path) -> None:
        """Wait until the program has written a file."""
        self.wait_for(lambda _: path.exists())

    def wait_for_exit(self) -> int:
        """Wait until the program has ended; its exit code, 128 + signal for a killed one."""
        end = time.monotonic() + PATIENCE
        while self.process.isalive():
            assert time.monotonic() < end, f"the program has not ended:\n{self.text}"
            time.sleep(POLL)
        self._reader.join(PATIENCE)
        if self.process.signalstatus is not None:
            return 128 + int(self.process.signalstatus)
        return int(self.process.exitstatus)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, as a window manager does."""
        with self._lock:
            self.screen.resize(lines, columns)
        self.process.setwinsize(lines, columns)

    def forget(self) -> None:
        """Clear the screen without the program: what it shows after this is drawn again."""
        with self._lock:
            self.screen.reset()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        os.kill(self.process.pid, number)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.process.fd, 1 << 16)
            except OSError:  # how Linux reports that no process holds the other end any more
                return
            if not data:
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        with self._lock:
            self.written += data
            self._stream.feed(data)
            self._last_read = time.monotonic()


def matches(condition: Condition, text: str) -> bool:
    """Whether a screen's text matches a pattern, or fulfils a predicate."""
    if isinstance(condition, str):
        return re.search(condition, text) is not None
    return bool(condition(text))


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program on the pty: the same wherever the tests run."""
    inherited = dict(os.environ)
    # COLUMNS and LINES, which pytest-xdist sets, would stand above the size of the pty
    for name in ("COLORTERM", "NO_COLOR", "CI", "COLUMNS", "LINES"):
        inherited.pop(name, None)
    return {**inherited, "TERM": "xterm-256color", "OMP_NUM_THREADS": "1", **extra}


def lrtui_argv(*arguments: str) -> list[str]:
    """The `lrtui` command, run by the interpreter that runs the tests."""
    return [sys.executable, "-m", "lrtui.cli", *arguments]


def modes_left_on(written: bytes) -> list[str]:
    """Terminal modes that a program switched on and not off again; "hidden cursor" is one."""
    is_on: dict[int, bool] = {}
    for match in re.finditer(rb"\x1b\[\?([\d;]+)([hl])", written):
        for number in match[1].split(b";"):
            is_on[int(number)] = match[2] == b"h"
    left_on = [name for number, name in MODES.items() if is_on.get(number)]
    if not is_on.get(CURSOR, True):
        left_on.append("hidden cursor")
    return left_on
