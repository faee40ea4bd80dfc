"""Session: what the app needs of warm workers. `lrtui.launch.session.Session` is the real one."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from lrtui.catalog.offers import Role
from lrtui.catalog.trust import Item
from lrtui.launch.driver import Driver
from lrtui.protocol import Checked, Described, Fetched, Fetching, Looked, Ready
from lrtui.spec import Choice, LoaderSpec, RunSpec


class Session(Protocol):
    """One per app. Calls return at once; answers appear in the mappings, which the form polls.

    Attributes:
        agreed: what a person has agreed to run in this session, beside what is remembered.
        refused: what workers did not run, because it is not agreed to.
    """

    agreed: set[str]
    refused: dict[str, Item]

    @property
    def host(self) -> str:
        """The machine where the workers are; "" for this one."""
        ...

    @property
    def host_flags(self) -> Sequence[str]:
        """The flags of a command that runs there."""
        ...

    @property
    def ready(self) -> Ready | None:
        """Torch's version and the devices; None until a worker is warm."""
        ...

    @property
    def described(self) -> Mapping[tuple[str, str], Described]:
        """What modules offer, by (role, where)."""
        ...

    @property
    def news(self) -> int:
        """Number of answers so far."""
        ...

    @property
    def looked(self) -> Mapping[str, Looked]:
        """Facts about data and its first batch, by `look_key`."""
        ...

    @property
    def checked(self) -> Mapping[str, Checked]:
        """Whether data is available, by `key(data)`."""
        ...

    @property
    def fetching(self) -> Mapping[str, Fetching | Fetched]:
        """Progress and results of downloads, by `key(data)`."""
        ...

    @property
    def problem(self) -> str:
        """Why no worker can be started; empty when all is well."""
        ...

    def start(self) -> None:
        """Start warming a spare worker."""
        ...

    def describe(self, role: Role, where: str) -> None:
        """Ask what a module offers; the answer appears in `described`."""
        ...

    def look(self, data: Choice, loader: LoaderSpec, model: str = "", batch: str = "") -> None:
        """Ask about the first batch; the answer appears in `looked`. It runs the data's code.

        With the target of a model it imports that too: its forward says what the items are.
        """
        ...

    def check(self, data: Choice) -> None:
        """Ask (again) whether data is available; the answer appears in `checked`."""
        ...

    def fetch(self, data: Choice) -> None:
        """Download data; its progress appears in `fetching`."""
        ...

    def leave(self, data: Choice) -> None:
        """Stop a download."""
        ...

    def driver(self, spec: RunSpec) -> Driver:
        """A driver for this choice of model, data and optimizer."""
        ...

    def hang_up(self, *, stop: bool = False) -> None:
        """The terminal is gone: leave what is in progress to its workers, or stop it."""
        ...

    def close(self) -> None:
        """End every worker."""
        ...
