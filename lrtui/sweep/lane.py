"""Lane: the worker processes at one place, of which one at a time runs a test.

What only libraries and lrtui have runs in the same process, test after test: to import torch again
would take longer than a short test. A test with code of the user's gets a process of its own, and
so does each on a GPU, whose memory is then free again. The next process imports torch while a test
runs.
"""

import os
from collections.abc import Collection
from typing import Protocol

from lrtui.catalog.trust import Item
from lrtui.launch.driver import Driver
from lrtui.launch.process import WorkerProcess
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.protocol import Message
from lrtui.spec import RunSpec
from lrtui.sweep.identity import has_own_code
from lrtui.sweep.places import Place

_JOIN_SECONDS = 3.0


class Lane(Protocol):
    """Runs one test at a time."""

    refused: dict[str, Item]

    def warm(self) -> None:
        """Prepare for a test that will come."""
        ...

    def begin(self, spec: RunSpec, more: bool) -> Driver:
        """Run a spec; `more`: another test may come after it."""
        ...

    @property
    def was_lost(self) -> bool:
        """Whether the worker of the test that has just ended has died."""
        ...

    def end(self) -> None:
        """The test has ended, and what its driver knows has been read."""
        ...

    def close(self) -> None:
        """End every process."""
        ...


class WorkerLane:
    """A lane with worker processes of its own.

    Attributes:
        refused: what workers did not run, because it is not agreed to.
    """

    def __init__(self, place: Place, agreed: Collection[str] = ()) -> None:
        self.refused: dict[str, Item] = {}
        self._place = place
        self._agreed = agreed
        self._spare: WorkerProcess | None = None
        self._used: WorkerProcess | None = None  # of the test that runs, or ran last
        self._driver: WorkerDriver | None = None
        self._shares = False  # the test leaves its process to the next

    def agree(self, agreed: Collection[str]) -> None:
        """What is agreed to from the next test on."""
        self._agreed = agreed

    def warm(self) -> None:
        """Start a spare, unless there is one. OSError where no process can be started."""
        if self._spare is None or self._spare.ended:
            self._spare = self._new_process()

    def begin(self, spec: RunSpec, more: bool) -> Driver:
        """Run a spec in the spare; where its process cannot be used again, start the next."""
        self._shares = more and not self._place.is_gpu and not has_own_code(spec)
        self._driver = WorkerDriver(self._take, _nothing, self._agreed, self.refused)
        self._driver.run(spec)
        if more and not self._shares:
            self.warm()
        return self._driver

    @property
    def was_lost(self) -> bool:
        """Whether the worker has died, and not the test alone."""
        return self._used is not None and self._used.ended

    @property
    def pid(self) -> int:
        """Of the process that runs the test."""
        return 0 if self._used is None else self._used.pid

    def end(self) -> None:
        """Keep the process for the next test, or end it."""
        driver, self._driver = self._driver, None
        if driver is None:
            return
        if self._shares and self._spare is None:
            self._spare = driver.release()
        else:
            driver.close()

    def close(self) -> None:
        """End every process. One that trains is given a moment to keep what it has measured."""
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()
            driver.join(_JOIN_SECONDS)
        if self._spare is not None:
            self._spare.kill()
            self._spare.join(_JOIN_SECONDS)
            self._spare = None

    def _take(self) -> WorkerProcess:
        process, self._spare = self._spare, None
        if process is None or process.ended:
            process = self._new_process()
        self._used = process
        return process

    def _new_process(self) -> WorkerProcess:
        process = WorkerProcess(_ignore_message, _ignore, self._place.env)
        if self._place.cores and hasattr(os, "sched_setaffinity"):
            # before torch is imported, whose threads inherit it
            try:
                os.sched_setaffinity(process.pid, self._place.cores)
            except OSError:
                return process  # it has died, or a container forbids it: it runs unpinned
        return process


def _nothing() -> None:
    pass


def _ignore_message(message: Message) -> None:
    pass


def _ignore(reason: str) -> None:
    pass
