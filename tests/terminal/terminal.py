"""A real terminal for tests: a pty with a screen behind it. Everything waits for a state, nothing for a time."""

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

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
        self._lock = threading.Lock()
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "OMP_NUM_THREADS": "1",
            **(env or {}),
        }
        for name in ("COLORTERM", "NO_COLOR", "CI"):
            if name not in (env or {}):
                environment.pop(name, None)
        self.process = PtyProcess.spawn(
            argv, cwd=str(cwd), env=environment, dimensions=(lines, columns)
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        # the program first: its end is what the reader waits for, and closing waits for the reader
        if self.process.isalive():
            self.process.kill(signal.SIGKILL)
        self._reader.join(5)
        self.process.close(force=True)

    @property
    def text(self) -> str:
        """The whole screen."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self.screen.display)

    def press(self, *keys: str) -> None:
        """Press keys by name, or type text."""
        for key in keys:
            self.process.write(KEYS.get(key, key).encode())

    def type_over(self, text: str) -> None:
        """Replace what a dialog's input holds; what is typed before it has the focus is lost."""
        end = time.monotonic() + 30
        while text not in self.text:
            assert time.monotonic() < end, f"{text!r} cannot be typed on\n{self.text}"
            self.press("\x15", "\x0b", text)
            pause = time.monotonic() + 1
            while text not in self.text and time.monotonic() < pause:
                time.sleep(0.02)

    def wait_for(self, wanted: str | Callable[[str], object], seconds: float = 30) -> str:
        """Wait until the screen matches a pattern (or fulfils a predicate), and return it."""
        matches = wanted if callable(wanted) else lambda text: re.search(wanted, text)
        end = time.monotonic() + seconds
        while not matches(text := self.text):
            assert time.monotonic() < end, f"never saw {wanted!r} on\n{text}"
            time.sleep(0.02)
        return text

    def wait_for_exit(self, seconds: float = 30) -> int:
        """Wait until the program has ended; its exit code, 128 + signal for a killed one."""
        end = time.monotonic() + seconds
        while self.process.isalive():
            assert time.monotonic() < end, f"still there:\n{self.text}"
            time.sleep(0.02)
        self._reader.join(5)
        if self.process.signalstatus is not None:
            return 128 + int(self.process.signalstatus)
        return int(self.process.exitstatus)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, as a window manager does."""
        with self._lock:
            self.screen.resize(lines, columns)
        self.process.setwinsize(lines, columns)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        os.kill(self.process.pid, number)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.process.fd, 1 << 16)
            except OSError:  # Linux's way to say that nobody holds the other end any more
                return
            if not data:
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        with self._lock:
            self.written += data
            self._stream.feed(data)


def lrtui(*arguments: str) -> list[str]:
    """The command, by the interpreter that runs the tests."""
    return [sys.executable, "-m", "lrtui.cli", *arguments]


def modes_left_on(written: bytes) -> list[str]:
    """Terminal modes that a program switched on and not off again: alternate screen, mouse, paste, hidden cursor."""
    names = {
        1049: "alternate screen",
        1000: "mouse",
        1003: "mouse",
        1006: "mouse",
        1015: "mouse",
        2004: "paste",
        1004: "focus",
    }
    state: dict[int, bool] = {}
    for match in re.finditer(rb"\x1b\[\?([\d;]+)([hl])", written):
        for number in match[1].split(b";"):
            state[int(number)] = match[2] == b"h"
    left = [name for number, name in names.items() if state.get(number)]
    return left + (["hidden cursor"] if state.get(25) is False else [])
