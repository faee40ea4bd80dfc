"""A RunSpec from TOML and from `name.field=value`; errors name the line and the nearest field."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from lrtui.files import expanded, read_file, toml_table
from lrtui.spec import CHOICES, Choice, RunSpec, SpecError
from lrtui.specfields import check_path, is_section, spec_error, table_expected, with_values
from lrtui.specproblems import checked, is_utf8


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


def parse(text: str, name: str = "spec") -> RunSpec:
    """The spec in a TOML text; `name` is what errors call it. Raises SpecError."""
    try:
        document = toml_table(text)
    except ValueError as error:
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
    if not is_utf8(assignment):
        raise SpecError(f"--set {assignment}: it is not UTF-8")
    path, equals, text = assignment.partition("=")
    if not equals or not path.strip():
        raise SpecError(f"--set {assignment}: expected name.field=value, such as model.width=32")
    path = _with_args(path.strip())
    try:
        if is_section(path):
            raise table_expected(path)
        return with_values(spec, {path: _value(text.strip())})
    except SpecError as error:
        raise SpecError(f"--set {assignment}: {error}") from None


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
        return toml_table(f"value = {text}")["value"]
    except ValueError:
        return text


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
