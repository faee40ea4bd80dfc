"""DataWatch: asks the warm worker about the data that is picked, once a person has stopped typing."""

import time
from collections.abc import Callable

from lrtui.catalog.availability import Availability, human
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.infer import Facts
from lrtui.catalog.targets import is_file_name, is_library, locate, split
from lrtui.catalog.trust import is_trusted
from lrtui.protocol import Looked, key
from lrtui.spec import Choice, LoaderSpec
from lrtui.tui.session import Session

_STEADY_SECONDS = 0.5


class DataWatch:
    """What is known of the data in the form. Nothing of a user's is run before the person has agreed to it."""

    def __init__(self, session: Session | None) -> None:
        self.session = session
        self.data: Choice | None = None
        self.loader = LoaderSpec()
        self._since = 0.0
        self._may = False
        self._asked: set[str] = set()

    def want(self, data: Choice | None, loader: LoaderSpec) -> None:
        """The form says this now."""
        if (data, loader) != (self.data, self.loader):
            self._since = (
                time.monotonic() if self.data is not None else 0.0
            )  # the first is asked about at once
            self.data, self.loader = data, loader
            self._may = data is not None and may_look(data)

    def ask(self) -> None:
        """Ask what is not known yet; called again and again."""
        session, data = self.session, self.data
        if session is None or data is None or time.monotonic() - self._since < _STEADY_SECONDS:
            return
        self._once(f"check {key(data)}", lambda: session.check(data))
        if self.availability is not None and self.availability.there and self._may:
            self._once(f"look {key(data, self.loader)}", lambda: session.look(data, self.loader))

    def again(self) -> None:
        """Ask anew about the data: it may have come meanwhile."""
        self._asked.clear()
        self._since = 0.0
        if self.session is not None and self.data is not None:
            self._may = may_look(self.data)
            self._once(f"check {key(self.data)}", lambda: None)
            self.session.check(self.data)

    @property
    def availability(self) -> Availability | None:
        """Whether the data is there; None while that is not known, or cannot be told."""
        checked = self.session.checked.get(key(self.data)) if self.session and self.data else None
        return checked.availability if checked else None

    @property
    def can_fetch(self) -> bool:
        """The data is not there, and can be downloaded."""
        found = self.availability
        return found is not None and not found.there and found.can_download

    @property
    def pending(self) -> bool:
        """No answer yet on whether it is there."""
        return (
            self.session is not None
            and self.data is not None
            and key(self.data) not in self.session.checked
        )

    @property
    def facts(self) -> Facts | None:
        """What the data tells about a model's parameters."""
        return self._looked.facts if self._looked else None

    @property
    def words(self) -> str:
        """Its first batch, in words."""
        return f"a batch: {self._looked.words}" if self._looked and self._looked.words else ""

    @property
    def problem(self) -> str:
        """What is wrong with the data, and what to do."""
        if missing(self.availability) and self.availability is not None and self.data is not None:
            return absent(self.data, self.availability)
        return self._looked.problem if self._looked else ""

    @property
    def _looked(self) -> Looked | None:
        return (
            self.session.looked.get(key(self.data, self.loader))
            if self.session and self.data
            else None
        )

    def _once(self, question: str, ask: Callable[[], None]) -> None:
        if question not in self._asked:
            self._asked.add(question)
            ask()


def missing(availability: Availability | None) -> bool:
    """Whether it is known that the data is not there."""
    return availability is not None and not availability.there


def absent(data: Choice, availability: Availability) -> str:
    """That the data is not there, and what to do, in one line."""
    if not availability.can_download:
        return availability.message
    size = human(availability.size)
    return (
        f"not here yet: f4 downloads it{f' ({size})' if size else ''}, or root says where it lies"
    )


def may_look(data: Choice) -> bool:
    """Whether looking at the data runs nothing that the person has not agreed to."""
    try:
        where = split(data.target)[0]
        path = locate(where) if is_file_name(where) else None
        return is_library(where) or (path is not None and is_trusted(path))
    except CatalogError:
        return False
