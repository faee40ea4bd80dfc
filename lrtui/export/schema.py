"""The JSON Schema of a run record, made from its structs.

`python -m lrtui.export.schema` writes it beside this file, from where it is read: other tools, and
`lrtui schema`, need nothing of ours to run.
"""

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
    return {
        "$schema": _DRAFT,
        "$id": f"https://lrtui.invalid/{SCHEMA}.json",
        **record,
        "$defs": definitions,
    }


def _with_later_results(measured: dict[str, Any]) -> dict[str, Any]:
    """The results, and those whose name only a newer version knows."""
    known = list(measured["items"]["discriminator"]["mapping"])
    later = {
        "type": "object",
        "properties": {"name": {"type": "string", "not": {"enum": known}}},
        "required": ["name"],
    }
    return {**measured, "items": {"anyOf": [*measured["items"]["anyOf"], later]}}


def text() -> str:
    """The schema as it is written."""
    return (
        msgspec.json.format(msgspec.json.encode(schema(), order="sorted"), indent=2).decode() + "\n"
    )


if __name__ == "__main__":
    write_atomic(text().encode(), FILE, overwrite=True)
