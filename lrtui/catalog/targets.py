"""Targets `where:what`: split, and located on disk. Nothing is imported here."""

import difflib
import sys
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NamedTuple

from lrtui import paths
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.offers import Role
from lrtui.catalog.searchpath import working_directory
from lrtui.files import expanded, is_file


class Own(NamedTuple):
    """A callable that ships with lrtui: its role, and where it is."""

    role: Role
    module: str
    attribute: str


# The targets `lrtui:NAME`.
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

# The libraries that lrtui knows.
LIBRARIES = ("torch", "torchvision", "timm", "apex", "lrtui")

# Their modules that list models, data sets, optimizers or losses: only these are imported to list
# them, and what they list is used without asking.
_LISTINGS = (
    "lrtui",
    "timm",
    "timm.loss",
    "torch.nn",
    "torch.nn.functional",
    "torch.utils.data",
    "torchvision",
    "torchvision.datasets",
)
_LISTINGS_AND_BELOW = (
    "apex.optimizers",
    "timm.models",
    "timm.optim",
    "torch.nn.modules",
    "torch.optim",
    "torchvision.models",
)

Notice = Callable[[str], None]


def split(target: str) -> tuple[str, str]:
    """The `where` and the `what` of a target; CatalogError if it is not written `where:what`."""
    where, colon, what = target.strip().rpartition(":")
    if not (colon and where and what):
        raise CatalogError(f"expected where:what, such as my_net.py:Net, got '{target}'")
    return where, what


def locate(where: str) -> Path | None:
    """The file that `where` names, or None if there is none.

    A relative path is looked up in the working directory, then beside the sample models; `~` is
    the home directory.
    """
    if not is_file_name(where):
        return None
    path = expanded(where)
    for candidate in (path, paths.sample_models().parent / path):
        if is_file(candidate):
            return candidate.absolute()
    return None


def is_file_name(where: str) -> bool:
    """Whether `where` is a Python file rather than a module."""
    return where.endswith(".py") or "/" in where


def is_library(where: str) -> bool:
    """Whether `where` is a module of torch, of the libraries around it, or of lrtui."""
    return not is_file_name(where) and where.split(".")[0] in LIBRARIES


def is_listing(where: str) -> bool:
    """Whether `where` is a library's module that lists what can be picked."""
    parts = where.split(".")
    if any(part.startswith("_") for part in parts):
        return False
    above = [".".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    return where in _LISTINGS or any(module in _LISTINGS_AND_BELOW for module in above)


def locate_module(where: str) -> Path | None:
    """The source file of an importable module, or None. Nothing of the module is executed."""
    here = working_directory()
    search = list(sys.path) if here is None else [*sys.path, str(here)]
    source: Path | None = None
    parts = where.split(".")
    for depth in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:depth]), search)
        if spec is None:
            return None
        search = list(spec.submodule_search_locations or [])
        is_source = spec.origin is not None and spec.origin.endswith(".py")
        source = Path(str(spec.origin)) if is_source else None
    return source


def near(name: str, known: list[str]) -> str:
    """What to add to a message about an unknown name.

    `; did you mean 'Net'?` for similar names, else `; it has Net, Other`; "" if nothing is known.
    """
    if not known:
        return ""
    similar = [other for other in known if other.lower() == name.lower()]
    if not similar:
        similar = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
    if similar:
        quoted = " or ".join(f"'{other}'" for other in similar)
        return f"; did you mean {quoted}?"
    listed = ", ".join(known[:8])
    if len(known) > 8:
        listed += ", …"
    return f"; it has {listed}"
