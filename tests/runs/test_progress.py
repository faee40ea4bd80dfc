"""Progress of journals that grow, and what is deleted."""

import fcntl
from pathlib import Path

import pytest

from lrtui import paths
from lrtui.events import Notice, encode
from lrtui.record import from_events
from lrtui.runs import trash
from lrtui.runs.progress import JournalProgress, look_at_journals
from lrtui.runs.store import journal_path, load, record_path, save
from tests.sample import STARTED, run_events, steps


def write(*chunks: bytes) -> Path:
    path = journal_path(STARTED.id)
    with path.open("ab") as file:
        for chunk in chunks:
            file.write(chunk)
    return path


def test_steps_are_counted_as_they_are_written_whatever_the_writes_cut_apart() -> None:
    lines = [encode(Notice(text="loading")), encode(STARTED), *map(encode, steps())]
    text = b"".join(lines)
    progress = JournalProgress(write(text[:700]))
    progress.look()
    write(text[700:])
    assert progress.look()
    assert not progress.look()
    assert (progress.done, progress.total) == (4, 4)
    assert progress.seconds == 0.3
    assert progress.seconds_left == 0.0
    assert progress.started == STARTED


def test_time_left_goes_by_the_pace_so_far() -> None:
    progress = JournalProgress(write(encode(STARTED), *map(encode, steps()[:2])))
    progress.look()
    assert progress.seconds_left == pytest.approx(0.1)


def test_a_journal_that_nobody_locks_was_cut_off_and_a_locked_one_goes_on() -> None:
    path = write(encode(STARTED))
    progress = JournalProgress(path)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        progress.look()
        assert progress.going_on
    assert progress.look()
    assert not progress.going_on


def test_a_journal_whose_record_was_written_is_no_longer_looked_at() -> None:
    path = write(encode(STARTED))
    known = look_at_journals({})
    assert list(known) == [path]
    path.unlink()
    assert not known[path].look() or not known[path].going_on
    assert look_at_journals(known) == {}


def test_a_deleted_record_comes_back_as_it_was_with_its_journal() -> None:
    path = save(from_events(run_events()), record_path(STARTED.id))
    write(encode(STARTED))
    before = path.read_bytes()
    deleted = trash.delete(path)
    assert list(paths.runs().iterdir()) == []
    assert trash.restore(deleted) == path
    assert path.read_bytes() == before
    assert journal_path(STARTED.id).exists()


def test_a_record_that_is_still_written_is_not_deleted() -> None:
    path = save(from_events(run_events()), record_path(STARTED.id))
    with write(encode(STARTED)).open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError, match="still running"):
            trash.delete(path)
    assert load(path).id == STARTED.id


def test_a_record_is_not_restored_over_another_one() -> None:
    deleted = trash.delete(save(from_events(run_events()), record_path(STARTED.id)))
    save(from_events(run_events()), record_path(STARTED.id))
    with pytest.raises(FileExistsError):
        trash.restore(deleted)
    assert deleted.exists()


def test_the_trash_keeps_what_was_deleted_lately_and_forgets_the_rest() -> None:
    deleted = trash.delete(save(from_events(run_events()), record_path(STARTED.id)))
    old = deleted.stat().st_ctime
    trash.empty(old + trash.KEPT_SECONDS - 60)
    assert deleted.exists()
    trash.empty(old + trash.KEPT_SECONDS + 60)
    assert not deleted.exists()
