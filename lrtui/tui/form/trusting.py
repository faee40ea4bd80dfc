"""What a run would execute that the person has not agreed to yet."""

from collections.abc import Iterator
from pathlib import Path

from lrtui.catalog.errors import CatalogError
from lrtui.catalog.targets import is_file_name, is_library, locate, locate_module, split
from lrtui.catalog.trust import is_trusted
from lrtui.spec import CHOICES, RunSpec
from lrtui.tui.clean import clean


def unknown_files(spec: RunSpec) -> list[Path]:
    """The files of the spec's targets that are asked about: own ones, by their content, each once."""
    return [path for path in dict.fromkeys(_files(spec)) if not _agreed(path)]


def question(files: list[Path]) -> str:
    """What is asked about them."""
    names = "\n".join(f"  {clean(str(path))}" for path in files)
    these, they = ("This file was", "It") if len(files) == 1 else ("These files were", "They")
    return f"{these} never run from here as now:\n\n{names}\n\n{they} can do whatever you can do."


def _files(spec: RunSpec) -> Iterator[Path]:
    for role in CHOICES:
        try:
            where = split(getattr(spec, role).target)[0]
        except CatalogError:
            continue  # auto or none
        path = (
            locate(where) if is_file_name(where) else None if is_library(where) else _module(where)
        )
        if path is not None:
            yield path


def _module(where: str) -> Path | None:
    """The source of a module that lies in the person's folder; one that is installed was agreed to by installing it."""
    path = locate_module(where)
    return path if path is not None and path.resolve().is_relative_to(Path.cwd()) else None


def _agreed(path: Path) -> bool:
    try:
        return is_trusted(path)
    except CatalogError:
        return True  # it cannot be read: the run says so
