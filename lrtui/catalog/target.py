"""Targets: `where:what` taken apart, found, and (in the worker only) turned into a callable."""

import difflib
import importlib
import sys
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from lrtui import paths
from lrtui.catalog.errors import CatalogError, place, told
from lrtui.catalog.offer import Role


class Own(NamedTuple):
    """Something that ships inside the package, and what it is for."""

    role: Role
    module: str
    attribute: str


# `lrtui:NAME` is short for these.
OWN = {
    "digits": Own("data", "lrtui.catalog.digits", "digits"),
    "images": Own("data", "lrtui.catalog.datasets.images", "images"),
    "table": Own("data", "lrtui.catalog.datasets.tables", "table"),
    "text": Own("data", "lrtui.catalog.datasets.texts", "text"),
    "stdlib-text": Own("data", "lrtui.catalog.datasets.texts", "library_text"),
    "accuracy": Own("metric", "lrtui.catalog.metrics", "accuracy"),
    "top5": Own("metric", "lrtui.catalog.metrics", "top5"),
    "top-k": Own("metric", "lrtui.catalog.metrics", "top_k"),
    "mean-absolute-error": Own("metric", "lrtui.catalog.metrics", "mean_absolute_error"),
}

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


def locate_module(where: str) -> Path | None:
    """The source file of an importable module, found without running any of it; None when there is none."""
    search: list[str] | None = None
    found: Path | None = None
    for depth in range(1, where.count(".") + 2):
        name = ".".join(where.split(".")[:depth])
        spec = PathFinder.find_spec(name, search if search is not None else [*sys.path, str(Path.cwd())])
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


def load(target: str, notice: Notice = lambda text: None) -> Callable[..., Any]:
    """The callable that a target names. Worker only: it imports, and so runs, what it names.

    Raises CatalogError, in one line, for what is missing, fails to import or is not callable.
    """
    where, what = split(target)
    if where in ("torchvision", "timm"):
        from lrtui.catalog import libraries

        return libraries.load(where, what, notice)
    if where == "lrtui":
        if what not in OWN:
            raise CatalogError(f"lrtui has no '{what}'{near(what, list(OWN))}")
        _, where, what = OWN[what]
    if where.split(".")[0] == "apex":
        from lrtui.catalog import libraries

        libraries.check_apex()
    module = load_file(where, notice) if is_file_name(where) else load_module(where)
    found = attribute(module, where, what)
    if not callable(found):
        raise CatalogError(f"{where} has '{what}', but it cannot be called (it is a {type(found).__name__})")
    return found  # type: ignore[no-any-return]


def attribute(module: ModuleType, where: str, what: str) -> Any:
    """`what` of a module, dots allowed; CatalogError with the near names when it is not there."""
    value: Any = module
    for name in what.split("."):
        if not hasattr(value, name):
            known = [
                other for other in dir(value) if not other.startswith("_") and callable(getattr(value, other, None))
            ]
            raise CatalogError(f"{where} has no '{what}'{near(name, known)}")
        value = getattr(value, name)
    return value


def load_module(where: str) -> ModuleType:
    """An importable module; the working directory counts, last, as it does for `python -m`."""
    import torch  # noqa: F401  a user's module must not be what imports it first

    if str(Path.cwd()) not in sys.path and "" not in sys.path:
        sys.path.append(str(Path.cwd()))
    return _import(where, where, None)


def load_file(where: str, notice: Notice = lambda text: None) -> ModuleType:
    """A user's file, imported under its own name with its folder on sys.path, so that loader workers can import it too.

    Three guards: torch is imported first, a sibling that shadows the standard library is warned of, and what was
    imported must be the file that was asked for.
    """
    import torch  # noqa: F401  a sibling called torch.py must not become torch

    path = locate(where)
    if path is None:
        raise CatalogError(f"{where}: no such file")
    if path.suffix != ".py":
        raise CatalogError(f"{where}: not a Python file (.py)")
    root, name = importable(path)
    for shadow in shadows(root):
        notice(
            f"{root / shadow}.py hides the standard library's '{shadow}' from every module: rename it if imports fail"
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    module = _import(name, where, path)
    imported = getattr(module, "__file__", None)
    if imported is None or not Path(imported).exists() or not Path(imported).samefile(path):
        raise CatalogError(
            f"{where}: another module named '{name}' is in use ({imported or 'built in'}): rename the file"
        )
    return module


def importable(path: Path) -> tuple[Path, str]:
    """The folder to put on sys.path and the dotted name: a file of a package is imported as part of it."""
    names = [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        names.insert(0, folder.name)
        folder = folder.parent
    if "." in path.stem:
        raise CatalogError(f"{path.name}: a module's name cannot contain a dot: rename the file")
    return folder, ".".join(names[:-1] if path.stem == "__init__" and len(names) > 1 else names)


def shadows(folder: Path) -> list[str]:
    """Files of a folder that are named as modules of the standard library."""
    return sorted(path.stem for path in folder.glob("*.py") if path.stem in sys.stdlib_module_names)


def _import(name: str, where: str, path: Path | None) -> ModuleType:
    """Import, or one line with the module's own error and the place in it."""
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        spot = place(error, path.parent if path else None)
        missing = isinstance(error, ModuleNotFoundError) and error.name is not None and name.startswith(error.name)
        if missing and path is None:
            raise CatalogError(f"no module named '{error.name}': is it installed, or a file (.py)?") from error  # type: ignore[union-attr]
        raise CatalogError(f"{where} failed to import: {told(error)}{f' ({spot})' if spot else ''}") from error
