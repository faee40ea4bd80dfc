"""LiveDriver: runs range tests in this process, on live objects that a script already has.

Its events are those of a worker, so the screen is the same. Unlike a worker it does not survive a
crash of the user's code. Only a process that has imported torch already imports this module.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import TextIOWrapper
from pathlib import Path

from lrtui.endings import StopFlag
from lrtui.events import Ended, Event
from lrtui.files import open_log
from lrtui.output import Output
from lrtui.output.log import Log, Printed
from lrtui.protocol import Confirm
from lrtui.record import new_id
from lrtui.run_events.checking import confirmation_events, stability_events
from lrtui.run_events.objects import LiveObjects
from lrtui.run_events.testing import (
    extension_events,
    range_test_events,
    restore,
    started_event,
    while_sampled,
)
from lrtui.spec import RunSpec


class LiveDriver:
    """A Driver on live objects. What they print goes to the log."""

    read_only = False
    owner = ""

    def __init__(self, objects: LiveObjects, log: Path) -> None:
        self.events: list[Event] = []
        self.log = str(log)
        self._printed = Log(log)
        self._objects = objects
        self._digest = ""
        self._stop = StopFlag()
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """A run or a check is being measured, or the objects are being restored."""
        return self._thread is not None and self._thread.is_alive()

    def run(self, spec: RunSpec) -> None:
        """Run (again) from the restored state. `spec` is unused: the objects bring settings."""
        self._start(self._run_events())

    def extend(self, end_lr: float) -> None:
        """Raise the end of the range, of the run in progress or of the last one."""
        if self.busy:
            self._stop.extend(end_lr)
        else:
            self._start(self._extension_events(end_lr))

    def confirm(self, command: Confirm) -> None:
        """Race the suggestion (or `lr`) in short trainings."""
        self._start(confirmation_events(self._objects, command, self._stop))

    def stability(self) -> None:
        """Measure the stability limit."""
        self._start(stability_events(self._objects))

    def stop(self) -> None:
        """End the run or the check after the step in progress."""
        self._stop.set()

    def reset(self) -> None:
        """Stop a run in progress, then put model and optimizer back; a `Restored` follows."""
        self._stop.set()
        self._start_thread(self._reset_events(self._thread))

    def output(self) -> list[str]:
        """The last lines that were printed in a run or a check."""
        return Output(self.log).lines()

    def print_count(self) -> Printed:
        """How much was printed in all runs and checks."""
        self._printed.look()
        return Printed(self._printed.lines, at_least=self._printed.uncounted)

    def close(self) -> None:
        """Stop, and wait for the step in progress: the objects are the caller's again."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def join(self, timeout: float) -> None:
        """Nothing to wait for: `close` has waited."""

    def _start(self, events: Iterator[Event]) -> None:
        if self.busy:
            return
        # cleared here and not when the thread begins, so that a stop right after it is not lost
        self._stop.clear()
        self._start_thread(events)

    def _start_thread(self, events: Iterator[Event]) -> None:
        self._thread = threading.Thread(
            target=self._consume, args=(events,), name="range test", daemon=True
        )
        self._thread.start()

    def _consume(self, events: Iterator[Event]) -> None:
        """Run the generator on this thread, with prints and tracebacks in the log."""
        with (
            # line by line, so that `output` has what was printed
            TextIOWrapper(
                open_log(Path(self.log), append=True), errors="replace", line_buffering=True
            ) as log,
            redirect_stdout(log),
            redirect_stderr(log),
        ):
            device = self._objects.finder.device
            for event in while_sampled(events, device, self.events.append):
                self.events.append(event)

    def _run_events(self) -> Iterator[Event]:
        began = time.perf_counter()
        output = Output.from_now(self.log)
        finder = self._objects.finder
        if not self._objects.past:
            finder.reset()
        self._digest = finder.digest()
        started = started_event(self._objects, run_id=new_id(), digest=self._digest, log=self.log)
        yield from range_test_events(self._objects, started, self._stop, began, output)
        end_lr = self._stop.take_extension()
        if end_lr is not None:  # asked for when the ramp was at its end
            yield from self._extension_events(end_lr)

    def _extension_events(self, end_lr: float) -> Iterator[Event]:
        seconds = 0.0
        for event in self.events:
            if isinstance(event, Ended):
                seconds = event.seconds
        output = Output.from_now(self.log)
        return extension_events(self._objects, end_lr, self._stop, seconds, output)

    def _reset_events(self, previous: threading.Thread | None) -> Iterator[Event]:
        if previous is not None:
            previous.join()
        yield restore(self._objects.finder, self._digest)
