"""What lrtui writes is the user's alone, and no link leads its writing elsewhere."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from lrtui import paths
from lrtui.catalog.trust import call_item, remember, remembered
from lrtui.events import encode
from lrtui.files import open_log, open_private, write_atomic
from lrtui.presets import remember as remember_spec
from lrtui.presets import save as save_preset
from lrtui.record import from_events
from lrtui.runs.store import journal_path, record_path, save_run
from lrtui.spec import Choice, RunSpec
from lrtui.worker.journal import Journal
from tests.faults.processes import ROOT, START
from tests.sample import STARTED, run_events
from tests.slowly import slow_after

RECORD = from_events(run_events())
RUN = ["run", "--model", "sample_models/mlp.py:MLP", "--num-iter", "30", "--batch-size", "16"]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_to_others(folder: Path) -> dict[str, str]:
    """What others may read, or what the user may not, below a folder and itself."""
    wrong = {}
    for path in [folder, *folder.rglob("*")]:
        wanted = 0o700 if path.is_dir() else 0o600
        if mode(path) != wanted:
            wrong[str(path)] = f"{mode(path):04o}"
    return wrong


@pytest.mark.parametrize("umask", slow_after(1, [0o000, 0o277]))
def test_all_files_of_a_run_are_the_users_alone(umask: int, tmp_path: Path, home: Path) -> None:
    output = tmp_path / "out.json"
    done = subprocess.run(
        [*START, *RUN, "-o", str(output)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        umask=umask,
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 3), done.stderr
    assert mode(output) == 0o600
    assert {"runs", "logs"} <= {path.name for path in home.iterdir()}
    assert list((home / "runs").glob("*.json"))
    assert open_to_others(home) == {}


def test_so_are_journals_presets_agreements_and_the_index(home: Path) -> None:
    previous = os.umask(0)
    try:
        journal = Journal(journal_path(STARTED.id))
        journal.append(STARTED)
        journal.close(discard=False)
        remember_spec(RunSpec())
        save_preset(RunSpec(), paths.specs() / "mine.toml", overwrite=False)
        remember([call_item(Choice("m:f"))])
        save_run(RECORD, record_path(RECORD.id))
        subprocess.run([*START, "ls"], cwd=ROOT, check=True, capture_output=True)
    finally:
        os.umask(previous)
    assert paths.runs_index().exists()
    assert open_to_others(home) == {}


def test_a_file_that_others_could_read_is_closed_when_it_is_appended_to(home: Path) -> None:
    paths.data()
    paths.trusted().write_text("")
    paths.trusted().chmod(0o644)
    remember([call_item(Choice("m:f"))])
    assert mode(paths.trusted()) == 0o600


def test_the_folder_of_an_earlier_version_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LRTUI_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = tmp_path / "lrtui"
    folder.mkdir(mode=0o755)
    assert paths.data() == folder
    assert mode(folder) == 0o700


def test_a_folder_that_the_user_names_stays_as_it_is(home: Path) -> None:
    home.mkdir()
    home.chmod(0o755)
    paths.runs()
    assert mode(home) == 0o755
    assert mode(home / "runs") == 0o700


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_text("precious")
    return path


def test_a_link_among_our_files_is_replaced_and_never_written_through(victim: Path) -> None:
    for path in (record_path(RECORD.id), paths.runs_index(), paths.specs() / "mine.toml"):
        path.symlink_to(victim)
    save_run(RECORD, record_path(RECORD.id))
    save_preset(RunSpec(), paths.specs() / "mine.toml", overwrite=True)
    subprocess.run([*START, "ls"], cwd=ROOT, check=True, capture_output=True)
    assert victim.read_text() == "precious"
    assert not record_path(RECORD.id).is_symlink()


def test_a_link_is_not_appended_to(victim: Path) -> None:
    paths.data()
    paths.trusted().symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"):
        remember([call_item(Choice("m:f"))])
    journal_path(STARTED.id).symlink_to(victim)
    journal = Journal(journal_path(STARTED.id))
    journal.append(STARTED)
    assert not journal.kept
    with open_log(paths.logs() / "x.log") as log:
        log.write(b"first")
    with open_log(paths.logs() / "x.log") as log:  # it exists: what is written goes nowhere
        log.write(b"second")
    assert victim.read_text() == "precious"
    assert (paths.logs() / "x.log").read_bytes() == b"first"
    assert encode(STARTED) not in victim.read_bytes()
    assert remembered() == frozenset({"precious"})


def test_a_path_that_the_user_types_may_be_a_link(victim: Path, tmp_path: Path) -> None:
    link = tmp_path / "latest.json"
    link.symlink_to(victim)
    assert write_atomic(b"new", link, overwrite=True) == victim
    assert link.is_symlink()
    assert victim.read_text() == "new"
    assert mode(victim) == 0o600


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="No such device"):
        open_private(pipe, append=True)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(OSError, match="Too many levels"):
        write_atomic(b"", loop)
