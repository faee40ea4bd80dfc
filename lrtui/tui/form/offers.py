"""Offers: what a target may name.

Files are parsed at once; what a module offers, the warm worker answers later.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from lrtui import paths
from lrtui.catalog.companion import companion
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Offer, Role
from lrtui.catalog.source.reader import models_in_file, offers_in_file
from lrtui.catalog.targets import OWN, is_file_name, locate, locate_module, near, split
from lrtui.files import regular_files
from lrtui.spec import REQUIRED_CHOICES
from lrtui.tui.session import Session

_LARGEST_FILE = 4_000_000  # bytes: parsing a larger one would block the form
_MOST_FILES = 60  # of the working directory
_LARGEST_LISTED = 300_000  # bytes
_USUAL_MODULES: dict[Role, str] = {"optimizer": "torch.optim", "loss": "torch.nn"}


@dataclass(frozen=True)
class Lookup:
    """What a target is: a known offer, wrong, waiting for the worker, or free ("auto", "none")."""

    state: Literal["known", "wrong", "waiting", "free"]
    offer: Offer | None = None
    message: str = ""


@dataclass(frozen=True)
class Listing:
    """What a file or module offers."""

    offers: tuple[Offer, ...] = ()
    problem: str = ""
    waiting: bool = False


class Offers:
    """Looks up targets for the form. A file is parsed again only after it changed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._files: dict[tuple[Role, str], tuple[float, Listing]] = {}  # with modification time
        self._own: dict[Path, tuple[float, tuple[Offer, ...]]] = {}  # of the working directory
        self._built_in: dict[Role, Listing] = {}
        self._asked: set[tuple[Role, str]] = set()

    def look_up(self, role: Role, target: str) -> Lookup:
        """What a target names."""
        if target in ("auto", "none") and role not in REQUIRED_CHOICES:
            return Lookup("free")
        try:
            where, what = split(target)
        except CatalogError as error:
            problem = self._problem_of_prefix(role, target)
            return Lookup("wrong", message=problem or str(error))
        listing = self.listing(role, where)
        if listing.waiting:
            return Lookup("waiting")
        names: list[str] = []
        for offer in listing.offers:
            name = _name(offer)
            if name == what:
                return Lookup("known", offer)
            names.append(name)
        message = listing.problem or f"{where} has no '{what}'{near(what, names)}"
        return Lookup("wrong", message=message)

    def listing(self, role: Role, where: str) -> Listing:
        """Everything that a file or a module offers for a role."""
        if where == "lrtui":
            if role not in self._built_in:
                self._built_in[role] = _built_in(role)
            return self._built_in[role]
        if is_file_name(where):
            return self._file(role, where)
        return self._module(role, where)

    def usual(self, role: Role) -> list[Offer]:
        """What the list shows before anything is typed."""
        offers: list[Offer] = []
        if role == "model":
            for path in _own_files():
                offers += self._models(path)
            for path in _sample_files():
                offers += self.listing(role, f"sample_models/{path.name}").offers
        if role in ("data", "metric"):
            offers += self.listing(role, "lrtui").offers
        if role in _USUAL_MODULES:
            offers += self.listing(role, _USUAL_MODULES[role]).offers
        return offers

    def _problem_of_prefix(self, role: Role, target: str) -> str:
        """What is wrong with the file or module of a target that ends after the colon."""
        where, colon, what = target.rpartition(":")
        if colon and where and not what:
            return self.listing(role, where).problem
        return ""

    def _file(self, role: Role, where: str) -> Listing:
        path = locate(where)
        if path is None:
            return Listing(problem=f"{where}: no such file")
        try:
            status = path.stat()
        except OSError as error:
            return Listing(problem=f"{where}: {error.strerror}")
        key = (role, where)
        if key not in self._files or self._files[key][0] != status.st_mtime:
            listing = _parsed(path, status.st_size, role, where)
            self._files[key] = status.st_mtime, listing
        return self._files[key][1]

    def _models(self, path: Path) -> tuple[Offer, ...]:
        """The models in a file of the working directory; none where it cannot be read."""
        try:
            modified = path.stat().st_mtime
            if path not in self._own or self._own[path][0] != modified:
                models = [
                    _renamed(offer, f"{path}:{_name(offer)}") for offer in models_in_file(path)
                ]
                self._own[path] = modified, tuple(models)
        except (CatalogError, OSError):
            return ()
        return self._own[path][1]

    def _module(self, role: Role, where: str) -> Listing:
        if self.session.problem:
            return Listing(waiting=True)
        answer = self.session.described.get((role, where))
        if answer is not None:
            return Listing(answer.offers, answer.problem)
        if (role, where) not in self._asked:
            self._asked.add((role, where))
            self.session.describe(role, where)
        return Listing(waiting=True)


def model_spec(target: str) -> dict[str, Any]:
    """The `SPEC` in the file of a model; {} where there is none that can be read."""
    path = locate(target.rpartition(":")[0])
    if path is None:
        return {}
    try:
        return companion(path)
    except CatalogError:
        return {}


def _own_files() -> list[Path]:
    """The Python files of the working directory, as `lrtui models` lists them."""
    try:
        files = list(regular_files(Path(), "[!_.]*.py"))[:_MOST_FILES]
        return [path for path, status in files if status.st_size <= _LARGEST_LISTED]
    except OSError:
        return []


def _sample_files() -> list[Path]:
    files = sorted(paths.sample_models().glob("*.py"))
    return [path for path in files if not path.name.startswith("_")]


def _parsed(path: Path, size: int, role: Role, where: str) -> Listing:
    if size > _LARGEST_FILE:
        return Listing(problem=f"{where}: {size:,} bytes are too many for a module")
    try:
        offers = offers_in_file(path, role)
    except OSError as error:
        return Listing(problem=f"{where}: {error.strerror}")
    except CatalogError as error:
        return Listing(problem=str(error))
    if not offers:
        return Listing(problem=f"{where} defines nothing that can be called")
    return Listing(tuple(_renamed(offer, f"{where}:{_name(offer)}") for offer in offers))


def _built_in(role: Role) -> Listing:
    """What the package itself offers as `lrtui:NAME`: parsed like any other file."""
    offers: list[Offer] = []
    for name, own in OWN.items():
        if own.role != role:
            continue
        path = locate_module(own.module)
        if path is None:
            continue
        for offer in offers_in_file(path, role):
            if _name(offer) == own.attribute:
                offers.append(_renamed(offer, f"lrtui:{name}"))
    if not offers:
        return Listing(problem=f"lrtui has no built-in {role}")
    return Listing(tuple(offers))


def _name(offer: Offer) -> str:
    return offer.target.rpartition(":")[2]


def _renamed(offer: Offer, target: str) -> Offer:
    return msgspec.structs.replace(offer, target=target)
