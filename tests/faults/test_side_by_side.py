"""Many files in the home, and several processes at work on them: nothing is lost, all end."""

import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from lrtui.events import Event, Measured, StabilityResult, encode
from lrtui.record import from_events, to_json
from lrtui.runs.recover import recover
from lrtui.runs.store import journal_path, journals, load, record_path, rename, save_run
from lrtui.runs.tidy import tidy
from tests.faults.processes import ROOT, START, lrtui
from tests.sample import STARTED, run_events, steps
from tests.terminal.terminal import Terminal, lrtui_argv

RECORD = from_events(run_events())
LIMIT = Measured(StabilityResult(limit=0.1, eigenvalue=20.0, formula="2 / λ", problem=""))


def journal(run_id: str) -> Path:
    """The journal of a run that was cut off after its steps."""
    started = msgspec.structs.replace(STARTED, id=run_id)
    path = journal_path(run_id)
    events: list[Event] = [started, *steps()]
    path.write_bytes(b"".join(map(encode, events)))
    return path


def ids(count: int) -> list[str]:
    return [f"01JD00000000000000000{index:05}" for index in range(count)]


def older(path: Path) -> None:
    """Make a file older than everything that is written from now on."""
    os.utime(path, ns=(1, 1))


def test_two_recoveries_side_by_side_lose_nothing_and_end_well(home: Path) -> None:
    names = ids(60)
    for name in names:
        journal(name)
    both = [subprocess.Popen([*START, "recover"], cwd=ROOT, stdout=-1, stderr=-1) for _ in range(2)]
    for process in both:
        _, problems = process.communicate(timeout=100)
        assert process.returncode == 0, problems
        assert b"Traceback" not in problems
    assert sorted(path.stem for path in (home / "runs").glob("*.json")) == names
    assert all(len(load(record_path(name)).history.lr) == 4 for name in names)
    assert list((home / "runs").glob("*.jsonl")) == []


def test_a_journal_that_says_no_more_than_its_record_goes_away() -> None:
    record_path(STARTED.id).write_bytes(to_json(RECORD))
    older(journal(STARTED.id))
    done = lrtui("ls")
    assert done.returncode == 0
    assert b"no record" not in done.stderr
    assert not journal_path(STARTED.id).exists()
    assert record_path(STARTED.id).exists()


def test_one_that_says_more_is_offered_however_old_it_is() -> None:
    """A run that was cut off in a race, and was named afterwards."""
    path = journal(STARTED.id)
    with path.open("ab") as file:
        file.write(encode(LIMIT))
    save_run(from_events([STARTED, *steps()]), record_path(STARTED.id))
    rename(record_path(STARTED.id), "mine")
    older(path)
    assert journals() == []
    assert tidy() == 1
    assert journals() == [path]
    recovered = load(recover(path).path)
    assert recovered.measured == [LIMIT.result]
    assert recovered.name == "mine"


def test_a_journal_that_grew_while_it_was_read_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    path = journal(STARTED.id)

    def save_slowly(record: object, target: Path) -> Path:
        with path.open("ab") as file:
            file.write(encode(LIMIT))
        return target

    monkeypatch.setattr("lrtui.runs.recover.save_run", save_slowly)
    recover(path)
    assert path.exists()


def test_runs_that_were_cut_off_are_offered_when_the_app_opens(tmp_path: Path) -> None:
    for name in ids(2):
        journal(name)
    with Terminal(lrtui_argv(), tmp_path, {"PYTHONPATH": str(ROOT)}, columns=250) as app:
        app.wait_for("2 runs were cut off: h, then R recovers")
        app.press("h")
        app.wait_for("R makes records of them")
        app.press("R")
        app.wait_for("2 runs recovered")
        app.press("escape")
        app.wait_until_gone("were cut off")
    assert all(record_path(name).exists() for name in ids(2))


@pytest.mark.parametrize("count", [200, pytest.param(5000, marks=pytest.mark.slow)])
def test_many_odd_files_keep_nothing_from_being_listed(count: int, home: Path) -> None:
    record_path(RECORD.id).write_bytes(to_json(RECORD))
    runs = home / "runs"
    for index in range(count):
        (runs / f"{index}.json").touch()
        (runs / f"{index}.jsonl").touch()
    (runs / "a\nb\x1b[31m.json").touch()
    (runs / "c\nd.jsonl").touch()
    done = lrtui("ls")
    assert done.returncode == 0, done.stderr[-500:]
    assert RECORD.id.encode() in done.stdout
    lines = done.stderr.decode().splitlines()
    assert len(lines) == count + 2  # one for each file, and one about the journals
    assert "\x1b" not in done.stderr.decode()
    done = lrtui("recover")
    assert b"Traceback" not in done.stderr
    assert done.returncode == 5
    assert len(list(runs.glob("*.jsonl"))) == count + 1  # what cannot be recovered is kept


@pytest.mark.slow
def test_a_home_that_becomes_a_file_while_the_app_is_open(home: Path, tmp_path: Path) -> None:
    with Terminal(lrtui_argv(), tmp_path, {"PYTHONPATH": str(ROOT)}, columns=250) as app:
        app.wait_for("⏎ runs", r"torch \d")
        home.rename(tmp_path / "moved")
        home.write_text("a file in its place")
        app.press("\x1bOR")  # F3
        app.wait_for("open a preset")
        app.press("escape")
        app.wait_until_gone("open a preset")
        app.press("h")
        app.wait_for("lrtui-home/runs: Not")
        app.press("escape")
        app.wait_for("⏎ runs")
        app.press("\x1bOQ")  # F2
        app.wait_for("save the form")
        app.press("enter")
        app.wait_for("not written")
        app.press("escape")
        app.wait_until_gone("save the form")
        app.press("\x1b[15~")  # F5
        app.wait_for("not saved: Not a directory")
        app.press("x")
        app.press("q")
        app.wait_for("not saved")
        app.press("enter")
        assert app.wait_for_exit() == 5
        assert "Traceback" not in app.text
