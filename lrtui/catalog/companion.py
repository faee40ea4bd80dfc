"""What a file says that its model is run with: a literal `SPEC` beside it. Read by parsing; nothing is executed."""

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


def companion(path: Path) -> dict[str, Any]:
    """The file's `SPEC`, a part of a spec as in TOML, or {} when it has none; CatalogError when it is no such part."""
    for node in parse(path).body:
        if isinstance(node, ast.Assign) and NAME in [last_name(name) for name in node.targets]:
            try:
                table = dict(ast.literal_eval(node.value))
                merged(RunSpec(), table)
            except (ValueError, TypeError) as error:
                raise CatalogError(
                    f"{path}:{node.lineno}: {NAME} is no part of a spec: {error}"
                ) from error
            return table
    return {}


def merged(spec: RunSpec, table: Mapping[str, Any]) -> RunSpec:
    """The spec with the values of a table: a choice is replaced whole, a section field by field."""
    values: dict[str, object] = {}
    for key, value in table.items():
        if key in SECTIONS and isinstance(value, dict):
            values |= {f"{key}.{name}": inner for name, inner in value.items()}
        else:
            values[str(key)] = value
    return with_values(spec, values)
