"""The settings that a model file suggests for its run: a literal `SPEC` in it.

The file is parsed, not executed.
"""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lrtui.catalog.errors import CatalogError
from lrtui.catalog.fields import last_name
from lrtui.catalog.source.reader import parse
from lrtui.spec import SECTIONS, RunSpec
from lrtui.specfields import with_values

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


def merged(spec: RunSpec, table: Mapping[str, Any]) -> RunSpec:
    """The spec with the table's settings.

    A choice is replaced as a whole, a section field by field.
    """
    values: dict[str, object] = {}
    for key, value in table.items():
        if key in SECTIONS and isinstance(value, dict):
            values |= {f"{key}.{name}": inner for name, inner in value.items()}
        else:
            values[str(key)] = value
    return with_values(spec, values)


def _assigns_spec(statement: ast.Assign) -> bool:
    return any(last_name(target) == NAME for target in statement.targets)


def _read_table(path: Path, statement: ast.Assign) -> Table:
    try:
        table = dict(ast.literal_eval(statement.value))
        merged(RunSpec(), table)
    except (ValueError, TypeError) as error:
        where = f"{path}:{statement.lineno}"
        raise CatalogError(f"{where}: {NAME} is not a valid part of a spec: {error}") from error
    return table
