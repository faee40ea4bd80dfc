"""JournalDriver: shows a run that goes on in another process, by its journal, and can stop it."""

import contextlib
import threading
import time
from pathlib import Path

import msgspec

from lrtui.endings import check_problem
from lrtui.events import Ended, Event, Extended, Notice, Restored, Started, decode
from lrtui.output import Output
from lrtui.output.log import NOTHING_PRINTED, Log, Printed
from lrtui.protocol import Confirm
from lrtui.record import RecordError
from lrtui.runs.control import owner_of, stop
from lrtui.runs.replay import events_of
from lrtui.runs.store import going_on, load, record_path
from lrtui.runs.tail import JournalTail
from lrtui.spec import RunSpec

_LOOK_SECONDS = 0.25
# a front end whose worker has died writes the record within this time
_RECORD_SECONDS = 3.0
CUT_OFF = "its process has ended without a record: `lrtui recover` makes one of what was measured"


class JournalDriver:
    """A Driver whose events are the lines of a journal, as another process writes them.

    It owns nothing: closing it leaves the run alone, and there are no objects to try, extend or
    restore. After the end it goes on looking, for a race that the owner may begin.

    Args:
        path: of the journal.
    """

    read_only = True

    def __init__(self, path: Path) -> None:
        self.events: list[Event] = []
        self.id = path.stem
        self.owner = owner_of(self.id)
        self.busy = False
        self._path = path
        self._tail = JournalTail(path)
        self._held: Ended | None = None  # the last line so far: its record may not be written yet
        self._has_ended = False
        self._gone_since: float | None = None  # when nobody was seen to write, before the end
        self._printed: Log | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="journal", daemon=True)

    @property
    def started(self) -> Started | None:
        """The start of the run, once it is known."""
        for event in self.events:
            if isinstance(event, Started):
                return event
        return None

    def look(self) -> None:
        """Take in what was written since the last look."""
        self.busy = going_on(self._path)  # before reading: all that a writer wrote is there then
        for line in self._tail.look():
            self._take(line)
        if not self.busy:
            self._settle()

    def run(self, spec: RunSpec) -> None:
        """Begin to follow. `spec` is unused: the run has its own."""
        self.follow()

    def follow(self) -> None:
        """Begin to follow; once."""
        if self._thread.ident is None:
            self.busy = True
            self._thread.start()

    def stop(self) -> None:
        """Have the owner's worker end the run or the check; see `lrtui.keeper.control`."""
        problem = stop(self.id)
        if problem:
            self.events.append(Notice(text=problem, level="warning"))

    def confirm(self, command: Confirm) -> None:
        """Say that this is the owner's."""
        self.events.append(check_problem("confirmation", self._not_here))

    def stability(self) -> None:
        """Say that this is the owner's."""
        self.events.append(check_problem("stability", self._not_here))

    def extend(self, end_lr: float) -> None:
        """Say that this is the owner's."""
        self.events.append(Extended(problem=self._not_here))

    def reset(self) -> None:
        """Nothing was changed here, so all is as it was."""
        self.events.append(Restored(digest="", exact=True))

    def output(self) -> list[str]:
        """The last lines of the log of the run's worker."""
        started = self.started
        if started is None or not started.log:
            return []
        return Output(started.log).lines()

    def print_count(self) -> Printed:
        """How many lines are in that log."""
        started = self.started
        if started is None or not started.log:
            return NOTHING_PRINTED
        if self._printed is None:
            self._printed = Log(started.log)
        self._printed.look()
        return Printed(self._printed.lines, at_least=self._printed.uncounted)

    def close(self) -> None:
        """Follow no more; the run goes on."""
        self._closed.set()

    def join(self, timeout: float) -> None:
        """Nothing to wait for."""

    @property
    def _not_here(self) -> str:
        return f"this run belongs to {self.owner}"

    def _follow(self) -> None:
        while not self._closed.is_set():
            self.look()
            self._closed.wait(_LOOK_SECONDS)
        self._tail.close()

    def _take(self, line: bytes) -> None:
        try:
            event = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # torn by a full disk, or of another version
        if self._held is not None:  # something was measured after the end
            self._end(self._held)
        if isinstance(event, Ended):
            self._held = event
            return
        self._append(event)

    def _append(self, event: Event) -> None:
        if isinstance(event, Extended) and not event.problem:
            self._has_ended = False
        self.events.append(event)

    def _settle(self) -> None:
        """Nobody writes any more: the run has ended, is between two checks, or was cut off."""
        if self._held is not None:
            self._end(self._held)
        if self._has_ended:
            return
        now = time.monotonic()
        if self._gone_since is None:
            self._gone_since = now
        if self._show_record():
            return
        if now - self._gone_since < _RECORD_SECONDS:
            self.busy = True
        else:
            seconds = max((getattr(event, "seconds", 0.0) for event in self.events), default=0.0)
            self._end(Ended(status="interrupted", reason=CUT_OFF, seconds=seconds))

    def _end(self, end: Ended) -> None:
        """Pass the end on, with the path of the record where it is written."""
        path = record_path(self.id)
        record = str(path) if path.exists() else ""
        self.events.append(msgspec.structs.replace(end, record=record))
        self._held, self._has_ended, self._gone_since = None, True, None

    def _show_record(self) -> bool:
        """Show the record instead: another process wrote it, and the journal lacks the end."""
        with contextlib.suppress(OSError, RecordError):
            *events, end = events_of(load(record_path(self.id)))
            assert isinstance(end, Ended)
            self._tail.forget()
            self.events += events
            self._end(end)
            return True
        return False
