"""A RunSpec from TOML and from `name.field=value`; errors name the line and the nearest field."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from lrtui.files import expanded, read_file
from lrtui.spec import CHOICES, Choice, RunSpec, SpecError
from lrtui.specfields import check_path, is_section, spec_error, table_expected, with_values
from lrtui.specproblems import TOO_LARGE, checked

DEEPEST = 32  # tables and lists in each other
_TOO_DEEP = f"tables or lists lie more than {DEEPEST} deep in each other"
_LONGEST = 60  # letters of a --set that are quoted


def read(path: Path) -> RunSpec:
    """The spec in a TOML file.

    Raises:
        SpecError: it cannot be read, or something in it is wrong: one line with the file, the line
            number and what to do.
    """
    return parse(text_of(path), str(path))


def text_of(path: Path) -> str:
    """The text of a file; raises SpecError where it cannot be read."""
    try:
        return read_file(expanded(path)).decode("utf-8")
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise SpecError(f"{path}: {error}") from None


def document_of(text: str) -> dict[str, Any]:
    """The tables of a TOML text, as far as a spec, a record or a worker can hold what they say.

    Raises:
        tomllib.TOMLDecodeError: it is no TOML.
        NotHeldError: it is, but too deep, or with too large a number.
    """
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise NotHeldError(_TOO_DEEP) from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # Python's own limit on the digits of a whole number
        raise NotHeldError(TOO_LARGE) from None
    _check_depth(document)
    return document


class NotHeldError(ValueError):
    """TOML that neither a spec nor a record can hold."""


def _check_depth(document: object) -> None:
    """Raise NotHeldError where tables and lists lie too deep in each other; without recursion."""
    level = [document]
    for _ in range(DEEPEST):
        inner: list[object] = []
        for value in level:
            if isinstance(value, dict):
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        if not inner:
            return
        level = inner
    raise NotHeldError(_TOO_DEEP)


def parse(text: str, name: str = "spec") -> RunSpec:
    """The spec in a TOML text; `name` is what errors call it. Raises SpecError."""
    try:
        document = document_of(text)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{name}: not TOML: {error}") from None
    except NotHeldError as error:
        raise SpecError(f"{name}: {error}") from None
    try:
        return checked(_converted(document))
    except SpecError as error:
        line = _line_of(text, error.field)
        where = f"{name}:{line}" if line else name
        raise SpecError(f"{where}: {error}") from None


def override(spec: RunSpec, assignment: str) -> RunSpec:
    """The spec with one field changed.

    Args:
        spec: the spec to start from.
        assignment: `range.num_iter=1000`, `model.width=32` (an argument) or `seed=1`. The value is
            read as TOML, or as plain text where it is not TOML.

    Raises:
        SpecError: no such field, or a value of another type.
    """
    path, equals, text = assignment.partition("=")
    if not equals or not path.strip():
        raise SpecError(f"--set {assignment}: expected name.field=value, such as model.width=32")
    path = _with_args(path.strip())
    shown = assignment if len(assignment) <= _LONGEST else f"{assignment[:_LONGEST]}…"
    try:
        if is_section(path):
            raise table_expected(path)
        return with_values(spec, {path: _value(text.strip())})
    except SpecError as error:
        raise SpecError(f"--set {shown}: {error}") from None


def _converted(document: Mapping[str, object]) -> RunSpec:
    for name, value in document.items():
        check_path([name])
        if isinstance(value, dict):
            for inner in value:
                check_path([name, inner])
        elif is_section(name):
            raise table_expected(name)
    try:
        return msgspec.convert(document, RunSpec)
    except msgspec.ValidationError as error:
        raise spec_error(error) from None


def _with_args(path: str) -> str:
    """`model.width` is short for `model.args.width`."""
    role, _, name = path.partition(".")
    is_argument = role in CHOICES and name and "." not in name
    if is_argument and name not in Choice.__struct_fields__:
        return f"{role}.args.{name}"
    return path


def _value(text: str) -> object:
    try:
        return document_of(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    except NotHeldError as error:
        raise SpecError(str(error)) from None


def _line_of(text: str, field: str) -> int:
    """The line of a dotted field in a TOML text, 0 where it has none."""
    section, _, key = field.rpartition(".")
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            table = stripped.strip("[]").strip()
            if table == field:
                return number
        name = stripped.partition("=")[0].strip()
        if name == field or (table == section and name == key):
            return number
    return 0
