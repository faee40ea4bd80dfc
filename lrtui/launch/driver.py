"""Driver: what a front end holds while a run goes on, whatever drives it. Torch never comes near this file."""

from typing import Protocol

from lrtui.analysis.answer import Schedule
from lrtui.events import Event
from lrtui.spec import RunSpec


class Driver(Protocol):
    """A run in progress, driven by a thread of its own.

    `events` only grows and is written by that thread alone: a front end remembers how far it has read and polls. Calls
    return at once; what they cause arrives as events.
    """

    events: list[Event]

    @property
    def busy(self) -> bool:
        """A run is being built or measured, or something beside its curve."""
        ...

    def run(self, spec: RunSpec) -> None:
        """Run the spec (again): the events of the new run follow those of the last, beginning with a `Started`."""
        ...

    def confirm(
        self,
        *,
        lr: float | None = None,
        iterations: int | None = None,
        seconds: float | None = None,
        schedule: Schedule = "constant",
    ) -> None:
        """Confirm the last run's suggestion (or `lr`) by short trainings, within so many iterations or seconds.

        A `TrialResult` follows for each, then exactly one `ConfirmationResult`, upon which it is not busy any more;
        whatever went wrong is in that one's `problem`. The record is written anew with
        them. Nothing happens while it is busy.
        """
        ...

    def stability(self) -> None:
        """Measure the stability limit of the last run's objects; exactly one `StabilityResult` ends it."""
        ...

    def stop(self) -> None:
        """End the run, or what is measured beside it, at once; what was measured is kept."""
        ...

    def reset(self) -> None:
        """Stop if need be, then put model and optimizer back; a `Restored` follows."""
        ...

    def close(self) -> None:
        """Leave nothing behind: no thread, no process. Idempotent."""
        ...
