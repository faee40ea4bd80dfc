"""Recorder: passes the events of a run on, and keeps them in its journal and its record."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from lrtui.events import Ended, Event, Notice, Passing, Saving, ends_check
from lrtui.keeper.control import ControlFile
from lrtui.keeper.pulse import PULSE
from lrtui.record import from_events
from lrtui.runs.store import control_path, journal_path, record_path, save_run
from lrtui.worker.journal import Journal


class Recording(ABC):
    """Takes the events of one run."""

    def record(self, events: Iterable[Event]) -> None:
        """Emit events as they come, and finish with the end of the run or check."""
        for event in events:
            if isinstance(event, Ended) or ends_check(event):
                self.finish(event)
            else:
                self.emit(event)

    @abstractmethod
    def emit(self, event: Event) -> None:
        """Send an event, and keep it unless it is of the moment only."""

    @abstractmethod
    def emit_from_thread(self, event: Event) -> None:
        """Do the same with an event of a thread other than the run's."""

    @abstractmethod
    def finish(self, last: Event) -> None:
        """Keep and send the last event of the run or check."""

    @abstractmethod
    def reopen(self) -> None:
        """Continue after the end with a check."""

    @property
    @abstractmethod
    def seconds(self) -> float:
        """How long the run took, up to its last end."""


class Recorder(Recording):
    """Keeps the events in a journal and a record. `send` passes one on to the front end.

    While something is measured there is a control file; see `lrtui.keeper.control`.
    """

    def __init__(self, send: Callable[[Event], None], run_id: str) -> None:
        self._events: list[Event] = []
        self._send = send
        self._run_id = run_id
        self._journal = Journal(journal_path(run_id))
        self._control = ControlFile(control_path(run_id))
        PULSE.open_control(self._control)
        self._problem = ""  # why not all is saved
        self._later: list[Event] = []  # of other threads, which do not write the journal

    def emit(self, event: Event) -> None:
        """Send an event, and keep it unless it is of the moment only."""
        self._send(event)
        if not isinstance(event, Passing):
            self._keep(event)

    def emit_from_thread(self, event: Event) -> None:
        """Send an event; it is kept with the next one of the run's own thread."""
        self._send(event)
        self._later.append(event)

    def finish(self, last: Event) -> None:
        """Write the record, then send the last event.

        The journal gets that event before the record is written: a journal that is newer than its
        record knows more. It is deleted once the record is saved.
        """
        self._keep(last)
        path = self._save()
        PULSE.close_control(self._control)
        self._journal.close(discard=bool(path))
        if isinstance(last, Ended):
            last = msgspec.structs.replace(last, record=path)
        self._send(last)

    @property
    def seconds(self) -> float:
        """How long the run took, up to its last end."""
        ends = [event.seconds for event in self._events if isinstance(event, Ended)]
        return ends[-1] if ends else 0.0

    def reopen(self) -> None:
        """Continue after the end with a check: the journal is complete again before it grows."""
        PULSE.open_control(self._control)
        if not self._journal.kept or self._journal.path.exists():
            return  # the record could not be saved: the journal was kept, and goes on
        self._journal = Journal(self._journal.path)
        for event in self._events:
            self._journal.append(event)

    def _save(self) -> str:
        """The path of the record; "" if it could not be saved, which a notice says."""
        path = record_path(self._run_id)
        try:
            save_run(from_events(self._events), path)
        except OSError as error:
            text = f"the record could not be saved: {error.strerror} ({path})"
            self.emit(Notice(text=text, level="warning"))
            self._say_saving(error.strerror or str(error))
            return ""
        self._say_saving("")
        return str(path)

    def _say_saving(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._send(Saving(problem=problem))

    def _keep(self, event: Event) -> None:
        if self._later:
            later, self._later = self._later, []
            for earlier in later:
                self._events.append(earlier)
                self._journal.append(earlier)
        self._events.append(event)
        self._journal.append(event)
        PULSE.beat()
        if self._journal.news:
            level: Literal["info", "warning"] = "info" if self._journal.kept else "warning"
            self._send(Notice(text=self._journal.news, level=level))
            self._say_saving("" if self._journal.kept else self._journal.problem)
            self._journal.news = ""
