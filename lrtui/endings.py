"""Endings without a result: how a run or a check is stopped, and the events that say why.

Plain, without torch: a front end ends a run in the same words when its worker is gone.
"""

import threading

from lrtui import __version__
from lrtui.events import (
    Check,
    ConfirmationResult,
    Measured,
    StabilityResult,
    Started,
    Status,
)
from lrtui.protocol import Run
from lrtui.record import now

STOPPED = "stopped by the user"
FRONT_END_GONE = "lrtui was closed"
HANG_UP = "interrupted by a hang-up"


class StopFlag:
    """Asks a run to end after the step in progress, or to go on further; from another thread.

    `asked` is true where there is anything to look at: a run reads it after each step.
    """

    def __init__(self) -> None:
        self.asked = False
        self._event = threading.Event()
        self._cause = STOPPED
        self._end_lr: float | None = None
        self._lock = threading.Lock()

    def set(self, cause: str = STOPPED) -> None:
        """Ask for the end; of several causes the first counts."""
        with self._lock:
            if not self._event.is_set():
                self._cause = cause
            self._event.set()
            self.asked = True

    def orphan(self) -> None:
        """Ask for the end because the front end has gone away."""
        self.set(FRONT_END_GONE)

    def clear(self) -> None:
        """Withdraw all requests: another run begins."""
        with self._lock:
            self._event.clear()
            self._end_lr = None
            self.asked = False

    def extend(self, end_lr: float) -> None:
        """Ask a run to raise the end of its range."""
        with self._lock:
            self._end_lr = end_lr
            self.asked = True

    def take_extension(self) -> float | None:
        """The end that was asked for, once; None where none was."""
        with self._lock:
            end_lr, self._end_lr = self._end_lr, None
            self.asked = self._event.is_set()
            return end_lr

    def is_set(self) -> bool:
        """Whether the run is to end."""
        return self._event.is_set()

    @property
    def status(self) -> Status:
        """The status of a run that this flag has ended."""
        return status_of(self._cause)

    def reason(self, progress: str) -> str:
        """Who ended the run, and the progress made until then: "after 3 of 100 iterations"."""
        return f"{self._cause} {progress}"


def status_of(cause: str) -> Status:
    """The status of a run that was ended for a cause: only a user stops one."""
    return "stopped" if cause == STOPPED else "interrupted"


def check_problem(check: Check, problem: str) -> Measured:
    """The event that ends a check without a result."""
    if check == "confirmation":
        return Measured(ConfirmationResult(problem=problem))
    return Measured(StabilityResult(problem=problem))


def unbuilt_start(command: Run, *, log: str, torch: str = "") -> Started:
    """The `Started` of a run that failed before it was built, so that it has a record."""
    test = command.spec.range
    return Started(
        id=command.id,
        created=now(),
        lrtui=__version__,
        torch=torch,
        device=command.spec.device,
        spec=command.spec,
        parameters=0,
        batch="",
        loss="",
        digest="",
        total_steps=test.num_iter * test.repeats,
        log=log,
    )
