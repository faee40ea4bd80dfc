"""Sweep: the tests of a grid, those that are done and those that an executor runs."""

import time
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from lrtui.catalog.searchpath import Installed
from lrtui.spec import RunSpec
from lrtui.sweep.executor import Executor, Outcome, Test
from lrtui.sweep.identity import key_of
from lrtui.sweep.ledger import Ledger

_POLL_SECONDS = 0.02

Again = Literal["nothing", "failed", "all"]


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How far a sweep is. `before` of those that are done were done in an earlier sweep."""

    done: int
    before: int
    running: int
    waiting: int
    seconds_left: float | None


class Sweep:
    """Runs what the ledger does not have.

    Attributes:
        tests: all of them, in the order of the grid.
        outcomes: by key; it grows.
        before: the keys of those that were done before.
        problem: why the ledger cannot be written; "" when all is well.
    """

    def __init__(self, specs: Sequence[RunSpec], ledger: Ledger, again: Again = "nothing") -> None:
        installed = Installed()
        tests = [Test(key_of(spec, installed), spec) for spec in specs]
        self.tests = list({test.key: test for test in tests}.values())
        self.outcomes: dict[str, Outcome] = {}
        self.problem = ""
        self._ledger = ledger
        self._began = time.monotonic()
        for test in self.tests:
            outcome = None if again == "all" else ledger.get(test.key)
            if outcome is not None and (again != "failed" or outcome.status != "failed"):
                self.outcomes[test.key] = outcome
        self.before = frozenset(self.outcomes)

    @property
    def open(self) -> list[Test]:
        """The tests that have no outcome yet."""
        return [test for test in self.tests if test.key not in self.outcomes]

    def counts(self, executor: Executor) -> Counts:
        """How far it is."""
        running, rest = len(executor.running), len(self.open)
        return Counts(
            done=len(self.outcomes),
            before=len(self.before),
            running=running,
            waiting=rest - running,
            seconds_left=self._seconds_left(rest),
        )

    def run(
        self,
        executor: Executor,
        *,
        wants_stop: Callable[[], bool],
        on_outcome: Callable[[Test, Outcome], None],
        on_poll: Callable[[Counts], None],
    ) -> None:
        """Run the open tests until all have ended, or until `wants_stop`.

        Each outcome is in the ledger before `on_outcome` gets it.
        """
        by_key = {test.key: test for test in self.open}
        for test in by_key.values():
            executor.submit(test)
        self._began = time.monotonic()
        stopping = False
        while self.open:
            for outcome in executor.poll():
                self._take(outcome)
                on_outcome(by_key[outcome.key], outcome)
            on_poll(self.counts(executor))
            if stopping and not executor.running:
                return
            if not stopping and wants_stop():
                stopping = True
                executor.stop()
            time.sleep(_POLL_SECONDS)

    def _take(self, outcome: Outcome) -> None:
        self.outcomes[outcome.key] = outcome
        try:
            self._ledger.add(outcome)
        except OSError as error:
            self.problem = f"what is done cannot be remembered: {error.strerror}"

    def _seconds_left(self, rest: int) -> float | None:
        """By the pace of this sweep so far; None before the first test has ended."""
        ended = len(self.outcomes) - len(self.before)
        if not ended:
            return None
        return rest * (time.monotonic() - self._began) / ended
