"""What the app needs of a session: warm workers, and what they say of modules that only they can import."""

from collections.abc import Mapping
from typing import Protocol

from lrtui.launch.driver import Driver
from lrtui.spec import RunSpec
from lrtui.worker.messages import Described, Ready


class Session(Protocol):
    """One per app. Nothing in it blocks: answers appear, and the form looks for them."""

    ready: Ready | None
    described: Mapping[tuple[str, str], Described]
    problem: str

    def start(self) -> None:
        """Begin to warm a spare worker."""
        ...

    def describe(self, role: str, where: str) -> None:
        """Ask what a module offers; the answer appears in `described`."""
        ...

    def driver(self, spec: RunSpec) -> Driver:
        """A driver for this choice of model, data and optimizer."""
        ...

    def close(self) -> None:
        """Leave nothing behind."""
        ...
