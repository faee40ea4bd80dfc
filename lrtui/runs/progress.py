"""How far a run is whose journal still grows, without reading the journal again at every look."""

from pathlib import Path

import msgspec

from lrtui.events import Started, Step, decode
from lrtui.runs.store import going_on, journals

_STEP = b'{"event":"step"'


class JournalProgress:
    """What a journal says so far. Each `look` reads what was written since the last one.

    Attributes:
        started: the start of the run; None until it is written.
        done: steps measured, over all repeats.
        seconds: of the last step, since the run started.
        going_on: whether a worker still writes the journal; False for a run that was cut off.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.started: Started | None = None
        self.done = 0
        self.seconds = 0.0
        self.going_on = True
        self._read = 0  # bytes
        self._torn = b""  # a line whose end is not written yet

    @property
    def id(self) -> str:
        """The run's id."""
        return self.path.stem

    @property
    def total(self) -> int:
        """Steps of the whole run, 0 until it has started."""
        return 0 if self.started is None else self.started.total_steps

    @property
    def seconds_left(self) -> float | None:
        """Time left at the pace so far."""
        if not self.done or not self.seconds:
            return None
        return self.seconds / self.done * max(0, self.total - self.done)

    def look(self) -> bool:
        """Read what is new; False where nothing changed."""
        was_going_on = self.going_on
        self.going_on = going_on(self.path)
        lines = self._new_lines()
        for line in lines:
            if self.started is None:
                self._start(line)
        steps = [line for line in lines if line.startswith(_STEP)]
        if steps:
            self.done += len(steps)
            self._read_seconds(steps[-1])
        return bool(lines) or self.going_on != was_going_on

    def _new_lines(self) -> list[bytes]:
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                chunk = file.read()
        except OSError:  # its record was written, and the journal removed
            self.going_on = False
            return []
        self._read += len(chunk)
        *lines, self._torn = (self._torn + chunk).split(b"\n")
        return lines

    def _start(self, line: bytes) -> None:
        event = _event(line)
        if isinstance(event, Started):
            self.started = event

    def _read_seconds(self, line: bytes) -> None:
        event = _event(line)
        if isinstance(event, Step):
            self.seconds = event.seconds


def look_at_journals(known: dict[Path, JournalProgress]) -> dict[Path, JournalProgress]:
    """The progress of every journal that has no record yet, or is newer than it.

    Args:
        known: the result of the last look, whose journals are read on.
    """
    current = {}
    for path in journals():
        current[path] = known.get(path) or JournalProgress(path)
        current[path].look()
    return current


def _event(line: bytes) -> object:
    """The event of a line; None for a line of another version."""
    try:
        return decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
