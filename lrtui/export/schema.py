"""The JSON Schema of a run record, made from its structs.

`python -m lrtui.export.schema` writes it beside this file, from where it is read: other tools, and
`lrtui schema`, need nothing of ours to run.
"""

import inspect
from pathlib import Path
from typing import Any

import msgspec

from lrtui.files import write_atomic
from lrtui.record import SCHEMA, RunRecord
from lrtui.spec import RunSpec

FILE = Path(__file__).with_name("run.schema.json")
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema of the records that this version writes and reads.

    Older records lack what came later, and newer ones may have keys and results that this version
    does not know: both are valid.
    """
    _, definitions = msgspec.json.schema_components(
        [RunRecord, RunSpec], ref_template="#/$defs/{name}"
    )
    record = definitions.pop("RunRecord")
    properties = record["properties"]
    del properties["unknown"]  # it is no part of a file
    properties["schema"] = {"const": SCHEMA}
    # the record of a live model has a spec of the same shape; a foreign one has none
    properties["spec"] = {"anyOf": [{"$ref": "#/$defs/RunSpec"}, {"const": {}}]}
    properties["measured"] = _with_later_results(properties["measured"])
    record["required"] = ["schema", *record["required"]]
    described: dict[str, Any] = _without_indents({**record, "$defs": definitions})
    return {"$schema": _DRAFT, "$id": f"https://lrtui.invalid/{SCHEMA}.json", **described}


def _with_later_results(measured: dict[str, Any]) -> dict[str, Any]:
    """The results, and those whose name only a newer version knows."""
    known = list(measured["items"]["discriminator"]["mapping"])
    later = {
        "type": "object",
        "properties": {"name": {"type": "string", "not": {"enum": known}}},
        "required": ["name"],
    }
    return {**measured, "items": {"anyOf": [*measured["items"]["anyOf"], later]}}


def _without_indents(part: Any) -> Any:
    """The same schema with descriptions as Python 3.13 compiles docstrings."""
    if isinstance(part, list):
        return [_without_indents(each) for each in part]
    if not isinstance(part, dict):
        return part
    clean = {key: _without_indents(value) for key, value in part.items()}
    if isinstance(clean.get("description"), str):
        clean["description"] = inspect.cleandoc(clean["description"])
    return clean


def text() -> str:
    """The schema as it is written."""
    return (
        msgspec.json.format(msgspec.json.encode(schema(), order="sorted"), indent=2).decode() + "\n"
    )


if __name__ == "__main__":
    write_atomic(text().encode(), FILE, overwrite=True)
