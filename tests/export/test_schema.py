"""The JSON Schema of a record: it is up to date, and records of every version fit it."""

import json
from pathlib import Path
from typing import Any

import pytest

from lrtui.export.schema import FILE, schema, text
from lrtui.record import from_json, to_json
from tests.export.records import GOLDEN, empty, hostile, whole

PICTURED = sorted((Path(__file__).parents[1] / "pictures" / "records").glob("*.json"))


def test_the_file_in_the_package_is_up_to_date() -> None:
    assert FILE.read_text() == text(), "run: python -m lrtui.export.schema"


def problems(document: object) -> list[str]:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema())
    found: Any = jsonschema.Draft202012Validator(schema()).iter_errors(document)
    return [error.message for error in found]


@pytest.mark.parametrize("path", [*GOLDEN, *PICTURED], ids=lambda path: path.stem)
def test_records_of_every_version_open_and_fit(path: Path) -> None:
    document = json.loads(path.read_text())
    assert problems(document) == []
    written = json.loads(to_json(from_json(path.read_bytes())))
    assert problems(written) == []


@pytest.mark.parametrize("name", ["run", "run_with_race", "run_with_repeats", "run_with_checks"])
def test_a_record_of_this_version_is_written_as_it_was_read(name: str) -> None:
    (path,) = (path for path in GOLDEN if path.stem == name)
    assert to_json(from_json(path.read_bytes())) == path.read_bytes()


@pytest.mark.parametrize("record", [whole(), empty(), hostile()])
def test_what_is_written_fits(record: Any) -> None:
    assert problems(json.loads(to_json(record))) == []


def test_what_only_a_newer_version_knows_fits() -> None:
    document = json.loads(to_json(whole()))
    document["measured"].append({"name": "from_the_future", "values": [1]})
    document["from_the_future"] = True
    assert problems(document) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", "lrtui.run/2"),
        ("history", {"lr": ["a"]}),
        ("status", "fine"),
        ("measured", [{"name": "trial", "lr": "x"}]),
        ("spec", {"model": 3}),
    ],
)
def test_what_is_no_record_does_not_fit(key: str, value: object) -> None:
    document = json.loads(to_json(whole()))
    document[key] = value
    assert problems(document)
