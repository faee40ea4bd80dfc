"""The progress of a sweep on stderr: a line for each test that ends, and how far it is."""

import io
import sys

import msgspec

from lrtui.commands.streams import printable
from lrtui.report.compare import differences
from lrtui.report.progress import clock
from lrtui.shell.status_line import StatusLine
from lrtui.sweep.executor import Outcome, Test
from lrtui.sweep.sweep import Counts, Sweep

_STATUS_SECONDS = 0.5


class SweepProgress:
    """On a terminal the last line is replaced; elsewhere there are only lines of ended tests."""

    def __init__(self, sweep: Sweep) -> None:
        self._out = sys.stderr or io.StringIO()
        self._status = StatusLine(self._out, seconds=_STATUS_SECONDS)
        self._names = _names(sweep)
        self._total = len(sweep.tests)
        self._ended = len(sweep.before)

    def ended(self, test: Test, outcome: Outcome) -> None:
        """Write the line of a test that has ended."""
        self._ended += 1
        parts = [f"{self._ended}/{self._total}", self._names[test.key], outcome.status]
        if outcome.reason and outcome.status == "failed":
            parts[-1] = f"failed: {outcome.reason}"
        parts.append(clock(outcome.seconds))
        self._status.remove()
        self._out.write(f"{printable('  '.join(filter(None, parts)))}\n")
        self._out.flush()

    def show(self, counts: Counts) -> None:
        """Write how far it is, where lines can be replaced."""
        self._status.show(counts_text(counts))
        self._status.refresh()

    def close(self) -> None:
        """Remove the line that is replaced."""
        self._status.remove()


def counts_text(counts: Counts) -> str:
    """`3 done · 2 running · 3 waiting · 0:41 left`."""
    text = f"{counts.done} done · {counts.running} running · {counts.waiting} waiting"
    if counts.seconds_left is not None:
        text += f" · {clock(counts.seconds_left)} left"
    return text


def _names(sweep: Sweep) -> dict[str, str]:
    """What varies in each test."""
    found = differences([msgspec.to_builtins(test.spec) for test in sweep.tests])
    names = {}
    for index, test in enumerate(sweep.tests):
        parts = [f"{one.label} {one.values[index]}" for one in found]
        names[test.key] = " · ".join(parts)
    return names
