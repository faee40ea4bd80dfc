"""Guard: a worker imports only what is installed and what a person has agreed to.

It is asked about every import, so what is checked is what is run: the bytes that were hashed are
those that are compiled, links are resolved, and no cached bytecode is used.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.metadata import Distribution
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

from lrtui.catalog import trust
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.searchpath import Installed
from lrtui.spec import Choice

_IMPORTLIB = Path(importlib.__file__).parent
_FOR_THE_USER = "build/importing.py"  # where lrtui imports what a target names


class RefusedError(ImportError):
    """An import or a call that nobody has agreed to."""


class Guard(MetaPathFinder):
    """Stands in `sys.meta_path` of a worker, in place of Python's own finder of files.

    What is not agreed to does not exist for a library that looks for a module it can do without.
    Where the user's own code imports it, that is refused.

    Args:
        on_refusal: told what was refused, so that a front end can ask about it.
    """

    def __init__(self, on_refusal: Callable[[trust.Item], None]) -> None:
        self._on_refusal = on_refusal
        self._installed = Installed()
        self._agreed: frozenset[str] = frozenset()
        self._owner = os.getpid()

    def allow(self, agreed: Iterable[str] = ()) -> None:
        """From now on: what is remembered, and these agreements."""
        self._agreed = trust.remembered() | frozenset(agreed)

    def check(self, role: str, choice: Choice) -> None:
        """Raise RefusedError where a choice needs something agreed to that is not."""
        for item in trust.items(role, choice, self._installed):
            self.demand(item)

    def demand(self, item: trust.Item) -> None:
        """Raise RefusedError where one thing is not agreed to."""
        if item.is_agreed(self._agreed):
            return
        if os.getpid() == self._owner:  # a forked loader has no front end
            self._on_refusal(item)
        raise RefusedError(f"{_reason(item)}: esc and f5 ask about it, `lrtui run --yes` agrees")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module in a file, checked where it is not installed."""
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None or not spec.has_location:
            return spec
        file = Path(spec.origin)
        if self._installed.has(file) or trust.is_sample(file):
            return spec
        try:
            content = file.read_bytes()
        except OSError as error:
            raise RefusedError(f"{file} cannot be read: {error.strerror}") from error
        item = trust.file_item(file, content)
        if not item.is_agreed(self._agreed) and self._is_for_a_library():
            return None
        self.demand(item)
        if isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Checked(fullname, spec.origin, content)
        return spec

    def invalidate_caches(self) -> None:
        """As Python's own finder does."""
        PathFinder.invalidate_caches()

    def find_distributions(self, *context: Any) -> Iterable[Distribution]:
        """What is installed, for importlib.metadata."""
        return PathFinder.find_distributions(*context)

    def _is_for_a_library(self) -> bool:
        """Whether an installed module imports, and no file of the user's."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            name = frame.f_code.co_filename
            is_machinery = name.startswith("<frozen importlib") or name == __file__
            if not is_machinery and Path(name).parent != _IMPORTLIB:
                return self._installed.has(Path(name)) and not name.endswith(_FOR_THE_USER)
            frame = frame.f_back
        return False


class _Checked(SourceFileLoader):
    """Compiles the bytes that were checked."""

    def __init__(self, name: str, path: str, content: bytes) -> None:
        super().__init__(name, path)
        self._content = content

    def get_code(self, fullname: str) -> CodeType:
        """The code of those bytes."""
        code: CodeType = self.source_to_code(self._content, self.path)
        return code


def guard_in_use() -> Guard | None:
    """The guard of this process; None outside of a worker, where code runs as in any script."""
    for finder in sys.meta_path:
        if isinstance(finder, Guard):
            return finder
    return None


def check(role: str, choice: Choice) -> None:
    """Raise CatalogError where a guard refuses a choice."""
    guard = guard_in_use()
    if guard is None:
        return
    try:
        guard.check(role, choice)
    except RefusedError as error:
        raise CatalogError(str(error)) from error


def check_unlisted(choice: Choice) -> None:
    """Raise CatalogError where a guard refuses what a library does not list."""
    guard = guard_in_use()
    if guard is None:
        return
    try:
        guard.demand(trust.call_item(choice))
    except RefusedError as error:
        raise CatalogError(str(error)) from error


def _reason(item: trust.Item) -> str:
    if item.kind == "file":
        return f"{item.words} is new, or has changed since it was agreed to"
    return f"{item.words} is not agreed to: no library lists it for this"
