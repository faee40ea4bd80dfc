"""What the form costs, beside a plain Textual screen of 60 inputs.

    python -m tests.bench.screen_form

In real pseudo-terminals: CPU time of a key, from its arrival until it is drawn, and the bytes that
draw it; CPU time until the form can be used, beside an empty app. Nothing is asserted: a table is
printed.
"""

import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.bench.screen import count_for, end, first_paint, read, spawn

ROUNDS = 20
FIELDS_SHOWN = b"num_iter"
UP, DOWN, TAB, BACKSPACE = b"\x1b[A", b"\x1b[B", b"\t", b"\x7f"
TO_END_LR = (UP, UP, UP)  # the button, the fold, num_iter, end_lr
_KEY_SECONDS = 0.12  # after which a key is drawn, also on busy cores


class Cost(NamedTuple):
    """Of one key."""

    milliseconds: float
    size: float  # bytes


class Keyboard:
    """Presses keys in a child, and measures what they cost it beyond being at rest."""

    def __init__(self, child: str, shown: bytes, before: Sequence[bytes]) -> None:
        self.pid, self.terminal = spawn(child)
        self._wait_for(shown)
        count_for(4, self.terminal)  # the worker of the form has answered
        for key in before:
            os.write(self.terminal, key)
            count_for(_KEY_SECONDS, self.terminal)
        count_for(1, self.terminal)
        began, used = time.monotonic(), cpu_milliseconds(self.pid)
        count_for(2, self.terminal)
        self.at_rest = (cpu_milliseconds(self.pid) - used) / (time.monotonic() - began)

    def cost(self, keys: Sequence[bytes]) -> Cost:
        """The medians of these keys."""
        milliseconds: list[float] = []
        counts: list[float] = []
        for key in keys:
            began, used = time.monotonic(), cpu_milliseconds(self.pid)
            os.write(self.terminal, key)
            counts.append(count_for(_KEY_SECONDS, self.terminal))
            rest = self.at_rest * (time.monotonic() - began)
            milliseconds.append(cpu_milliseconds(self.pid) - used - rest)
        end(self.pid, self.terminal)
        return Cost(statistics.median(milliseconds), statistics.median(counts))

    def _wait_for(self, word: bytes) -> None:
        text = b""
        while word not in text:
            text = text[-100:] + read(self.terminal, time.monotonic() + 30)


def cpu_milliseconds(pid: int) -> float:
    """The time that the main thread of a process has run, to the nanosecond."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e6


def digit_keys() -> list[bytes]:
    """Digits and as many backspaces: the text does not grow out of its field."""
    digits = [str(number % 9 + 1).encode() for number in range(ROUNDS // 4)]
    return [*digits, *[BACKSPACE] * len(digits)] * 2


def print_keys() -> None:
    """Print what keys cost on both screens."""
    plain, form = (b"field 30", "inputs"), (FIELDS_SHOWN, "form")
    print(f"{'CPU ms a key (bytes)':28}{'arrow key':>18}{'digit in a field':>18}")
    for label, (shown, child), down, to_field in (
        ("plain Textual, 60 inputs", plain, TAB, (TAB,)),
        ("the form", form, DOWN, TO_END_LR),
    ):
        arrow = Keyboard(child, shown, ()).cost([down] * ROUNDS)
        digit = Keyboard(child, shown, to_field).cost(digit_keys())
        cells = [f"{each.milliseconds:.1f} ({each.size:,.0f})" for each in (arrow, digit)]
        print(f"{label:28}{cells[0]:>18}{cells[1]:>18}", flush=True)


def print_start() -> None:
    """Print the CPU time until an empty app paints, and until the form shows its fields."""
    first_paint("form", FIELDS_SHOWN)  # writes the bytecode
    empty: list[float] = []
    fields: list[float] = []
    for _ in range(9):
        empty.append(first_paint("empty")[1])
        fields.append(first_paint("form", FIELDS_SHOWN)[1])
    ratio = statistics.median(fields) / statistics.median(empty)
    print(
        f"CPU ms until it can be used: an empty Textual app {statistics.median(empty):.0f}, "
        f"the form {statistics.median(fields):.0f}, {ratio:.2f} times"
    )


def main() -> None:
    """Measure and print. Both sides start from bytecode, as an installed program does."""
    # a worker that has not ended yet may still write there
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ |= {
            "PYTHONPYCACHEPREFIX": folder,
            "PYTHONDONTWRITEBYTECODE": "",
            "LRTUI_HOME": f"{folder}/home",
        }
        print_keys()
        print_start()


if __name__ == "__main__":
    main()
