"""What the app needs of a session: warm workers, and what they say of modules that only they can import."""

from collections.abc import Mapping
from typing import Protocol

from lrtui.catalog.offers import Role
from lrtui.launch.driver import Driver
from lrtui.protocol import Checked, Described, Fetched, Fetching, Looked, Ready
from lrtui.spec import Choice, LoaderSpec, RunSpec


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
    def news(self) -> int:
        """Grows with every answer."""
        ...

    @property
    def looked(self) -> Mapping[str, Looked]:
        """What data looks like, by `key(data, loader)`."""
        ...

    @property
    def checked(self) -> Mapping[str, Checked]:
        """Whether data is there, by `key(data)`."""
        ...

    @property
    def fetching(self) -> Mapping[str, Fetching | Fetched]:
        """How far downloads are, by `key(data)`."""
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

    def look(self, data: Choice, loader: LoaderSpec) -> None:
        """Ask what a batch tells; the answer appears in `looked`. It runs the data's code."""
        ...

    def check(self, data: Choice) -> None:
        """Ask, again too, whether data is there; the answer appears in `checked`."""
        ...

    def fetch(self, data: Choice) -> None:
        """Download data; how far it is appears in `fetching`."""
        ...

    def leave(self, data: Choice) -> None:
        """End a download."""
        ...

    def driver(self, spec: RunSpec) -> Driver:
        """A driver for this choice of model, data and optimizer."""
        ...

    def close(self) -> None:
        """Leave nothing behind."""
        ...
