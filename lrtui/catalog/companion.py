"""What a file says that its model is run with: a literal `SPEC` beside it. Read by parsing; nothing is executed."""

import ast
from pathlib import Path
from typing import Any

import msgspec

from lrtui.catalog.errors import CatalogError
from lrtui.catalog.fields import last_name
from lrtui.catalog.source.reader import parse
from lrtui.spec import RunSpec

NAME = "SPEC"


def companion(path: Path) -> dict[str, Any]:
    """The file's `SPEC`, a part of a spec as in TOML, or {} when it has none; CatalogError when it is no such part."""
    for node in parse(path).body:
        if isinstance(node, ast.Assign) and NAME in [last_name(name) for name in node.targets]:
            try:
                table = dict(ast.literal_eval(node.value))
                merged(RunSpec(), table)
            except (ValueError, TypeError, msgspec.ValidationError) as error:
                raise CatalogError(
                    f"{path}:{node.lineno}: {NAME} is no part of a spec: {error}"
                ) from error
            return table
    return {}


def merged(spec: RunSpec, table: dict[str, Any]) -> RunSpec:
    """The spec with what the table says in its place: a choice is replaced whole, other sections key by key."""
    whole = msgspec.to_builtins(spec)
    for key, value in table.items():
        section = whole.get(key)
        keep = isinstance(section, dict) and isinstance(value, dict) and "target" not in section
        whole[key] = {**section, **value} if keep else value
    return msgspec.convert(whole, RunSpec)
