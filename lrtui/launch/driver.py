"""Driver: how a front end controls a run, in a worker or in this process. No torch."""

from typing import Protocol

from lrtui.events import Event
from lrtui.output.log import Printed
from lrtui.protocol import Confirm
from lrtui.spec import RunSpec


class Driver(Protocol):
    """A run on its own thread. Calls return at once; their results arrive as events.

    `events` only grows, and only that thread appends to it (and one that samples the machine). A
    front end remembers how far it has read, and polls.
    """

    events: list[Event]

    @property
    def read_only(self) -> bool:
        """A saved run: there are no objects, so nothing can be run, tried or restored."""
        ...

    @property
    def owner(self) -> str:
        """Where the run goes on, if in a process that is not ours: `process 4711 on node7`."""
        ...

    @property
    def busy(self) -> bool:
        """A run is being built or measured, or a check is being measured."""
        ...

    def run(self, spec: RunSpec) -> None:
        """Run a spec: the events of the new run follow those of the last, from a `Started` on."""
        ...

    def extend(self, end_lr: float) -> None:
        """Raise the end of the range, of the run in progress or of the last one.

        An `Extended` follows, with the new end or with the problem; after a run that has ended its
        further steps, another `Suggested` and another `Ended`. Ignored during a check.
        """
        ...

    def confirm(self, command: Confirm) -> None:
        """Race the last run's suggestion (or `lr`) in short trainings; ignored while busy.

        A `TrialResult` follows for each training, then exactly one `ConfirmationResult`, whose
        `problem` says what went wrong. The run's record is written again with them.
        """
        ...

    def stability(self) -> None:
        """Measure the stability limit of the last run's objects; one `StabilityResult` follows."""
        ...

    def stop(self) -> None:
        """End the run or the check after the step in progress; what was measured is kept."""
        ...

    def reset(self) -> None:
        """Stop a run in progress, then put model and optimizer back; a `Restored` follows."""
        ...

    def output(self) -> list[str]:
        """The last lines that the user's code printed, at most `lrtui.output.MOST_LINES`.

        Text of the user's, without escape sequences: clean it before it is shown.
        """
        ...

    def print_count(self) -> Printed:
        """How many lines that code has printed."""
        ...

    def close(self) -> None:
        """End the thread and the process of the run. Idempotent."""
        ...

    def join(self, timeout: float) -> None:
        """Wait until a closed driver's last events have arrived, but not longer than `timeout`."""
        ...
