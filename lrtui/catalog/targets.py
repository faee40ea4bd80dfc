"""Targets: `where:what` taken apart and found. Nothing is imported here: front ends read targets too."""

import difflib
import sys
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NamedTuple

from lrtui import paths
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Role


class Own(NamedTuple):
    """Something that ships inside the package, and what it is for."""

    role: Role
    module: str
    attribute: str


# `lrtui:NAME` is short for these.
OWN = {
    "digits": Own("data", "lrtui.build.datasets.digits", "digits"),
    "images": Own("data", "lrtui.build.datasets.images", "images"),
    "table": Own("data", "lrtui.build.datasets.tables", "table"),
    "text": Own("data", "lrtui.build.datasets.texts", "text"),
    "stdlib-text": Own("data", "lrtui.build.datasets.texts", "library_text"),
    "accuracy": Own("metric", "lrtui.build.metrics", "accuracy"),
    "top5": Own("metric", "lrtui.build.metrics", "top5"),
    "top-k": Own("metric", "lrtui.build.metrics", "top_k"),
    "mean-absolute-error": Own("metric", "lrtui.build.metrics", "mean_absolute_error"),
}

# Only these are imported to be listed, and looked at without asking; anybody else's module is a user's code.
LIBRARIES = ("torch", "torchvision", "timm", "apex", "lrtui")

Notice = Callable[[str], None]


def split(target: str) -> tuple[str, str]:
    """`where` and `what` of a target; CatalogError when it is not written `where:what`."""
    where, colon, what = target.strip().rpartition(":")
    if not (colon and where and what):
        raise CatalogError(f"expected where:what, such as my_net.py:Net, got '{target}'")
    return where, what


def locate(where: str) -> Path | None:
    """The file that `where` names, if it is one that exists: as given, then beside the sample models.

    A relative path is looked for in the working directory first; `~` is the home directory.
    """
    if not is_file_name(where):
        return None
    path = Path(where).expanduser()
    for candidate in (path, paths.sample_models().parent / path):
        if candidate.is_file():
            return candidate.absolute()
    return None


def is_file_name(where: str) -> bool:
    """Whether `where` means a Python file rather than a module."""
    return where.endswith(".py") or "/" in where


def is_library(where: str) -> bool:
    """Whether `where` is torch, one of the libraries around it, or this package."""
    return not is_file_name(where) and where.split(".")[0] in LIBRARIES


def locate_module(where: str) -> Path | None:
    """The source file of an importable module, found without running any of it; None when there is none."""
    search: list[str] | None = None
    found: Path | None = None
    for depth in range(1, where.count(".") + 2):
        name = ".".join(where.split(".")[:depth])
        spec = PathFinder.find_spec(
            name, search if search is not None else [*sys.path, str(Path.cwd())]
        )
        if spec is None:
            return None
        search = list(spec.submodule_search_locations or [])
        found = Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    return found


def near(name: str, known: list[str]) -> str:
    """`; did you mean 'Net'?`, or what there is, or nothing."""
    close = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
    folded = [other for other in known if other.lower() == name.lower()]
    if folded or close:
        return "; did you mean " + " or ".join(f"'{other}'" for other in (folded or close)) + "?"
    return f"; it has {', '.join(known[:8])}{', …' if len(known) > 8 else ''}" if known else ""
