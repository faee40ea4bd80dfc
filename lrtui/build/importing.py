"""Targets turned into callables, which imports, and so runs, what they name. Worker only."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import torch  # noqa: F401  before any module of a user's: one that is called torch.py must not become torch

from lrtui.build import libraries
from lrtui.catalog.errors import CatalogError, one_line, with_user_line
from lrtui.catalog.targets import OWN, Notice, is_file_name, locate, near, split


def load(target: str, notice: Notice = lambda text: None) -> Callable[..., Any]:
    """The callable that a target names. Worker only: it imports, and so runs, what it names.

    Raises CatalogError, in one line, for what is missing, fails to import or is not callable.
    """
    where, what = split(target)
    if where in ("torchvision", "timm"):
        return libraries.load(where, what, notice)
    if where == "lrtui":
        if what not in OWN:
            raise CatalogError(f"lrtui has no '{what}'{near(what, list(OWN))}")
        _, where, what = OWN[what]
    if where.split(".")[0] == "apex":
        libraries.check_apex()
    module = load_file(where, notice) if is_file_name(where) else load_module(where)
    found = attribute(module, where, what)
    if not callable(found):
        raise CatalogError(
            f"{where} has '{what}', but it cannot be called (it is a {type(found).__name__})"
        )
    return found  # type: ignore[no-any-return]


def attribute(module: ModuleType, where: str, what: str) -> Any:
    """`what` of a module, dots allowed; CatalogError with the near names when it is not there."""
    value: Any = module
    for name in what.split("."):
        if not hasattr(value, name):
            known = [
                other
                for other in dir(value)
                if not other.startswith("_") and callable(getattr(value, other, None))
            ]
            raise CatalogError(f"{where} has no '{what}'{near(name, known)}")
        value = getattr(value, name)
    return value


def load_module(where: str) -> ModuleType:
    """An importable module; the working directory counts, last, as it does for `python -m`."""
    if str(Path.cwd()) not in sys.path and "" not in sys.path:
        sys.path.append(str(Path.cwd()))
    return _import(where, where, None)


def load_file(where: str, notice: Notice = lambda text: None) -> ModuleType:
    """A user's file, imported under its own name with its folder on sys.path, so that loader workers can import it too.

    Three guards: torch is imported first, a sibling that shadows the standard library is warned of, and what was
    imported must be the file that was asked for.
    """
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
    """Import a module; CatalogError, in one line, with the module's own error and its line."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if path is None and error.name is not None and name.startswith(error.name):
            message = f"no module named '{error.name}': is it installed, or a file (.py)?"
            raise CatalogError(message) from error
        raise CatalogError(_import_failure(error, where, path)) from error
    except (Exception, SystemExit) as error:
        raise CatalogError(_import_failure(error, where, path)) from error


def _import_failure(error: BaseException, where: str, path: Path | None) -> str:
    folder = None if path is None else path.parent
    return with_user_line(f"{where} failed to import: {one_line(error)}", error, folder)
