"""GridRuns: the runs of a grid, one at a time, or one on each GPU. It knows no Textual."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lrtui.analysis.answer import Suggestion
from lrtui.catalog.trust import Item
from lrtui.launch.driver import Driver
from lrtui.spec import RunSpec
from lrtui.sweep.executor import Outcome, Test
from lrtui.sweep.lane import Lane
from lrtui.sweep.local import LocalPool
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


class SessionLane:
    """The lane of an app with one device: the session's spare worker runs the tests."""

    def __init__(self, session: Session) -> None:
        self.refused: dict[str, Item] = {}
        self._session = session
        self._driver: Driver | None = None

    def warm(self) -> None:
        """Nothing to do: the session has a spare."""

    def begin(self, spec: RunSpec, more: bool) -> Driver:
        """Run a spec."""
        self._driver = self._session.driver(spec)
        self._driver.run(spec)
        return self._driver

    @property
    def was_lost(self) -> bool:
        """A worker that dies has failed its run here: the person looks on, and decides."""
        return False

    def end(self) -> None:
        """Close the driver, so that the session warms the next worker."""
        self.close()

    def close(self) -> None:
        """End the worker."""
        if self._driver is not None:
            self._driver.close()
            self._driver = None


@dataclass
class _Live:
    """A run in progress: how far its events have been read."""

    index: int
    driver: Driver
    state: RunState
    read: int = 0

    def feed(self) -> bool:
        """Take in new events; False when there are none."""
        events = self.driver.events[self.read :]
        self.read += len(events)
        for event in events:
            self.state.feed(event)
        return bool(events)


class GridRuns:
    """Runs specs; each is a record of its own.

    Args:
        specs: in their order.
        session: of the app.
        lanes: where runs go at the same time; empty: one at a time, with the app's session.

    Attributes:
        cells: the runs, in their order.
        current: the one that is shown: it is running, or ran last.
        state: what its events say.
        stopped: whether the person wants no more runs.
        lost: what was measured in runs that could not be saved.
    """

    def __init__(
        self, specs: Sequence[RunSpec], session: Session, lanes: Sequence[Lane] = ()
    ) -> None:
        self.cells = [GridCell(spec) for spec in specs]
        self.current = -1
        self.state = RunState(specs[0])
        self.stopped = False
        self.lost: list[RunState] = []  # runs that could not be saved
        self.version = 0  # grows with every event
        self._live: dict[str, _Live] = {}
        self._pool = LocalPool(lanes or [SessionLane(session)])
        for index, spec in enumerate(specs):
            self._pool.submit(Test(str(index), spec))

    @property
    def is_over(self) -> bool:
        """Whether nothing runs, and nothing will."""
        return not self._live and (self.stopped or self._waiting == 0)

    @property
    def done(self) -> int:
        """How many runs have ended, whatever way."""
        return sum(cell.standing not in ("waiting", "running") for cell in self.cells)

    @property
    def running(self) -> int:
        """How many run now."""
        return len(self._live)

    @property
    def records(self) -> list[Path]:
        """The records that were written so far."""
        return [cell.record for cell in self.cells if cell.record is not None]

    @property
    def seconds_left(self) -> float | None:
        """Time until the end of the grid, by the runs that have ended; None before the first."""
        took = [cell.seconds for cell in self.cells if cell.standing == "done"]
        if not took:
            return None
        left = self._waiting * sum(took) / len(took)
        return (self.state.seconds_left or 0.0) + left / self._pool.slots

    def poll(self) -> bool:
        """Take in new events, begin the next run where one has ended; False when nothing is new."""
        is_new = False
        for live in self._live.values():
            is_new |= live.feed()
        for outcome in self._pool.poll():
            self._end(outcome)
            is_new = True
        is_new |= self._notice_begun()
        if is_new:
            self._show_current()
            self.version += 1
        return is_new

    def stop(self) -> None:
        """End the runs in progress; what they measured is kept, and no other begins."""
        self.stopped = True
        self._pool.stop()

    def close(self) -> None:
        """End everything now."""
        self.stopped = True
        self._live.clear()
        self._pool.close()

    @property
    def _waiting(self) -> int:
        return sum(cell.standing == "waiting" for cell in self.cells)

    def _notice_begun(self) -> bool:
        """Watch the runs that have begun, or begun again; False where none has."""
        begun = False
        for key in self._pool.running:
            driver, live = self._pool.driver(key), self._live.get(key)
            if driver is None or (live is not None and live.driver is driver):
                continue
            index, begun = int(key), True
            self.cells[index].standing = "running"
            self._live[key] = _Live(index, driver, RunState(self.cells[index].spec))
        return begun

    def _show_current(self) -> None:
        """Show the same run as long as it goes on, then the first that runs."""
        shown = self._live.get(str(self.current))
        if shown is None and self._live:
            shown = min(self._live.values(), key=lambda live: live.index)
        if shown is not None:
            self.current, self.state = shown.index, shown.state

    def _end(self, outcome: Outcome) -> None:
        live = self._live.pop(outcome.key, None)
        cell = self.cells[int(outcome.key)]
        cell.standing = "done"
        if outcome.status == "failed":
            cell.standing = "failed"
        elif outcome.status in ("stopped", "interrupted"):
            cell.standing = "stopped"
        cell.reason, cell.seconds = outcome.reason, outcome.seconds
        if outcome.record:
            cell.record = Path(outcome.record)
        if live is not None:
            live.feed()
            self._take(cell, live.state)
        if self.stopped and not self._live:
            for waiting in self.cells:
                if waiting.standing == "waiting":
                    waiting.standing = "stopped"

    def _take(self, cell: GridCell, state: RunState) -> None:
        """What the events of a run that is over leave in its cell."""
        if state.suggested is not None:
            cell.suggestion = state.suggested.suggestion
        if state.saving_problem:
            cell.not_saved = state.saving_problem
            self.lost.append(state)
