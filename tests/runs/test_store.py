import errno
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrtui import paths
from lrtui.analysis.answer import Plan
from lrtui.events import Event, encode
from lrtui.files import sweep
from lrtui.keeper.control import ControlFile
from lrtui.record import RecordError, from_events, to_json
from lrtui.runs.index import entries
from lrtui.runs.recover import recover
from lrtui.runs.store import (
    control_path,
    going_on,
    journal_path,
    journals,
    load,
    read_journal,
    record_path,
    save,
)
from tests.sample import ENDED, STARTED, run_events, steps

RECORD = from_events(run_events())
LINES = [encode(event) for event in run_events()]


def test_what_was_saved_loads_again(tmp_path: Path) -> None:
    save(RECORD, tmp_path / "run.json")
    assert to_json(load(tmp_path / "run.json")) == to_json(RECORD)


def test_an_existing_file_is_overwritten_only_on_request(tmp_path: Path) -> None:
    target = tmp_path / "run.json"
    target.write_text("precious")
    with pytest.raises(FileExistsError):
        save(RECORD, target)
    assert target.read_text() == "precious"
    save(RECORD, target, overwrite=True)
    assert load(target).id == RECORD.id


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        save(RECORD, tmp_path, overwrite=True)


def test_a_file_that_is_not_a_regular_one_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="is a pipe, no file"):
        save(RECORD, pipe, overwrite=True)
    assert pipe.is_fifo()


def test_a_symbolic_link_is_followed_and_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    save(RECORD, link, overwrite=True)
    assert link.is_symlink()
    assert load(target).id == RECORD.id


def test_a_missing_folder_is_an_os_error_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:
        save(RECORD, tmp_path / "gone" / "run.json")
    assert caught.value.errno == errno.ENOENT
    assert list(tmp_path.rglob("*.tmp")) == []


def test_a_full_disk_keeps_the_old_file_and_leaves_no_temporary_one(tmp_path: Path) -> None:
    target = tmp_path / "run.json"
    save(RECORD, target)
    code = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from lrtui.runs.store import load, save
record = load({str(target)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    save(record, Path({str(target)!r}), overwrite=True)
except OSError as error:
    sys.exit(error.errno)
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == errno.EFBIG
    assert load(target).id == RECORD.id
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["run.json"]


def test_a_writer_that_is_killed_leaves_the_old_file_whole(tmp_path: Path) -> None:
    target = tmp_path / "run.json"
    save(RECORD, target)
    code = f"""
from pathlib import Path
from lrtui.runs.store import load, save
record = load({str(target)!r})
print("go", flush=True)
while True:
    save(record, Path({str(target)!r}), overwrite=True)
"""
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"go\n"
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert load(target).id == RECORD.id


def test_old_temporary_files_are_removed(tmp_path: Path) -> None:
    old, new = tmp_path / ".run.json.1.tmp", tmp_path / ".run.json.2.tmp"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    sweep(tmp_path, time.time())
    assert not old.exists()
    assert new.exists()


def test_a_journal_becomes_the_record_of_what_was_measured() -> None:
    path = journal_path(STARTED.id)
    path.write_bytes(b"".join(LINES[:3]))
    assert journals() == [path]
    recovered = load(recover(path).path)
    assert recovered.status == "interrupted"
    assert recovered.history.lr == [step.lr for step in steps()[:2]]
    assert journals() == []
    assert not path.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, sum(map(len, LINES))))
def test_a_journal_cut_anywhere_keeps_every_whole_line(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "torn.jsonl"
    whole = b"".join(LINES)
    path.write_bytes(whole[:cut])
    assert len(read_journal(path).events) in (
        whole[:cut].count(b"\n"),
        whole[:cut].count(b"\n") + 1,
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(bad=st.lists(st.tuples(st.integers(0, len(LINES)), st.binary(min_size=1)), max_size=4))
def test_bad_lines_are_left_out_and_counted_wherever_they_are(
    bad: list[tuple[int, bytes]], tmp_path: Path
) -> None:
    lines = list(LINES)
    for place, content in bad:
        lines.insert(place, b"x" + content.replace(b"\n", b"") + b"\n")
    path = tmp_path / "bad.jsonl"
    path.write_bytes(b"".join(lines))
    journalled = read_journal(path)
    assert [encode(event) for event in journalled.events] == LINES
    assert journalled.skipped == len(bad)


@pytest.mark.parametrize("lost", range(1, 4))
def test_a_run_with_a_torn_line_is_recovered_without_it_and_says_so(lost: int) -> None:
    path = journal_path(STARTED.id)
    lines = [*LINES[:lost], LINES[lost][:20] + b"\n", *LINES[lost + 1 :]]
    path.write_bytes(b"".join(lines))
    recovered = recover(path)
    record = load(recovered.path)
    assert recovered.problems == ("without 1 line of its journal that cannot be read",)
    assert record.notices[-1] == recovered.problems[0]
    assert len(record.history.lr) >= 3


def test_steps_without_a_start_are_recovered_and_nothing_is_claimed_of_what_was_run() -> None:
    path = journal_path("01AA")
    path.write_bytes(LINES[0][:30] + b"\n" + b"".join(map(encode, steps())))
    recovered = recover(path)
    record = load(recovered.path)
    assert (record.id, record.spec, len(record.history.lr)) == ("01AA", {}, 4)
    assert "what was run is not known" in recovered.problems[1]
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"x\ny\n", b'{"event":"st'])
def test_a_journal_that_says_nothing_is_kept(content: bytes) -> None:
    path = journal_path("01AA")
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"01AA\.jsonl: "):
        recover(path)
    assert path.read_bytes() == content


def test_the_list_is_newest_first_and_says_which_cannot_be_read() -> None:
    for name in ("01A", "01C"):
        save(RECORD, record_path(name))
    record_path("01B").write_text("{")
    listed = list(entries())
    assert [entry.file for entry in listed] == ["01C.json", "01B.json", "01A.json"]
    assert [entry.problem.partition(":")[0] for entry in listed] == ["", "01B.json", ""]


def test_the_environment_overrides_the_home_folder(home: Path) -> None:
    assert paths.runs() == home / "runs"


def test_an_end_changes_the_status() -> None:
    assert from_events([STARTED, *steps(), ENDED]).status == "diverged"


def test_a_recovered_run_has_the_answer_for_its_plan() -> None:
    plan = Plan(schedule="cosine", steps=3000)
    events: list[Event] = [msgspec.structs.replace(STARTED, plan=plan), *steps()]
    path = journal_path(STARTED.id)
    path.write_bytes(b"".join(encode(event) for event in events))
    record = load(recover(path).path)
    assert record.plan == plan
    assert record.suggestion is not None
    assert (record.suggestion.schedule, record.suggestion.steps) == ("cosine", 3000)


def test_a_run_of_another_machine_goes_on_as_long_as_its_control_file_is_touched() -> None:
    journal, control = journal_path(STARTED.id), ControlFile(control_path(STARTED.id))
    journal.touch()
    control.open()
    assert not going_on(journal)  # of this machine the lock tells
    control.path.write_text("host node7\npid 1\n")
    assert going_on(journal)
    os.utime(control.path, (0, 0))
    assert not going_on(journal)
    control.open()
    control.close()
    assert not going_on(journal)


def test_without_locks_the_process_tells_whether_a_run_of_this_machine_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    journal, control = journal_path(STARTED.id), ControlFile(control_path(STARTED.id))
    journal.touch()
    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert not going_on(journal)
    control.open()
    assert going_on(journal)
    control.path.write_text(f"host {os.uname().nodename}\npid {2**22 + 1}\n")
    assert not going_on(journal)
