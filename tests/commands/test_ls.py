"""`lrtui ls`: which records are listed, in what order, and what a shell gets."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result

from lrtui.commands.ls import listed, when
from lrtui.events import encode
from lrtui.record import RunRecord, from_events
from lrtui.runs.index import Entry
from lrtui.runs.store import journal_path, record_path, save
from lrtui.spec import Choice, RunSpec
from tests.commands.invoking import invoke
from tests.sample import STARTED, run_events

RECORD = from_events(run_events())


def kept(number: int, **changes: Any) -> RunRecord:
    record = msgspec.structs.replace(RECORD, id=f"01JD{number:022}", **changes)
    save(record, record_path(record.id))
    return record


def ls(*arguments: str) -> Result:
    done = invoke("ls", *arguments)
    assert done.exit_code == 0, done.output
    return done


def test_no_records_is_one_line_and_no_failure(home: Path) -> None:
    done = ls()
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert str(home / "runs") in done.stderr
    assert json.loads(ls("--json").stdout) == []


def test_a_line_is_no_wider_than_a_terminal_and_keeps_the_id_and_the_rate() -> None:
    line = listed(Entry.of(kept(1), ""))
    assert line.within(200) == str(line)
    assert line.within(100).endswith("3.0e-03  SmallCNN · digits · AdamW")
    assert len(line.within(80)) == 80
    assert line.within(80).startswith(line.id)
    assert line.within(80).endswith("…")
    assert "3.0e-03" in line.within(40)


def test_each_record_has_a_line_the_newest_first() -> None:
    spec = RunSpec(model=Choice("net.py:Net"), optimizer=Choice("torch.optim:SGD"))
    for number in (2, 3, 1):
        kept(number)
    kept(4, spec=msgspec.to_builtins(spec), status="stopped", suggestion=None)
    newest, *older = ls().stdout.splitlines()
    assert [line.split()[0][-1] for line in older] == ["3", "2", "1"]
    fields = newest.split("  ")
    assert fields[0] == "01JD" + "4".zfill(22)
    assert "stopped" in fields
    assert newest.split()[4] == "-"
    assert fields[-1] == "net.py:Net · lrtui:digits · torch.optim:SGD"
    assert "3.0e-03" in older[0]
    assert when(RECORD.created) in older[0]


def test_json_is_one_document_without_curves_that_names_the_files() -> None:
    record = kept(1)
    (entry,) = json.loads(ls("--json").stdout)
    assert entry["record"] == str(record_path(record.id))
    assert entry["suggestion"]["lr"] == 0.003
    assert (entry["id"], entry["status"]) == (record.id, "diverged")
    assert entry["model"] == "sample_models/cnn.py:SmallCNN"
    assert entry["optimizer"] == "torch.optim:AdamW"
    assert "history" not in entry


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_a_file_that_is_no_record_is_named_and_the_others_are_listed(option: list[str]) -> None:
    record = kept(1)
    record_path("01JX").write_text("{torn")
    done = ls(*option)
    assert "01JX.json: not JSON" in done.stderr
    assert record.id in done.stdout
    assert "01JX" not in done.stdout


def test_a_spec_of_another_version_is_listed_without_targets() -> None:
    kept(1, spec={"model": "net", "data": {"target": 5}})
    assert ls().stdout.endswith("  - · - · -\n")


def test_control_characters_are_not_printed() -> None:
    kept(1, spec={"model": {"target": "a\x1b[2J\nb:c"}})
    (line,) = ls().stdout.splitlines()
    assert "\x1b" not in line


def test_runs_without_a_record_are_noted() -> None:
    journal_path(STARTED.id).write_bytes(encode(STARTED))
    assert "lrtui recover" in ls().stderr


def test_a_time_that_is_none_is_shown_unchanged() -> None:
    assert when("long ago") == "long ago"
    assert when("0001-01-01T00:00:00+23:00")


def test_a_reader_that_closes_early_is_no_error() -> None:
    for number in range(40):
        kept(number, spec={"model": {"target": "m" * 4000}})
    with subprocess.Popen(
        [sys.executable, "-m", "lrtui.cli", "ls"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 141


@pytest.mark.parametrize("arguments", [["ls"], ["ls", "--json"], ["models"], ["show", "01JD"]])
def test_a_full_stdout_is_exit_code_5_and_one_line(arguments: list[str]) -> None:
    kept(1)
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [sys.executable, "-m", "lrtui.cli", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 5
    assert (
        done.stderr.splitlines()[-1] == "lrtui: stdout cannot be written: No space left on device"
    )
    assert "Traceback" not in done.stderr


def test_a_stdout_that_is_not_utf_8_gets_what_it_can_show(home: Path) -> None:
    kept(1)
    done = subprocess.run(
        [sys.executable, "-m", "lrtui.cli", "ls"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert b"SmallCNN . lrtui:digits" in done.stdout


def test_every_word_has_to_be_in_the_line_and_the_newest_are_printed_first() -> None:
    for index, target in enumerate(["torch.optim:SGD", "torch.optim:AdamW", "torch.optim:SGD"]):
        spec = {**RECORD.spec, "optimizer": {"target": target, "args": {}}}
        record = msgspec.structs.replace(RECORD, id=f"01JD{index}", spec=spec)
        save(record, record_path(record.id))
    ids = [line.split()[0] for line in invoke("ls", "sgd", "DIGITS").stdout.splitlines()]
    assert ids == ["01JD2", "01JD0"]
    assert invoke("ls", "sgd", "-n", "1").stdout.split()[0] == "01JD2"
    nothing = invoke("ls", "nowhere")
    assert nothing.stdout == ""
    assert "no run has nowhere in its line" in nothing.stderr
