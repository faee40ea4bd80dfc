"""Recorder: all that a run has told, to the front end and the journal as it happens, and to the record at its end."""

from collections.abc import Callable

import msgspec

from lrtui.events import Ended, Event, Notice
from lrtui.record import from_events
from lrtui.runs.store import journal_path, record_path, save
from lrtui.worker.journal import Journal


class Recorder:
    """The events of one run. `send` brings them to the front end."""

    def __init__(self, send: Callable[[Event], None], run_id: str) -> None:
        self.events: list[Event] = []
        self._send = send
        self._run_id = run_id
        self._journal = Journal(journal_path(run_id))

    def emit(self, event: Event) -> None:
        """Tell of an event, and keep it."""
        self._send(event)
        self._keep(event)

    def finish(self, last: Event) -> None:
        """Write the record, the last event included, let the journal go if that worked, and only then tell that event.

        The journal has it before the record is written: one that is newer than its record knows more.
        """
        self._keep(last)
        path = record_path(self._run_id)
        try:
            save(from_events(self.events), path, overwrite=True)
        except OSError as error:
            self.emit(
                Notice(
                    text=f"the record could not be saved: {error.strerror} ({path})",
                    level="warning",
                )
            )
            saved = False
        else:
            saved = True
        self._journal.close(discard=saved)
        if isinstance(last, Ended):
            last = msgspec.structs.replace(last, record=str(path) if saved else "")
        self._send(last)

    def _keep(self, event: Event) -> None:
        self.events.append(event)
        self._journal.append(event)
        if self._journal.problem:
            self._send(Notice(text=self._journal.problem, level="warning"))
            self._journal.problem = ""

    def reopen(self) -> None:
        """Go on after the end, for what is measured beside the curve: with a whole journal again."""
        path = journal_path(self._run_id)
        kept = path.exists()
        self._journal = Journal(path)
        if not kept:
            for event in self.events:
                self._journal.append(event)
