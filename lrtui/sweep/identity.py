"""What a test is known by: its spec, and the content of the user's files that it names."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from lrtui.catalog.searchpath import Installed
from lrtui.catalog.shipping import code_of
from lrtui.events import in_utf8
from lrtui.files import expanded, read_file
from lrtui.spec import CHOICES, RunSpec

_NO_FILE = "no file"


def key_of(spec: RunSpec, installed: Installed | None = None) -> str:
    """The same for two tests only if they are the same: SHA-256 of the spec and of its files.

    Where the files are does not count, so that a checkout that was moved keeps its results. Of data
    that an argument names, path, size and time of change count, not the content.
    """
    parts = [in_utf8(msgspec.to_builtins(spec))]
    parts += [hashlib.sha256(_content(path)).hexdigest() for path in code_of(spec, installed)]
    parts += [_stamp(path) for path in _data_of(spec)]
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()


def has_own_code(spec: RunSpec) -> bool:
    """Whether a spec names anything but what libraries and lrtui have."""
    return bool(code_of(spec))


def _data_of(spec: RunSpec) -> Iterator[Path]:
    """The files and folders that arguments name."""
    for name in CHOICES:
        choice = getattr(spec, name)
        for value in choice.args.values():
            if isinstance(value, str) and os.sep in value:
                yield expanded(value)


def _content(path: Path) -> bytes:
    try:
        return read_file(path)
    except OSError:
        return _NO_FILE.encode()  # the run reports it


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return _NO_FILE
    return f"{path} {status.st_size} {status.st_mtime_ns}"
