"""`lrtui export` as a process: what it writes, what it refuses, its exit codes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lrtui.record import to_json
from lrtui.runs.store import record_path, save
from tests.commands.invoking import invoke
from tests.export.records import RECORD, empty, whole


@pytest.fixture
def run_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    record = whole()
    save(record, record_path(record.id))
    return record.id


def test_several_files_are_written_in_one_call(run_id: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lrtui.cli", "export", run_id[:6].lower()]
    to = ["--to", "a.pdf", "--to", "b.md", "--to", "csv"]
    done = subprocess.run([*command, *to], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = [tmp_path / "a.pdf", tmp_path / "b.md", tmp_path / "SmallCNN-000000.csv"]
    assert done.stdout.splitlines() == [str(path) for path in written]
    assert all(path.stat().st_size > 500 for path in written)


def test_a_format_can_be_printed(run_id: str) -> None:
    done = invoke("export", run_id, "--to", "json:-")
    assert done.exit_code == 0
    assert done.stdout_bytes == to_json(whole())


def test_what_exists_is_kept_and_then_nothing_is_written(run_id: str, tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("mine")
    done = invoke("export", run_id, "--to", "a.html", "--to", "b.md")
    assert done.exit_code == 2
    assert "b.md: already exists; --force overwrites it" in done.stderr
    assert (tmp_path / "b.md").read_text() == "mine"
    assert not (tmp_path / "a.html").exists()
    assert invoke("export", run_id, "--to", "b.md", "--force").exit_code == 0
    assert run_id in (tmp_path / "b.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope", "--to", "csv"], "no such file"),
        (["01JD", "--to", "x.xlsx"], "end the name in .csv, .json"),
        (["01JD", "--to", "no/such/folder/x.csv"], "no/such/folder/x.csv: cannot be written"),
        (["01JD"], "Missing option '--to'"),
    ],
)
def test_bad_input_is_one_line(run_id: str, arguments: list[str], words: str) -> None:
    done = invoke("export", *arguments)
    assert done.exit_code in (2, 5)
    assert words in done.stderr
    assert done.stdout == ""


def test_a_failed_run_has_a_report_and_no_picture(tmp_path: Path) -> None:
    save(empty(), tmp_path / "run.json")
    assert invoke("export", str(tmp_path / "run.json"), "--to", "md:-").exit_code == 0
    done = invoke("export", str(tmp_path / "run.json"), "--to", f"{tmp_path}/x.png")
    assert done.exit_code == 2
    assert "no loss was measured" in done.stderr


def test_a_full_disk_is_exit_code_5() -> None:
    save(RECORD, record_path(RECORD.id))
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "lrtui.cli", "export", RECORD.id, "--to", "md:-"]
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env=os.environ, check=False
        )
    assert done.returncode == 5
    assert "Traceback" not in done.stderr
