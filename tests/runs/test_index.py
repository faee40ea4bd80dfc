"""The index: a list of all records without reading each, never older than the files."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lrtui import paths
from lrtui.events import Measured
from lrtui.record import RunRecord, from_events, from_json_without_unknown
from lrtui.runs import index
from lrtui.runs.index import Entry, entries, read_entry
from lrtui.runs.store import record_path, save
from tests.sample import RACE, TRIAL, run_events

RECORD = from_events(run_events())
READ: list[str] = []  # records that were read, by file name


@pytest.fixture(autouse=True)
def _watch_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    READ.clear()
    original = from_json_without_unknown

    def reading(text: bytes, name: str) -> RunRecord:
        READ.append(name)
        return original(text, name)

    monkeypatch.setattr(index, "from_json_without_unknown", reading)


def kept(number: int, **changes: Any) -> Path:
    record = msgspec.structs.replace(RECORD, id=f"01JD{number:022}", **changes)
    return save(record, record_path(record.id), overwrite=True)


def test_an_entry_has_what_a_list_shows() -> None:
    spec = json.loads(json.dumps(RECORD.spec))
    spec["optimizer"]["args"] = {"weight_decay": 0.05}
    path = kept(1, spec=spec, name="mine")
    (entry,) = entries()
    assert entry.path == path
    assert (entry.name, entry.status, entry.seconds) == ("mine", "diverged", 1.5)
    assert (entry.model, entry.batch_size) == ("sample_models/cnn.py:SmallCNN", 64)
    assert (entry.weight_decay, entry.iterations, entry.lr) == (0.05, 4, 0.003)


def test_the_answer_of_an_entry_is_that_after_the_races_with_the_loss_reached_there() -> None:
    better = msgspec.structs.replace(TRIAL, lr=0.001, loss=0.7)
    events = [*run_events(), Measured(TRIAL), Measured(better), Measured(RACE)]
    save(from_events(events), record_path(RECORD.id))
    (entry,) = entries()
    assert (entry.lr, entry.reached) == (0.001, 0.7)


def test_the_second_look_reads_no_record() -> None:
    for number in range(5):
        kept(number)
    first = list(entries())
    assert len(READ) == 5
    assert list(entries()) == first
    assert len(READ) == 5
    assert [entry.file for entry in first] == sorted((e.file for e in first), reverse=True)


def test_a_record_that_was_written_again_is_read_again_and_a_deleted_one_is_forgotten() -> None:
    gone, changed, _ = kept(1), kept(2), kept(3)
    list(entries())
    READ.clear()
    status = changed.stat()
    kept(2, reason="x" * len(RECORD.reason))
    os.utime(changed, ns=(status.st_atime_ns, status.st_mtime_ns))  # the same time and size
    gone.unlink()
    assert [entry.reason for entry in entries()] == [RECORD.reason, "x" * len(RECORD.reason)]
    assert [changed.name] == READ
    assert gone.name.encode() not in paths.runs_index().read_bytes()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[0,[]]", b'[1,[["a",5]]]', b"\xff\x00", b"[" * 9999]
)
def test_a_damaged_index_is_made_again_without_a_word(content: bytes) -> None:
    kept(1)
    good = list(entries())
    paths.runs_index().write_bytes(content)
    READ.clear()
    assert list(entries()) == good
    assert len(READ) == 1
    list(entries())
    assert len(READ) == 1


def test_a_home_that_cannot_be_written_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    kept(1)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index, "write_atomic", full)
    assert len(list(entries())) == 1
    assert not paths.runs_index().exists()


def test_a_record_that_cannot_be_read_says_why_and_the_next_look_knows_it() -> None:
    path = kept(1)
    path.write_text("{torn")
    (entry,) = entries()
    assert entry.problem.startswith(f"{path.name}: not JSON")
    READ.clear()
    assert [entry.problem for entry in entries()] == [entry.problem]
    assert not READ


def test_a_record_with_text_that_utf_8_cannot_hold_does_not_spoil_the_index() -> None:
    kept(1)
    kept(2).write_text(
        json.dumps({"schema": "lrtui.run/1", "id": "\ud800", "created": "", "odd": float("nan")})
    )
    assert len(list(entries())) == 2
    assert len(list(entries())) == 2
    assert READ.count(f"01JD{1:022}.json") == 1


def test_a_look_that_is_left_early_keeps_what_it_read() -> None:
    for number in range(3):
        kept(number)
    look = entries()
    next(look)
    look.close()
    READ.clear()
    list(entries())
    assert len(READ) == 2


def test_two_processes_at_once_both_see_everything() -> None:
    for number in range(30):
        kept(number)
    code = "from lrtui.runs.index import entries; print(len(list(entries())))"
    children = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [child.communicate(timeout=60)[0] for child in children] == ["30\n"] * 3
    assert len(list(entries())) == 30
    assert not READ


def test_a_file_that_vanishes_meanwhile_is_a_problem_and_no_failure(home: Path) -> None:
    assert read_entry(home / "gone.json") == Entry(
        file="gone.json", problem="gone.json: No such file or directory"
    )
