"""The settings that a model file suggests for its run: a literal `SPEC` in it.

The file is parsed, not executed.
"""

import ast
from pathlib import Path
from typing import Any

import msgspec

from lrtui.catalog.errors import CatalogError
from lrtui.catalog.fields import last_name
from lrtui.catalog.source.reader import parse
from lrtui.spec import RunSpec

NAME = "SPEC"

Table = dict[str, Any]  # a part of a spec, as TOML has it


def companion(path: Path) -> Table:
    """The file's `SPEC`, or {} if it has none.

    Raises:
        CatalogError: the file cannot be parsed, or its `SPEC` is not a valid part of a spec.
    """
    for statement in parse(path).body:
        if isinstance(statement, ast.Assign) and _assigns_spec(statement):
            return _read_table(path, statement)
    return {}


def merged(spec: RunSpec, table: Table) -> RunSpec:
    """The spec with the table's settings.

    A choice is replaced as a whole, any other section key by key.
    """
    settings = msgspec.to_builtins(spec)
    for key, value in table.items():
        section = settings.get(key)
        is_choice = isinstance(section, dict) and "target" in section
        if isinstance(section, dict) and isinstance(value, dict) and not is_choice:
            settings[key] = section | value
        else:
            settings[key] = value
    return msgspec.convert(settings, RunSpec)


def _assigns_spec(statement: ast.Assign) -> bool:
    return any(last_name(target) == NAME for target in statement.targets)


def _read_table(path: Path, statement: ast.Assign) -> Table:
    try:
        table = dict(ast.literal_eval(statement.value))
        merged(RunSpec(), table)
    except (ValueError, TypeError, msgspec.ValidationError) as error:
        where = f"{path}:{statement.lineno}"
        raise CatalogError(f"{where}: {NAME} is not a valid part of a spec: {error}") from error
    return table
