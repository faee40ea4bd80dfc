"""Which files a Python file brings with it: read by parsing, found as Python finds them."""

import ast
import functools
import importlib
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from lrtui.catalog.errors import CatalogError
from lrtui.catalog.searchpath import Installed, working_directory
from lrtui.catalog.source.literals import assigned_names
from lrtui.catalog.source.reader import parse

_MOST_FILES = 500
_BY_NAME = ("import_module", "__import__")  # calls that import what a text names


def module_name(path: Path) -> tuple[Path, str]:
    """The folder to search for a file's module, and its name, which includes enclosing packages."""
    names = [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        names.insert(0, folder.name)
        folder = folder.parent
    if path.stem == "__init__" and len(names) > 1:
        names.pop()
    return folder, ".".join(names)


class Imports:
    """Finds the user's files that a file imports; what is installed is left out.

    Args:
        installed: what is searched first.
        root: the folder of the user's own modules.
    """

    def __init__(self, installed: Installed, root: Path) -> None:
        importlib.invalidate_caches()
        here = working_directory()
        own = [] if here is None else [here]
        self._installed = installed
        self._search = [*installed.search, str(root), *map(str, own)]

    def closure(self, path: Path) -> list[Path]:
        """The file, and what it imports, and what that imports; the file comes first."""
        found = {path: None}
        waiting = [path, *self.files_of(module_name(path)[1])]
        while waiting and len(found) < _MOST_FILES:
            current = waiting.pop()
            found[current] = None
            for imported in self.imported_by(current):
                if imported not in found:
                    found[imported] = None
                    waiting.append(imported)
        return list(found)

    def imported_by(self, path: Path) -> Iterator[Path]:
        """The user's files that a file names in its imports, wherever they stand in it."""
        for name in names_in(path):
            yield from self.files_of(name)

    def files_of(self, name: str) -> list[Path]:
        """The user's files that the import of a module runs: its packages' and its own."""
        search, files = self._search, []
        parts = name.split(".")
        if not all(parts) or parts[0] in sys.builtin_module_names:
            return []
        for depth in range(1, len(parts) + 1):
            spec = _find(".".join(parts[:depth]), search)
            if spec is None:
                break
            origin = spec.origin if spec.has_location else None
            if origin is not None and not self._installed.has(Path(origin)):
                files.append(Path(origin))
            search = list(spec.submodule_search_locations or [])
        return files


def defines(
    path: Path, what: str, imports: Imports, seen: frozenset[tuple[Path, str]] = frozenset()
) -> bool:
    """Whether a name is a class or function of a file, or of the user's file that it comes from.

    `os.system` is no definition of a file that imports `os`, and neither is a name for it. A name
    that nothing binds counts as the file's own: what runs the file finds out.
    """
    first, _, rest = what.partition(".")
    if (path, first) in seen:
        return False
    for statement in reversed(_statements(path)):  # the last one that binds the name counts
        if isinstance(statement, ast.ClassDef) and statement.name == first:
            return not rest or _has_method(statement, rest)
        if isinstance(statement, ast.FunctionDef) and statement.name == first:
            return not rest
        if isinstance(statement, ast.Assign) and first in assigned_names(statement.targets):
            return not rest and not isinstance(statement.value, ast.Name | ast.Attribute)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            alias = _alias_of(statement, first)
            if alias is not None:
                origin = _origin_of(statement, alias, path, imports)
                name = f"{alias.name}.{rest}" if rest else alias.name
                seen |= {(path, first)}
                return origin is not None and defines(origin, name, imports, seen)
            star = _alias_of(statement, "*")
            if star is not None:
                origin = _origin_of(statement, star, path, imports)
                seen |= {(path, first)}
                if origin is None or not defines(origin, what, imports, seen):
                    return False
    return not first.startswith("_")


def _find(name: str, search: list[str]) -> ModuleSpec | None:
    try:
        return PathFinder.find_spec(name, search)
    except (ImportError, ValueError, OSError):
        return None


def names_in(path: Path) -> list[str]:
    """The modules that a file imports; none where it cannot be parsed."""
    try:
        status = path.stat()
    except OSError:
        return []
    return _parsed_names(path, (status.st_mtime_ns, status.st_size))


@functools.lru_cache(maxsize=_MOST_FILES)
def _parsed_names(path: Path, stamp: tuple[int, int]) -> list[str]:
    """The modules that a file of that age and size imports."""
    if path.suffix != ".py":
        return []
    try:
        tree = parse(path)
    except CatalogError:
        return []
    names: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= dict.fromkeys(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, path)
            # what is imported from a package may be a module of it
            names |= dict.fromkeys(f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call):
            names |= dict.fromkeys(_named_in_call(node))
    return list(names)


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    """The full name of the module that an import takes from."""
    if not node.level:
        return node.module or ""
    package = module_name(path)[1].split(".")
    dropped = node.level - 1 if path.stem == "__init__" else node.level
    base = package[: len(package) - dropped] if dropped else package
    return ".".join([*base, *([node.module] if node.module else [])])


def _named_in_call(node: ast.Call) -> Iterator[str]:
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name not in _BY_NAME or not node.args:
        return
    first = node.args[0]
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value:
        yield first.value.lstrip(".")


def _statements(path: Path) -> list[ast.stmt]:
    try:
        return list(_flat(parse(path).body))
    except CatalogError:
        return []


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, those inside `if`, `try` and `with` included."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                yield from _flat(getattr(statement, part, []))
            for handler in getattr(statement, "handlers", []):
                yield from _flat(handler.body)


def _has_method(node: ast.ClassDef, name: str) -> bool:
    return any(isinstance(part, ast.FunctionDef) and part.name == name for part in node.body)


def _alias_of(node: ast.Import | ast.ImportFrom, name: str) -> ast.alias | None:
    """The part of an import that binds a name."""
    for alias in node.names:
        if (alias.asname or alias.name.partition(".")[0]) == name:
            return alias
    return None


def _origin_of(
    node: ast.Import | ast.ImportFrom, alias: ast.alias, path: Path, imports: Imports
) -> Path | None:
    """The user's file that a name is imported from; None for a module, or one that is installed."""
    if isinstance(node, ast.Import):
        return None
    files = imports.files_of(_absolute(node, path))
    return files[-1] if files else None
