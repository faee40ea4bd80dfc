"""What the app needs of a session: warm workers, and what they say of modules that only they can import."""

from collections.abc import Mapping
from typing import Protocol

from lrtui.catalog.offer import Role
from lrtui.launch.driver import Driver
from lrtui.spec import RunSpec
from lrtui.worker.messages import Described, Ready


class Session(Protocol):
    """One per app. Nothing in it blocks: answers appear, and the form looks for them."""

    @property
    def ready(self) -> Ready | None:
        """Torch's version and the devices, once a worker is warm."""
        ...

    @property
    def described(self) -> Mapping[tuple[str, str], Described]:
        """The answers so far, by (role, where)."""
        ...

    @property
    def problem(self) -> str:
        """Why no worker can be had; empty when all is well."""
        ...

    def start(self) -> None:
        """Begin to warm a spare worker."""
        ...

    def describe(self, role: Role, where: str) -> None:
        """Ask what a module offers; the answer appears in `described`."""
        ...

    def driver(self, spec: RunSpec) -> Driver:
        """A driver for this choice of model, data and optimizer."""
        ...

    def close(self) -> None:
        """Leave nothing behind."""
        ...
