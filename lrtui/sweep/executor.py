"""Executor: what runs the tests of a sweep, wherever that is."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from lrtui.events import Ended
from lrtui.spec import RunSpec

MOST_ATTEMPTS = 2  # a test that kills its worker twice is not run a third time

Status = Literal["completed", "diverged", "stopped", "interrupted", "failed"]


class Test(msgspec.Struct, frozen=True):
    """A test of a sweep: its key (see `identity`), and what to run."""

    key: str
    spec: RunSpec

    __test__ = False  # pytest takes the name for a test class


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a test ended.

    Attributes:
        key: of the test.
        status: as in the run record.
        reason: why, in one line.
        seconds: of the test.
        record: the path of its record on this machine; "" where there is none.
        refused: whether it is no fault of the test's: its code was not agreed to.
    """

    key: str
    status: Status
    reason: str = ""
    seconds: float = 0.0
    record: str = ""
    refused: bool = False


class ExecutorError(Exception):
    """An executor cannot be used: one line says why, and what to do."""


class Executor(Protocol):
    """Runs tests. Nothing blocks but `close`; a caller polls."""

    @property
    def slots(self) -> int:
        """How many tests run at the same time."""
        ...

    @property
    def running(self) -> Sequence[str]:
        """The keys of the tests that run now."""
        ...

    def submit(self, test: Test) -> None:
        """Add a test to those that wait; they begin in this order."""
        ...

    def poll(self) -> list[Outcome]:
        """Begin what there is a slot for; the tests that have ended since the last call."""
        ...

    def stop(self) -> None:
        """End what runs, and begin no other; outcomes still arrive until nothing is `running`."""
        ...

    def close(self) -> None:
        """End every process that was started."""
        ...


def outcome_of(key: str, end: Ended) -> Outcome:
    """The outcome that the last event of a run tells."""
    return Outcome(
        key=key, status=end.status, reason=end.reason, seconds=end.seconds, record=end.record
    )
