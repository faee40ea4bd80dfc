"""Which files a person has agreed to run.

They are remembered by content: after a change the app asks again.
"""

import hashlib
from pathlib import Path

from lrtui import paths
from lrtui.catalog.errors import CatalogError
from lrtui.files import read_file


def is_trusted(path: Path) -> bool:
    """Whether a person has agreed to run a file with its present content.

    Sample models are always trusted.
    """
    if path.resolve().is_relative_to(paths.sample_models()):
        return True
    return fingerprint(path) in _trusted_fingerprints()


def trust(path: Path) -> None:
    """Remember that a file with its present content may be run."""
    digest = fingerprint(path)
    if digest in _trusted_fingerprints():
        return
    with _trust_file().open("a", encoding="utf-8") as file:
        file.write(f"{digest}  {path.name!r}\n")


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file's content; CatalogError if it cannot be read."""
    try:
        return hashlib.sha256(read_file(path)).hexdigest()
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror or error}") from error


def _trusted_fingerprints() -> set[str]:
    try:
        text = read_file(_trust_file()).decode("utf-8", errors="replace")
    except OSError:
        return set()
    return {line.split()[0] for line in text.splitlines() if line.strip()}


def _trust_file() -> Path:
    return paths.data() / "trusted"
