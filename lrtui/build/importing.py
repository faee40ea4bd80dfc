"""Targets turned into callables. This imports, and so runs, what they name."""

import importlib
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

import torch  # noqa: F401 - before any user module: a file called torch.py must not become torch

from lrtui.build import libraries
from lrtui.build.types import Factory
from lrtui.catalog.errors import CatalogError, one_line, with_user_line
from lrtui.catalog.guard import RefusedError
from lrtui.catalog.imports import module_name, names_in
from lrtui.catalog.searchpath import search_last, working_directory
from lrtui.catalog.targets import OWN, Notice, is_file_name, locate, near, split


def load(target: str, notice: Notice = lambda text: None) -> Factory:
    """The callable that a target names.

    Raises:
        CatalogError: it does not exist, fails to import, or is not callable.
    """
    where, what = split(target)
    if where in ("torchvision", "timm"):
        return libraries.load(where, what, notice)
    if where == "lrtui":
        where, what = _own_target(what)
    if where.split(".")[0] == "apex":
        libraries.check_apex()
    module = load_file(where, notice) if is_file_name(where) else load_module(where)
    value = attribute(module, where, what)
    if not callable(value):
        kind = type(value).__name__
        raise CatalogError(f"{where} has '{what}', but it cannot be called (it is a {kind})")
    return value


def attribute(module: ModuleType, where: str, what: str) -> object:
    """`what` of a module, dots allowed; CatalogError with similar names if it does not exist."""
    value: object = module
    for name in what.split("."):
        if not hasattr(value, name):
            raise CatalogError(f"{where} has no '{what}'{near(name, _public_callables(value))}")
        value = getattr(value, name)
    return value


def load_module(where: str) -> ModuleType:
    """Import a module. The working directory is searched last."""
    search_last(working_directory())
    return _import(where, where, None)


def load_file(where: str, notice: Notice = lambda text: None) -> ModuleType:
    """Import a user's file under its own name; loader workers then can import it too.

    Its folder is searched last: a file in it never hides an installed module. A file beside it
    that is hidden itself is reported, and the module that was imported must be the file that was
    asked for.
    """
    path = locate(where)
    if path is None:
        raise CatalogError(f"{where}: no such file")
    if path.suffix != ".py":
        raise CatalogError(f"{where}: not a Python file (.py)")
    if "." in path.stem:
        raise CatalogError(f"{path.name}: a module's name cannot contain a dot: rename the file")
    root, name = module_name(path)
    for hidden in hidden_imports(path, root):
        notice(f"{root / hidden} is hidden by the installed module '{hidden}': rename it")
    search_last(root)
    search_last(working_directory())
    importlib.invalidate_caches()
    module = _import(name, where, path)
    _check_origin(module, name, where, path)
    return module


def hidden_imports(path: Path, root: Path) -> list[str]:
    """The modules beside a file that it imports by name, but that an installed one hides."""
    search = [entry for entry in sys.path if Path(entry) not in (root, working_directory())]
    hidden = []
    for name in sorted({name.partition(".")[0] for name in names_in(path)} - {""}):
        is_beside = (root / f"{name}.py").is_file() or (root / name / "__init__.py").is_file()
        if is_beside and (name in sys.stdlib_module_names or _is_found(name, search)):
            hidden.append(name)
    return hidden


def _is_found(name: str, search: list[str]) -> bool:
    spec = PathFinder.find_spec(name, search)
    return spec is not None and spec.origin is not None


def _own_target(what: str) -> tuple[str, str]:
    """The module and the attribute of `lrtui:what`."""
    if what not in OWN:
        raise CatalogError(f"lrtui has no '{what}'{near(what, list(OWN))}")
    return OWN[what].module, OWN[what].attribute


def _public_callables(owner: object) -> list[str]:
    names = []
    for name in dir(owner):
        if not name.startswith("_") and callable(getattr(owner, name, None)):
            names.append(name)
    return names


def _check_origin(module: ModuleType, name: str, where: str, path: Path) -> None:
    """CatalogError if the imported module is another than the file at `path`."""
    file = getattr(module, "__file__", None)
    if file is not None and Path(file).exists() and Path(file).samefile(path):
        return
    other = file or "built in"
    message = f"{where}: another module named '{name}' is in use ({other})"
    raise CatalogError(f"{message}: rename the file")


def _import(name: str, where: str, path: Path | None) -> ModuleType:
    """Import a module; CatalogError with the module's own error and its line."""
    try:
        return importlib.import_module(name)
    except RefusedError as error:
        raise CatalogError(str(error)) from error
    except ModuleNotFoundError as error:
        if path is None and error.name is not None and name.startswith(error.name):
            message = f"no module named '{error.name}': is it installed, or a file (.py)?"
            raise CatalogError(message) from error
        raise CatalogError(_import_failure(error, where, path)) from error
    except BaseException as error:
        raise CatalogError(_import_failure(error, where, path)) from error


def _import_failure(error: BaseException, where: str, path: Path | None) -> str:
    folder = None if path is None else path.parent
    return with_user_line(f"{where} failed to import: {one_line(error)}", error, folder)
