"""A run that another process goes on with, followed by its journal."""

import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from lrtui.events import ConfirmationResult, Ended, Event, Measured, Notice, TrialResult, encode
from lrtui.keeper.control import ControlFile
from lrtui.launch import journal_driver
from lrtui.launch.journal_driver import JournalDriver
from lrtui.record import from_events
from lrtui.runs.store import control_path, journal_path, record_path, save
from tests.events import ended, of_kind, results
from tests.sample import ENDED, RACE, STARTED, SUGGESTED, TRIAL, steps

RUN: list[Event] = [STARTED, *steps(), SUGGESTED, ENDED]


@pytest.fixture
def journal() -> Path:
    return journal_path(STARTED.id)


@pytest.fixture
def file(journal: Path) -> Iterator[BinaryIO]:
    with locked(journal) as file:
        yield file


def locked(journal: Path) -> BinaryIO:
    file = journal.open("ab", buffering=0)
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def write(file: BinaryIO, *events: Event) -> None:
    file.write(b"".join(map(encode, events)))


def test_events_come_as_they_are_written_and_the_end_with_its_record(
    journal: Path, file: BinaryIO
) -> None:
    write(file, *RUN[:3])
    driver = JournalDriver(journal)
    driver.look()
    assert (driver.busy, driver.events) == (True, RUN[:3])
    write(file, *RUN[3:])
    driver.look()
    assert driver.events == RUN[:-1]  # the record is not written yet
    save(from_events(RUN), record_path(STARTED.id))
    file.close()
    journal.unlink()
    driver.look()
    assert not driver.busy
    assert driver.events[:-1] == RUN[:-1]
    assert ended(driver.events).record == str(record_path(STARTED.id))


def test_a_race_that_follows_the_run_is_shown_without_the_run_again(
    journal: Path, file: BinaryIO
) -> None:
    write(file, *RUN)
    driver = JournalDriver(journal)
    driver.look()
    save(from_events(RUN), record_path(STARTED.id))
    file.close()
    journal.unlink()
    driver.look()
    with locked(journal) as again:
        write(again, *RUN)
        driver.look()
        assert driver.busy
        write(again, Measured(TRIAL), Measured(RACE))
        driver.look()
    assert len(of_kind(driver.events, Ended)) == 1
    assert len(results(driver.events, TrialResult)) == 1
    assert len(results(driver.events, ConfirmationResult)) == 1


def test_a_run_that_is_cut_off_says_how_it_is_recovered(
    journal: Path, file: BinaryIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(file, *RUN[:4])
    driver = JournalDriver(journal)
    driver.look()
    file.close()
    driver.look()
    assert driver.busy  # its front end may write the record now
    monkeypatch.setattr(journal_driver, "_RECORD_SECONDS", 0.0)
    driver.look()
    end = ended(driver.events)
    assert end.status == "interrupted"
    assert "lrtui recover" in end.reason
    assert not driver.busy


def test_the_record_is_shown_where_the_journal_lacks_the_end(journal: Path, file: BinaryIO) -> None:
    write(file, *RUN[:4])
    driver = JournalDriver(journal)
    driver.look()
    failed = Ended(status="failed", reason="its worker died", seconds=1.0)
    save(from_events([*RUN[:4], failed]), record_path(STARTED.id))
    file.close()
    journal.unlink()
    driver.look()
    assert ended(driver.events).reason == "its worker died"
    assert ended(driver.events).record


def test_a_stop_is_asked_for_in_the_control_file_and_not_silently_lost(
    journal: Path, file: BinaryIO
) -> None:
    control = ControlFile(control_path(STARTED.id))
    control.open()
    assert control.path.stat().st_mode & 0o777 == 0o600
    write(file, STARTED)
    driver = JournalDriver(journal)
    assert driver.owner.startswith("process ")
    driver.stop()
    assert control.path.read_bytes().splitlines()[-1] == b"stop"
    assert driver.events == []
    control.close()
    driver.stop()
    (notice,) = of_kind(driver.events, Notice)
    assert "older lrtui" in notice.text
