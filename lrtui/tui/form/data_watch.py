"""DataWatch: asks the warm worker about the data in the form, after a pause in typing."""

import time
from collections.abc import Callable

from lrtui.catalog.availability import Availability, human
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.infer import Facts
from lrtui.catalog.searchpath import Installed
from lrtui.catalog.targets import is_library, split
from lrtui.catalog.trust import items, look_item, remembered
from lrtui.protocol import Looked, key
from lrtui.spec import Choice, LoaderSpec
from lrtui.tui.keys import KeyName
from lrtui.tui.session import Session

_PAUSE_SECONDS = 0.5
# The short names: what they make is on this machine, as the worker has found out before.
_MADE_WITHOUT_DOWNLOAD = ("lrtui", "torchvision")
_NOT_LOOKED = Looked(data=Choice(""), loader=LoaderSpec())  # says nothing about the data


class DataWatch:
    """What is known about the data. Only trusted code of a user is run to find out."""

    def __init__(self, session: Session, keys: KeyName) -> None:
        self.session = session
        self._key_name = keys
        self.data: Choice | None = None
        self.loader = LoaderSpec()
        self.model = ""  # the target that the batch is for, "" where it must not be imported
        self.batch = ""  # what the person says that each item of a batch is
        self._given: tuple[Choice | None, LoaderSpec, str, str] | None = None
        self._changed_at = 0.0
        self._may_look = False
        self._asked: set[str] = set()

    def set_data(
        self, data: Choice | None, loader: LoaderSpec, model: str = "", batch: str = ""
    ) -> None:
        """Watch other data, or the same with another loader or for another model."""
        if (data, loader, model, batch) == self._given:
            return
        self._given = data, loader, model, batch
        model = model if _is_agreed("model", Choice(model)) else ""
        if (data, loader, model, batch) == (self.data, self.loader, self.model, self.batch):
            return
        if self.data is not None:  # the first data is asked about at once
            self._changed_at = time.monotonic()
        self.data, self.loader, self.model, self.batch = data, loader, model, batch
        self._may_look = data is not None and may_look(data)

    def ask(self) -> None:
        """Ask what is not known yet. Called repeatedly."""
        session, data = self.session, self.data
        if data is None or time.monotonic() - self._changed_at < _PAUSE_SECONDS:
            return
        self._once(f"check {key(data)}", lambda: session.check(data))
        availability = self.availability
        if availability is not None and availability.there and self._may_look:
            self._look(data, "")
            # only a forward says what the items of a larger batch are
            if self._is_unclear and self.model:
                self._look(data, self.model)

    def ask_again(self) -> None:
        """Ask everything again: data and files may have changed."""
        self._asked.clear()
        self._given = None
        self._changed_at = 0.0
        if self.data is not None:
            self._may_look = may_look(self.data)
            self._asked.add(f"check {key(self.data)}")
            self.session.check(self.data)

    @property
    def availability(self) -> Availability | None:
        """Whether the data is available; None where that is not known."""
        if self.pending or self.data is None:
            return None
        return self.session.checked[key(self.data)].availability

    @property
    def missing(self) -> Availability | None:
        """How to get the data, where it is known not to be available."""
        availability = self.availability
        if availability is None or availability.there:
            return None
        return availability

    @property
    def can_fetch(self) -> bool:
        """The data is missing and can be downloaded."""
        return self.missing is not None and self.missing.can_download

    @property
    def pending(self) -> bool:
        """The worker has not answered yet whether the data is available."""
        return self.data is not None and key(self.data) not in self.session.checked

    @property
    def facts(self) -> Facts | None:
        """What the data determines about a model's parameters."""
        return self._looked.facts

    @property
    def batch_words(self) -> str:
        """The first batch in words, "" where it is not known."""
        return self._looked.words

    @property
    def problem(self) -> str:
        """What is wrong with the data and what to do, "" where nothing is."""
        if self.missing is not None:
            return _how_to_get(self.missing, self._key_name("setup.fetch"))
        return self._looked.problem

    @property
    def _looked(self) -> Looked:
        if self.data is None:
            return _NOT_LOOKED
        for model in (self.model, ""):
            looked = self.session.looked.get(key(self.data, self.loader, model, self.batch))
            if looked is not None:
                return looked
        return _NOT_LOOKED

    @property
    def _is_unclear(self) -> bool:
        """Whether the first batch was described without what its items are taken for."""
        words = self._looked.words
        return bool(words) and "→" not in words

    def _look(self, data: Choice, model: str) -> None:
        loader, batch = self.loader, self.batch
        self._once(
            f"look {key(data, loader, model, batch)}",
            lambda: self.session.look(data, loader, model, batch),
        )

    def _once(self, question: str, ask: Callable[[], None]) -> None:
        if question not in self._asked:
            self._asked.add(question)
            ask()


def may_look(data: Choice) -> bool:
    """Whether a look at the data runs only what is listed, without a download, or agreed to."""
    try:
        where = split(data.target)[0]
    except CatalogError:
        return False
    if is_library(where) and where not in _MADE_WITHOUT_DOWNLOAD:
        return False
    if not _is_agreed("data", data):
        return False
    # the arguments may be anybody's, so a look calls the user's own code with those of a run
    return not data.args or is_library(where) or look_item(data).line in remembered()


def _is_agreed(role: str, choice: Choice) -> bool:
    agreed = remembered()
    try:
        needed = items(role, choice, Installed())
    except CatalogError:
        return False
    return all(item.is_agreed(agreed) for item in needed)


def _how_to_get(availability: Availability, download: str) -> str:
    """What to do about data that is not here; `download` is the key that downloads it."""
    if not availability.can_download:
        return availability.message
    size = human(availability.size)
    if size:
        size = f" ({size})"
    return f"not downloaded: {download} downloads it{size}, or set root to the folder that has it"
