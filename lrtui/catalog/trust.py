"""What a person has agreed to run.

A spec, a preset or a record is data, and anybody may have written it. Without asking, a run uses
what a library lists. Everything else is agreed to by content and place: after a change, or in
another folder, the app asks again.
"""

import hashlib
import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from lrtui import paths
from lrtui.catalog.errors import CatalogError, safe_line
from lrtui.catalog.imports import Imports, defines, module_name
from lrtui.catalog.searchpath import Installed
from lrtui.catalog.targets import (
    LIBRARIES,
    is_file_name,
    is_listing,
    locate,
    locate_module,
    split,
)
from lrtui.events import in_utf8
from lrtui.files import open_private, read_file
from lrtui.spec import CHOICES, Choice, RunSpec

ANY_FILE, ANYTHING = "any file", "anything"  # agreements that cover many items

# Arguments with which timm reads files of weights, or fetches them from an address.
_READS_FILES = ("checkpoint_path", "pretrained_cfg", "pretrained_cfg_overlay", "cache_dir")
_LONGEST_NAME = 500


class Item(msgspec.Struct, frozen=True):
    """One thing that a person agrees to.

    Attributes:
        kind: a file; a class of an installed package; or a call, with exactly its arguments.
        name: the path with links resolved, or the target.
        digest: SHA-256 of the file's content, or of the target and its arguments.
        words: what a question shows.
    """

    kind: Literal["file", "class", "call"]
    name: str
    digest: str
    words: str

    @property
    def line(self) -> str:
        """As it is remembered."""
        return f"{self.digest}  {self.name!r}"

    def is_agreed(self, agreed: Collection[str]) -> bool:
        """Whether it is among what was agreed to."""
        if ANYTHING in agreed or self.line in agreed:
            return True
        return self.kind == "file" and ANY_FILE in agreed


def file_item(path: Path, content: bytes | None = None) -> Item:
    """A file with its present content; CatalogError if it cannot be read."""
    real = path.resolve()
    try:
        data = read_file(real) if content is None else content
    except OSError as error:
        raise CatalogError(f"{path}: {error.strerror or error}") from error
    name = os.fsencode(real).decode("utf-8", "backslashreplace")
    words = safe_line(name, _LONGEST_NAME)
    return Item("file", name, hashlib.sha256(data).hexdigest(), words)


def call_item(choice: Choice) -> Item:
    """A callable that no library lists and no file of the user's defines."""
    where, what = split(choice.target)
    is_class = what[:1].isupper() and "." not in what and not is_file_name(where)
    if not is_class or _is_built_in(where):
        return _exactly("", choice)
    return msgspec.structs.replace(_exactly("", Choice(choice.target)), kind="class")


def items(role: str, choice: Choice, installed: Installed) -> list[Item]:
    """What has to be agreed to before a choice is used; nothing for what a library may list.

    Whether the library does list it is known where it is imported.
    """
    try:
        where, what = split(choice.target)
    except CatalogError:
        return []  # auto, none, or no target
    if is_listing(where) and "." not in what:
        reads_files = where == "timm" and not choice.args.keys().isdisjoint(_READS_FILES)
        return [call_item(choice)] if reads_files else []
    path = users_file(where, installed)
    if path is None:
        return [] if is_file_name(where) else [call_item(choice)]
    imports = Imports(installed, module_name(path)[0])
    needed = [file_item(source) for source in imports.closure(path) if not is_sample(source)]
    if not defines(path, what, imports):
        needed.append(call_item(choice))
    return needed


def look_item(data: Choice) -> Item:
    """A look at data of the user's with exactly these arguments; it agrees to nothing else."""
    return _exactly("look at ", data)


def _exactly(prefix: str, choice: Choice) -> Item:
    """A callable with exactly its arguments."""
    name = prefix + choice.target
    text = msgspec.json.encode(in_utf8([name, choice.args]), order="sorted")
    digest = hashlib.sha256(text).hexdigest()
    return Item("call", name, digest, _call_words(choice.target, choice.args))


def users_file(where: str, installed: Installed) -> Path | None:
    """The file that a target is in: a named one, or the source of a module not installed."""
    if is_file_name(where):
        return locate(where)
    path = locate_module(where)
    if path is None or installed.has(path):
        return None
    return path


def unagreed(spec: RunSpec, agreed: Collection[str]) -> list[Item]:
    """What a run of the spec needs agreed to, and is not; files that cannot be read are left out.

    The run reports those.
    """
    installed = Installed()
    needed: dict[str, Item] = {}
    for role in CHOICES:
        try:
            for item in items(role, getattr(spec, role), installed):
                needed[item.line] = item
        except CatalogError:
            continue
    return [item for item in needed.values() if not item.is_agreed(agreed)]


def is_sample(path: Path) -> bool:
    """Whether a file is one of lrtui's own sample models."""
    return path.resolve().is_relative_to(paths.sample_models())


def remember(agreed: Collection[Item]) -> None:
    """Remember what was agreed to, as it was when it was asked about; OSError if that fails."""
    known = remembered()
    lines = [f"{item.line}\n" for item in agreed if item.line not in known]
    if not lines:
        return
    with open_private(paths.trusted(), append=True) as file:
        file.write("".join(lines).encode())


def remembered() -> frozenset[str]:
    """The lines of everything that was agreed to."""
    try:
        text = read_file(paths.trusted()).decode("utf-8", errors="replace")
    except OSError:
        return frozenset()
    return frozenset(text.splitlines())


def _is_built_in(where: str) -> bool:
    """Whether a module is Python's own, or of a library with lists: its classes may do anything."""
    first = where.split(".")[0]
    return first in sys.stdlib_module_names or first in LIBRARIES


def _call_words(target: str, args: Mapping[str, object]) -> str:
    if not args:
        return safe_line(target, _LONGEST_NAME)
    given = ", ".join(f"{name}={value!r}" for name, value in args.items())
    return f"{safe_line(target, _LONGEST_NAME)}({safe_line(given, _LONGEST_NAME)})"
