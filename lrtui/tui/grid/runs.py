"""GridRuns: the runs of a grid, one after the other. It knows no Textual."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lrtui.analysis.answer import Suggestion
from lrtui.launch.driver import Driver
from lrtui.spec import RunSpec
from lrtui.tui.run.state import RunState
from lrtui.tui.session import Session

Standing = Literal["waiting", "running", "done", "failed", "stopped"]


@dataclass
class GridCell:
    """One run of the grid."""

    spec: RunSpec
    standing: Standing = "waiting"
    reason: str = ""
    suggestion: Suggestion | None = None
    record: Path | None = None
    not_saved: str = ""  # why the record could not be written
    seconds: float = 0.0


class GridRuns:
    """Runs specs with the app's session; each is a record of its own.

    Attributes:
        cells: the runs, in their order.
        current: the one that is running, or that ran last.
        state: what its events say.
        stopped: whether the person wants no more runs.
        lost: what was measured in runs that could not be saved.
    """

    def __init__(self, specs: Sequence[RunSpec], session: Session) -> None:
        self.cells = [GridCell(spec) for spec in specs]
        self.current = -1
        self.state = RunState(specs[0])
        self.stopped = False
        self.lost: list[RunState] = []  # runs that could not be saved
        self.version = 0  # grows with every event
        self._session = session
        self._driver: Driver | None = None
        self._read = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing runs, and nothing will."""
        return self._driver is None and (self.stopped or self.current + 1 >= len(self.cells))

    @property
    def done(self) -> int:
        """How many runs have ended, whatever way."""
        return sum(cell.standing not in ("waiting", "running") for cell in self.cells)

    @property
    def records(self) -> list[Path]:
        """The records that were written so far."""
        return [cell.record for cell in self.cells if cell.record is not None]

    @property
    def seconds_left(self) -> float | None:
        """Time until the end of the grid, by the runs that have ended; None before the first."""
        took = [cell.seconds for cell in self.cells if cell.standing == "done"]
        waiting = sum(cell.standing == "waiting" for cell in self.cells)
        if not took:
            return None
        return (self.state.seconds_left or 0.0) + waiting * sum(took) / len(took)

    def poll(self) -> bool:
        """Take in new events, begin the next run where one has ended; False when nothing is new."""
        if self._driver is None:
            return self._begin_next()
        events = self._driver.events[self._read :]
        if not events:
            return False
        self._read += len(events)
        for event in events:
            self.state.feed(event)
        self.version += 1
        if self.state.ended is not None:
            self._end()
        return True

    def stop(self) -> None:
        """End the run in progress; what it measured is kept, and no other begins."""
        self.stopped = True
        if self._driver is not None:
            self._driver.stop()

    def close(self) -> None:
        """End everything now."""
        self.stopped = True
        if self._driver is not None:
            self._driver.close()
            self._driver = None

    def _begin_next(self) -> bool:
        if self.is_over:
            return False
        self.current += 1
        cell = self.cells[self.current]
        cell.standing = "running"
        self.state = RunState(cell.spec)
        self._read = 0
        self._driver = self._session.driver(cell.spec)
        self._driver.run(cell.spec)
        self.version += 1
        return True

    def _end(self) -> None:
        ended, cell = self.state.ended, self.cells[self.current]
        assert ended is not None  # that is why it is called
        cell.standing = "done"
        if ended.status == "failed":
            cell.standing = "failed"
        elif ended.status in ("stopped", "interrupted"):
            cell.standing = "stopped"
        cell.reason, cell.seconds = ended.reason, ended.seconds
        if self.state.suggested is not None:
            cell.suggestion = self.state.suggested.suggestion
        if ended.record:
            cell.record = Path(ended.record)
        if self.state.saving_problem:
            cell.not_saved = self.state.saving_problem
            self.lost.append(self.state)
        if self._driver is not None:
            self._driver.close()
            self._driver = None
        if self.stopped:
            for waiting in self.cells[self.current + 1 :]:
                waiting.standing = "stopped"
