"""Driver: what a front end holds while a run goes on, whatever drives it. Torch never comes near this file."""

from typing import Protocol

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
        """A run is being built or measured."""
        ...

    def run(self, spec: RunSpec) -> None:
        """Run the spec (again): the events of the new run follow those of the last, beginning with a `Started`."""
        ...

    def stop(self) -> None:
        """End the run at once; what was measured is kept."""
        ...

    def reset(self) -> None:
        """Stop if need be, then put model and optimizer back; a `Restored` follows."""
        ...

    def close(self) -> None:
        """Leave nothing behind: no thread, no process. Idempotent."""
        ...
