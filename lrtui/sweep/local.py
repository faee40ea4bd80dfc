"""LocalPool: an executor of workers on this machine, one lane for each place."""

import contextlib
import itertools
from collections import deque
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from lrtui.catalog.trust import Item
from lrtui.events import Ended
from lrtui.launch.driver import Driver
from lrtui.sweep.executor import MOST_ATTEMPTS, Outcome, Test, outcome_of
from lrtui.sweep.lane import Lane, WorkerLane
from lrtui.sweep.places import Place


class Running(msgspec.Struct):
    """A test that runs: where, and how far its events have been read for its end."""

    test: Test
    lane: Lane
    driver: Driver
    read: int = 0


class LocalPool:
    """Runs tests on lanes, the first waiting one on the first free lane.

    A test whose worker dies is run again, before those that wait.

    Args:
        lanes: one for each place.
        more_come: whether tests come after those that wait.
    """

    def __init__(self, lanes: Sequence[Lane], more_come: bool = False) -> None:
        self._more_come = more_come
        self._free: deque[Lane] = deque(lanes)
        self._lanes = list(lanes)
        self._waiting: deque[Test] = deque()
        self._running: list[Running] = []
        self._attempts: dict[str, int] = {}
        self._stopped = False

    @classmethod
    def of(cls, places: Sequence[Place], agreed: Collection[str] = ()) -> "LocalPool":
        """The pool of these places; what is not agreed to is not run."""
        return cls([WorkerLane(place, agreed) for place in places])

    @property
    def slots(self) -> int:
        """How many tests run at the same time."""
        return len(self._lanes)

    @property
    def running(self) -> list[str]:
        """The keys of the tests that run now."""
        return [running.test.key for running in self._running]

    @property
    def refused(self) -> list[Item]:
        """What workers did not run, because it is not agreed to."""
        return [item for lane in self._lanes for item in lane.refused.values()]

    def driver(self, key: str) -> Driver | None:
        """The driver of a test that runs."""
        for running in self._running:
            if running.test.key == key:
                return running.driver
        return None

    def submit(self, test: Test) -> None:
        """Add a test to those that wait, and warm a lane for it."""
        self._waiting.append(test)
        lane = next(itertools.islice(self._free, len(self._waiting) - 1, None), None)
        if lane is not None:
            # where no process can be started, the test says so when it begins
            with contextlib.suppress(OSError):
                lane.warm()

    def poll(self) -> list[Outcome]:
        """Begin what there is a lane for; the tests that have ended since the last call."""
        outcomes = []
        for running in list(self._running):
            end = _end_of(running)
            if end is None:
                continue
            outcome = self._ended(running, end)
            if outcome is not None:
                outcomes.append(outcome)
        while self._waiting and self._free and not self._stopped:
            self._begin(self._waiting.popleft(), self._free.popleft())
        return outcomes

    def stop(self) -> None:
        """End what runs, and begin no other."""
        self._stopped = True
        self._waiting.clear()
        for running in self._running:
            running.driver.stop()

    def close(self) -> None:
        """End every process."""
        self._stopped = True
        self._waiting.clear()
        self._running.clear()
        for lane in self._lanes:
            lane.close()

    def _begin(self, test: Test, lane: Lane) -> None:
        self._attempts[test.key] = self._attempts.get(test.key, 0) + 1
        driver = lane.begin(test.spec, more=self._more_come or bool(self._waiting))
        self._running.append(Running(test, lane, driver))

    def _ended(self, running: Running, end: Ended) -> Outcome | None:
        """The outcome; None where the test is run again, because its worker has died."""
        lane, test = running.lane, running.test
        was_lost = end.status == "failed" and lane.was_lost
        refused = end.status == "failed" and bool(lane.refused)
        lane.end()
        self._running.remove(running)
        self._free.append(lane)
        if not was_lost or self._stopped:
            return msgspec.structs.replace(outcome_of(test.key, end), refused=refused)
        if self._attempts[test.key] < MOST_ATTEMPTS:
            _discard(end.record)
            self._waiting.appendleft(test)
            return None
        reason = f"{end.reason} ({MOST_ATTEMPTS} attempts)"
        return msgspec.structs.replace(outcome_of(test.key, end), reason=reason)


def _end_of(running: Running) -> Ended | None:
    """The end of a test, in the events that have not been read."""
    if running.driver.busy:
        return None
    events = running.driver.events
    while running.read < len(events):
        event = events[running.read]
        running.read += 1
        if isinstance(event, Ended):
            return event
    return None


def _discard(record: str) -> None:
    """Delete the record of an attempt that is made again."""
    if record:
        with contextlib.suppress(OSError):
            Path(record).unlink(missing_ok=True)
