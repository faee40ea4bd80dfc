"""RunsWatch: all runs that are kept, followed on a thread: saved, going on, cut off."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from lrtui import paths
from lrtui.runs.index import Entry, entries
from lrtui.runs.progress import JournalProgress, look_at_journals
from lrtui.spec import RunSpec

_LOOK_SECONDS = 0.5
_CLOCK_TICK = 50_000_000  # ns; two changes within it may leave the folder with the same time
_FIRST_ROWS = 200  # entries that are shown before all are known


class Unsaved(NamedTuple):
    """A run without a record, or one that still measures something beside its record."""

    journal: Path
    spec: RunSpec | None  # None until the run has started
    created: str
    done: int
    total: int
    seconds_left: float | None
    going_on: bool  # else it was cut off

    @property
    def id(self) -> str:
        """The run's id."""
        return self.journal.stem


class Runs(NamedTuple):
    """What is known of all runs. `complete` once every record was looked at."""

    saved: tuple[Entry, ...] = ()  # newest first
    unsaved: tuple[Unsaved, ...] = ()
    complete: bool = False
    problem: str = ""


class RunsWatch:
    """Looks twice a second at the folder of runs; `runs` is another object when anything changed.

    Args:
        on_change: called on the watching thread, with nothing; it may be called from then on.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self.runs = Runs()
        self._on_change = on_change
        self._closed = threading.Event()
        self._again = threading.Event()
        self._seen = 0  # the time of the folder when all records were looked at
        self._journals: dict[Path, JournalProgress] = {}
        self._thread = threading.Thread(target=self._watch, name="runs", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def look_now(self) -> None:
        """Look at once: something was changed here."""
        self._again.set()

    def close(self) -> None:
        """Watch no more."""
        self._closed.set()
        self._again.set()

    def _watch(self) -> None:
        while not self._closed.is_set():
            self._again.clear()
            try:
                self._look()
            except OSError as error:
                self._publish(Runs(complete=True, problem=f"{error.filename}: {error.strerror}"))
            self._again.wait(_LOOK_SECONDS)

    def _look(self) -> None:
        folder = paths.runs()
        # a record is written beside its path and renamed, which changes the folder's time
        time_of_folder = folder.stat().st_mtime_ns
        if time_of_folder != self._seen:
            self._journals = look_at_journals(self._journals)
            self._read_entries()
            if time.time_ns() - time_of_folder > _CLOCK_TICK:
                self._seen = time_of_folder
            return
        changed = [progress.look() for progress in self._journals.values()]
        if any(changed):
            self._publish(self.runs._replace(unsaved=self._unsaved()))

    def _read_entries(self) -> None:
        unsaved = self._unsaved()
        saved: list[Entry] = []
        first = not self.runs.complete
        for entry in entries():
            saved.append(entry)
            if first and len(saved) == _FIRST_ROWS:
                self._publish(Runs(tuple(saved), unsaved))
            if self._closed.is_set():
                return
        self._publish(Runs(tuple(saved), unsaved, complete=True))

    def _unsaved(self) -> tuple[Unsaved, ...]:
        return tuple(map(_unsaved, self._journals.values()))

    def _publish(self, runs: Runs) -> None:
        if runs != self.runs:
            self.runs = runs
            self._on_change()


def _unsaved(progress: JournalProgress) -> Unsaved:
    started = progress.started
    return Unsaved(
        journal=progress.path,
        spec=None if started is None else started.spec,
        created="" if started is None else started.created,
        done=progress.done,
        total=progress.total,
        seconds_left=progress.seconds_left,
        going_on=progress.going_on,
    )
