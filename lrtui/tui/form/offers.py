"""Offers: what a target may name, from parsed files at once and from the warm worker as soon as it has answered."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from lrtui import paths
from lrtui.catalog.companion import companion
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Offer, Role
from lrtui.catalog.source.reader import offers_in_file
from lrtui.catalog.targets import OWN, is_file_name, locate, locate_module, near, split
from lrtui.tui.session import Session

_LARGEST = 4_000_000  # bytes of a file that is parsed while a person waits
_USUAL = {"optimizer": "torch.optim", "loss": "torch.nn"}


@dataclass(frozen=True)
class Found:
    """What is known of a target: its offer, or what is wrong, or that nothing is known yet."""

    state: Literal["known", "wrong", "waiting", "free"]
    offer: Offer | None = None
    message: str = ""


@dataclass(frozen=True)
class Listing:
    """What a `where` offers."""

    offers: tuple[Offer, ...] = ()
    problem: str = ""
    waiting: bool = False


class Offers:
    """Answers for the form; files are read again only when they changed."""

    def __init__(self, session: Session | None) -> None:
        self.session = session
        self._files: dict[tuple[str, str], tuple[float, Listing]] = {}
        self._own: dict[Role, Listing] = {}  # what ships inside the package stays as it is
        self._asked: set[tuple[str, str]] = set()

    def find(self, role: Role, target: str) -> Found:
        """The offer that a target names."""
        if target in ("auto", "none") and role not in ("model", "data", "optimizer"):
            return Found("free")
        try:
            where, what = split(target)
        except CatalogError as error:
            begun = (
                self.listing(role, target[:-1])
                if len(target) > 1 and target.endswith(":")
                else Listing()
            )
            return Found("wrong", message=begun.problem or str(error))
        listing = self.listing(role, where)
        if listing.waiting:
            return Found("waiting")
        offer = next(
            (offer for offer in listing.offers if offer.target.rpartition(":")[2] == what), None
        )
        if offer is not None:
            return Found("known", offer)
        known = [offer.target.rpartition(":")[2] for offer in listing.offers]
        return Found(
            "wrong", message=listing.problem or f"{where} has no '{what}'{near(what, known)}"
        )

    def listing(self, role: Role, where: str) -> Listing:
        """All that a file or a module offers for a role."""
        if where == "lrtui":
            if role not in self._own:
                self._own[role] = _own(role)
            return self._own[role]
        if is_file_name(where):
            return self._file(role, where)
        return self._module(role, where)

    def usual(self, role: Role) -> list[Offer]:
        """What a person picks from without typing."""
        if role == "model":
            return [
                offer
                for path in sample_files()
                for offer in self.listing(role, f"sample_models/{path.name}").offers
            ]
        own = list(self.listing(role, "lrtui").offers) if role in ("data", "metric") else []
        return own + list(self.listing(role, _USUAL[role]).offers) if role in _USUAL else own

    def _file(self, role: Role, where: str) -> Listing:
        path = locate(where)
        if path is None:
            return Listing(problem=f"{where}: no such file")
        try:
            status = path.stat()
            key, stamp = (role, where), status.st_mtime
            if key not in self._files or self._files[key][0] != stamp:
                self._files[key] = stamp, _parsed(path, status.st_size, role, where)
            return self._files[key][1]
        except OSError as error:
            return Listing(problem=f"{where}: {error.strerror}")

    def _module(self, role: Role, where: str) -> Listing:
        if self.session is None or self.session.problem:
            return Listing(waiting=True)
        answer = self.session.described.get((role, where))
        if answer is not None:
            return Listing(answer.offers, answer.problem)
        if (role, where) not in self._asked:
            self._asked.add((role, where))
            self.session.describe(role, where)
        return Listing(waiting=True)


def companion_of(target: str) -> dict[str, Any]:
    """What the file of a model says that it is run with; {} for one that says nothing, or nothing that can be read."""
    path = locate(target.rpartition(":")[0])
    try:
        return companion(path) if path else {}
    except CatalogError:
        return {}


def sample_files() -> list[Path]:
    """The sample model modules."""
    return sorted(
        path for path in paths.sample_models().glob("*.py") if not path.name.startswith("_")
    )


def _parsed(path: Path, size: int, role: Role, where: str) -> Listing:
    if size > _LARGEST:
        return Listing(problem=f"{where}: {size:,} bytes are too many for a module")
    try:
        offers = offers_in_file(path, role)
    except CatalogError as error:
        return Listing(problem=str(error))
    named = tuple(
        msgspec.structs.replace(offer, target=f"{where}:{offer.target.rpartition(':')[2]}")
        for offer in offers
    )
    return Listing(named, "" if named else f"{where} defines nothing that can be called")


def _own(role: Role) -> Listing:
    """What ships inside the package: parsed like any other file."""
    offers = []
    for name, own in OWN.items():
        path = locate_module(own.module) if own.role == role else None
        for offer in offers_in_file(path, role) if path else []:
            if offer.target.rpartition(":")[2] == own.attribute:
                offers.append(msgspec.structs.replace(offer, target=f"lrtui:{name}"))
    return Listing(tuple(offers), "" if offers else f"lrtui brings no {role} of its own")
