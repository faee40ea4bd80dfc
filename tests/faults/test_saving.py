"""A run that cannot be saved: it goes on, it is said, and nothing is lost without a word."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrtui.runs.store import load
from tests.faults.full import read_only, small
from tests.faults.processes import ROOT, lrtui
from tests.slowly import slow_after
from tests.terminal.terminal import Terminal, lrtui_argv

SPEC = f"""
[model]
target = "{ROOT}/sample_models/mlp.py:MLP"
[range]
num_iter = 300
[loader]
batch_size = 16
"""
NOT_SAVED = 5
QUICK = ("run", "--num-iter", "60", "--batch-size", "16")
LIMIT = 16  # KiB


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "s.toml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def app(folder: Path, *argv: str) -> Terminal:
    return Terminal(list(argv), folder, {"PYTHONPATH": str(ROOT)}, columns=120)


def copies(temporary: Path) -> list[Path]:
    return sorted(temporary.glob("lrtui-*/*.json"))


@pytest.mark.usefixtures("home")
def test_the_screen_says_so_until_the_run_is_written_elsewhere(
    spec: Path, tmp_path: Path, temporary: Path
) -> None:
    limited = f'ulimit -S -f {LIMIT}; exec "$@"'
    with app(tmp_path, "bash", "-c", limited, "-", *lrtui_argv(str(spec))) as screen:
        screen.wait_for("⏎ runs")
        screen.press("f5")
        # the ending of a run takes the place of every notice
        screen.wait_for("not saved: File too large", "300 in")
        screen.press("q")
        screen.wait_for("This run is not saved: File too large", "stay")
        screen.press("escape")
        screen.wait_until_gone("This run is not saved")
        screen.press("q")
        screen.wait_for("w      write it")
        screen.press("w")
        screen.wait_for("write the run to")
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(screen.process.pid, resource.RLIMIT_FSIZE, unlimited)
        screen.type_over("mine.json")
        screen.press("enter")
        screen.wait_for_file(tmp_path / "mine.json")
        screen.wait_until_gone("not saved")
        screen.press("q")
        assert screen.wait_for_exit() == 0
    assert len(load(tmp_path / "mine.json").history.lr) > 50
    assert not copies(temporary)


@pytest.mark.slow
def test_leaving_it_unsaved_keeps_a_copy_and_ends_with_5(
    spec: Path, home: Path, temporary: Path
) -> None:
    with small(home), app(spec.parent, *lrtui_argv(str(spec))) as screen:
        screen.wait_for("⏎ runs")
        screen.press("f5")
        screen.wait_for("not saved: No space left", "300 in")
        screen.press("q")
        screen.wait_for("This run is not saved: No space left")
        screen.press("enter")
        assert screen.wait_for_exit() == NOT_SAVED
        (copy,) = copies(temporary)
        assert "not saved: No space left on device" in screen.text
        assert copy.name in "".join(screen.text.split())
    assert len(load(copy).history.lr) > 50


def test_the_command_keeps_a_copy_too(home: Path, temporary: Path) -> None:
    with small(home, "8k"):
        done = lrtui(*QUICK, "--model", "sample_models/mlp.py:MLP")
    assert done.returncode == NOT_SAVED, done.stderr
    (copy,) = copies(temporary)
    assert f"a copy of the record is in {copy}".encode() in done.stderr
    assert len(load(copy).history.lr) > 20


@pytest.fixture(params=slow_after(1, ["a file", "read-only"]))
def unwritable(request: pytest.FixtureRequest, home: Path) -> Iterator[Path]:
    """A home in which nothing can be kept."""
    if request.param == "a file":
        home.write_text("a file in its place")
        yield home
        return
    home.mkdir()
    with read_only(home):
        yield home


@pytest.mark.usefixtures("unwritable")
def test_the_command_runs_without_a_home_and_says_where_the_record_is(
    home: Path, temporary: Path
) -> None:
    done = lrtui(*QUICK, "--model", "sample_models/mlp.py:MLP")
    assert done.returncode in (0, 3), done.stderr
    (first, *_) = done.stderr.decode().splitlines()
    (folder,) = temporary.glob("lrtui-*")
    assert first.startswith(f"lrtui: kept in {folder}: {home}")
    (record,) = (folder / "runs").glob("*.json")
    assert f"record   {record}".encode() in done.stdout
    assert len(load(record).history.lr) > 20


@pytest.mark.usefixtures("unwritable")
def test_the_app_runs_without_a_home_and_says_where_the_record_is(
    spec: Path, temporary: Path
) -> None:
    with app(spec.parent, *lrtui_argv(str(spec))) as screen:
        screen.wait_for("⏎ runs", "kept in /")
        screen.press("f5")
        screen.wait_for("kept in /", "300 in")
        screen.press("q")
        assert screen.wait_for_exit() == 0
        (record,) = temporary.glob("lrtui-*/runs/*.json")
        assert record.name in "".join(screen.text.split())


def test_without_any_folder_the_run_still_goes_on(home: Path, tmp_path: Path) -> None:
    home.write_text("a file in its place")
    done = lrtui(
        *QUICK, "--model", "sample_models/mlp.py:MLP", env={"TMPDIR": str(home), "HOME": str(home)}
    )
    # Python finds a folder for temporary files without being told
    assert done.returncode in (0, 3), done.stderr


@pytest.mark.parametrize("command", ["ls", "recover"])
def test_a_read_only_home_without_runs_is_an_empty_one(command: str, home: Path) -> None:
    home.mkdir()
    with read_only(home):
        done = lrtui(command)
    assert done.returncode == 0, done.stderr
    assert b"Errno" not in done.stderr
