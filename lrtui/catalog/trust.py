"""Which files a person has agreed to run: remembered by content, so that a changed file is asked about again."""

import hashlib
from pathlib import Path

from lrtui import paths
from lrtui.catalog.errors import CatalogError


def is_trusted(path: Path) -> bool:
    """Whether a file was agreed to with the content that it has now; the sample models need no asking."""
    if path.resolve().is_relative_to(paths.sample_models()):
        return True
    return fingerprint(path) in _remembered()


def trust(path: Path) -> None:
    """Remember that a file may be run, as it is now."""
    mark = fingerprint(path)
    if mark not in _remembered():
        with _place().open("a", encoding="utf-8") as file:
            file.write(f"{mark}  {path.name!r}\n")


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file's content; CatalogError when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror or error}") from error


def _remembered() -> set[str]:
    try:
        lines = _place().read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return {line.split()[0] for line in lines if line.strip()}


def _place() -> Path:
    return paths.data() / "trusted"
