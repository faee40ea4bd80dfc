"""One odd file, in the home or where one stands, ends no command and no screen."""

import os
import socket
from pathlib import Path

import pytest

from lrtui.events import encode
from lrtui.record import from_events, to_json
from lrtui.runs.store import journal_path, load, record_path
from tests.faults.processes import ROOT, lrtui
from tests.sample import STARTED, run_events, steps
from tests.terminal.terminal import Terminal, lrtui_argv

RECORD = from_events(run_events())
SURROGATES = to_json(RECORD).replace(b"a notice", b"\\ud800 \\udce9")
ENDINGS = (".json", ".jsonl", ".toml", ".py", ".log")


def odd_files(folder: Path, ending: str) -> None:
    """What may lie in a folder, under a name that ends as the files that are read there do."""
    folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder / f"fifo{ending}")
    (folder / f"dangling{ending}").symlink_to("nowhere")
    (folder / f"loop{ending}").symlink_to(f"loop{ending}")
    (folder / f"folder{ending}").mkdir()
    (folder / os.fsdecode(b"n\xe9" + ending.encode())).write_bytes(b"\xff\xfe")
    (folder / f"empty{ending}").touch()
    (folder / f"device{ending}").symlink_to("/dev/zero")
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"socket{ending}")
    finally:
        os.chdir(here)


@pytest.fixture
def odd_home(home: Path) -> Path:
    record_path(RECORD.id).write_bytes(SURROGATES)
    journal = journal_path("01JD0000000000000000000009")
    journal.write_bytes(b"".join([encode(STARTED), *map(encode, steps())]))
    for ending in (".json", ".jsonl"):
        odd_files(home / "runs", ending)
    odd_files(home / "specs", ".toml")
    odd_files(home / "specs" / "recent", ".toml")
    odd_files(home / "trash", ".json")
    odd_files(home / "logs", ".log")
    for name in ("runs.index", "trusted"):
        os.mkfifo(home / name)
    return home


@pytest.mark.usefixtures("odd_home")
def test_the_good_record_is_listed_and_the_odd_ones_are_named() -> None:
    assert to_json(RECORD) != SURROGATES
    done = lrtui("ls")
    assert done.returncode == 0, done.stderr
    assert RECORD.id.encode() in done.stdout
    assert b"fifo.json: is a pipe, no file" in done.stderr
    assert b"Traceback" not in done.stderr
    assert RECORD.id.encode() in lrtui("ls", "--json").stdout


@pytest.mark.usefixtures("odd_home")
def test_a_journal_among_odd_ones_is_recovered() -> None:
    done = lrtui("recover")
    assert b"Traceback" not in done.stderr
    assert b"01JD0000000000000000000009" in done.stdout
    assert len(load(record_path("01JD0000000000000000000009")).history.lr) == 4


@pytest.mark.usefixtures("odd_home")
@pytest.mark.parametrize("name", ["fifo", "dangling", "loop", "folder", "device", "socket"])
def test_an_odd_record_is_no_record(name: str, odd_home: Path) -> None:
    for given in (str(odd_home / "runs" / f"{name}.json"), name):
        done = lrtui("show", given)
        assert done.returncode == 2
        assert len(done.stderr.decode().splitlines()) == 1


@pytest.mark.parametrize("name", ["fifo", "dangling", "loop", "folder", "device", "socket"])
def test_an_odd_spec_is_refused_in_a_line(name: str, tmp_path: Path) -> None:
    odd_files(tmp_path, ".toml")
    for command in (["run"], []):
        done = lrtui(*command, f"{name}.toml", cwd=tmp_path)
        assert done.returncode == 2
        assert f"{name}.toml" in done.stderr.decode().splitlines()[-1]
        assert b"Traceback" not in done.stderr


def test_models_are_listed_beside_odd_files(tmp_path: Path) -> None:
    odd_files(tmp_path, ".py")
    (tmp_path / "mine.py").write_text((ROOT / "sample_models" / "mlp.py").read_text())
    done = lrtui("models", ".", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"mine.py:MLP" in done.stdout
    assert b"Traceback" not in done.stderr
    assert lrtui("models", "fifo.py", cwd=tmp_path).returncode == 2


@pytest.mark.usefixtures("odd_home")
def test_the_app_lists_its_presets_and_runs_beside_odd_files(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    for ending in (".toml", ".py"):
        odd_files(folder, ending)
    with Terminal(lrtui_argv(), folder, {"PYTHONPATH": str(ROOT)}) as app:
        app.wait_for("⏎ runs")
        app.press("\x1bOR")  # F3
        app.wait_for(r"empty")
        app.press("escape")
        app.wait_until_gone(r"empty")
        app.press("\x1bOS")  # F4
        app.wait_for(r"no such file|SmallCNN|cut off|5 points|runs")
        app.press("escape")
        app.press("q")
        app.press("\x11")
        assert "Traceback" not in app.text
