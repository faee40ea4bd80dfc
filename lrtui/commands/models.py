"""`lrtui models`: what can be picked. A person's files are parsed and never run; libraries are asked in the worker."""

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from lrtui import paths
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Offer
from lrtui.catalog.source.reader import offers_in_file
from lrtui.catalog.targets import is_file_name, is_library, locate, locate_module
from lrtui.commands.streams import USAGE, note, printable, put, say

_POLL_SECONDS = 0.02


def models(where: str, as_json: bool) -> int:
    """Print the models that `where` offers ("": the sample models), a target a line; the exit code."""
    where = where.removesuffix(":")
    try:
        offers = list(_offers(where))
    except CatalogError as error:
        return say(printable(str(error)), USAGE)
    if as_json:
        return put([msgspec.json.format(msgspec.json.encode(offers), indent=2).decode()])
    if not offers:
        note(f"{where} offers no model: no class or function in it looks like one")
    width = max((len(offer.target) for offer in offers), default=0)
    return put(printable(f"{offer.target:{width}}  {offer.summary}").rstrip() for offer in offers)


def _offers(where: str) -> Iterator[Offer]:
    """CatalogError, in one line, where nothing can be listed; a file of a folder that cannot be read is left out."""
    if not where:
        yield from _in_folder(paths.sample_models(), "sample_models")
    elif is_library(where):
        yield from _in_library(where)
    elif Path(where).expanduser().is_dir():
        yield from _in_folder(Path(where).expanduser(), where.rstrip("/"))
    elif Path(where).expanduser().is_file() and not where.endswith(".py"):
        raise CatalogError(f"{where} is no Python file")
    else:
        path = locate(where) if is_file_name(where) else locate_module(where)
        if path is None:
            missing = (
                "no such file" if is_file_name(where) else "no such module, or none with a source"
            )
            raise CatalogError(f"{where}: {missing}")
        yield from _named(offers_in_file(path), where)


def _in_folder(folder: Path, where: str) -> Iterator[Offer]:
    for path in sorted(folder.glob("[!_.]*.py")):
        try:
            yield from _named(offers_in_file(path), f"{where}/{path.name}")
        except CatalogError as error:
            note(f"left out: {error}")


def _named(offers: list[Offer], where: str) -> Iterator[Offer]:
    """The offers under the name that the person typed."""
    for offer in offers:
        yield msgspec.structs.replace(offer, target=f"{where}:{offer.target.rpartition(':')[2]}")


def _in_library(where: str) -> tuple[Offer, ...]:
    """Ask a worker, which imports the library."""
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
    if answer.problem:
        raise CatalogError(
            f"{where}: {answer.problem}" if where not in answer.problem else answer.problem
        )
    return answer.offers
