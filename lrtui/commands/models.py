"""`lrtui models`: lists models. User files are parsed; libraries are imported in a worker."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from lrtui import paths
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Offer
from lrtui.catalog.source.reader import offers_in_file
from lrtui.catalog.targets import is_file_name, is_listing, locate, locate_module
from lrtui.commands.streams import USAGE, json_text, note, printable, put, put_json, say
from lrtui.files import expanded, is_file, is_folder

_POLL_SECONDS = 0.02


def models(where: str, as_json: bool) -> int:
    """Print the models in `where` ("": the sample models), one a line; returns the exit code."""
    where = where.removesuffix(":")
    try:
        offers = list(_offers(where))
    except CatalogError as error:
        return say(printable(str(error)), USAGE)
    if as_json:
        return put_json(json_text(offers))
    if not offers:
        note(f"{where} offers no model: no class or function in it looks like one")
    return put(_table(offers))


def _table(offers: list[Offer]) -> Iterator[str]:
    width = max((len(offer.target) for offer in offers), default=0)
    for offer in offers:
        yield printable(f"{offer.target:{width}}  {offer.summary}").rstrip()


def _offers(where: str) -> Iterable[Offer]:
    """The models that a place offers.

    Raises:
        CatalogError: nothing can be listed; one line says why.
    """
    if not where:
        return _in_folder(paths.sample_models(), "sample_models")
    if is_listing(where):
        return _in_library(where)
    path = expanded(where)
    if is_folder(path):
        return _in_folder(path, where.rstrip("/"))
    if is_file(path) and not where.endswith(".py"):
        raise CatalogError(f"{where} is no Python file")
    return _in_file(where)


def _in_folder(folder: Path, where: str) -> Iterator[Offer]:
    """The offers of a folder's files; one that cannot be read is named on stderr."""
    for path in sorted(folder.glob("[!_.]*.py")):
        try:
            yield from _renamed(offers_in_file(path), f"{where}/{path.name}")
        except CatalogError as error:
            note(f"left out: {error}")


def _in_file(where: str) -> Iterator[Offer]:
    """The offers of a file, given as a path or as a module's name."""
    if is_file_name(where):
        path, missing = locate(where), "no such file"
    else:
        path, missing = locate_module(where), "no such module, or none with a source"
    if path is None:
        raise CatalogError(f"{where}: {missing}")
    return _renamed(offers_in_file(path), where)


def _renamed(offers: list[Offer], where: str) -> Iterator[Offer]:
    """The offers as targets that begin with what the user typed."""
    for offer in offers:
        _, _, name = offer.target.rpartition(":")
        yield msgspec.structs.replace(offer, target=f"{where}:{name}")


def _in_library(where: str) -> tuple[Offer, ...]:
    """The offers of a library; a worker imports it and lists them."""
    from lrtui.launch.session import Session

    session = Session()
    try:
        session.describe("model", where)
        while ("model", where) not in session.described:
            if session.problem:
                raise CatalogError(f"{where}: {session.problem}")
            time.sleep(_POLL_SECONDS)
        answer = session.described["model", where]
    finally:
        session.close()
    if not answer.problem:
        return answer.offers
    if where in answer.problem:
        raise CatalogError(answer.problem)
    raise CatalogError(f"{where}: {answer.problem}")
