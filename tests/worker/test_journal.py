"""A journal on a disk that is full for a while, and one that a killed writer left."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrtui.events import encode
from lrtui.runs.store import journal_path, read_journal
from lrtui.worker import journal as module
from lrtui.worker.journal import Journal
from tests.sample import STARTED, run_events, steps

EVENTS = run_events()
BEFORE = len(b"".join(map(encode, EVENTS[:2])))


@pytest.fixture
def limit() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def allow(size: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.0)


@pytest.mark.usefixtures("limit", "at_once")
@pytest.mark.parametrize("part", [0, 1, 40])
def test_what_a_full_disk_refused_is_written_when_there_is_room(part: int) -> None:
    path = journal_path(STARTED.id)
    journal = Journal(path)
    for event in EVENTS[:2]:
        journal.append(event)
    allow(BEFORE + part)
    for event in EVENTS[2:4]:
        journal.append(event)
    assert "the journal cannot be kept: File too large" in journal.news
    assert read_journal(path).events == EVENTS[:2]
    allow(1 << 20)
    journal.append(EVENTS[4])
    assert "kept again" in journal.news
    assert read_journal(path) == (EVENTS[:5], 0)


@pytest.mark.usefixtures("limit", "at_once")
def test_a_part_that_cannot_be_taken_back_is_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError("not supported here")

    monkeypatch.setattr(os, "ftruncate", refuse)
    path = journal_path(STARTED.id)
    journal = Journal(path)
    for event in EVENTS[:2]:
        journal.append(event)
    allow(BEFORE + 40)
    journal.append(EVENTS[2])
    journal.append(EVENTS[3])
    allow(1 << 20)
    journal.close(discard=False)
    assert read_journal(path) == (EVENTS[:4], 1)


@pytest.mark.usefixtures("limit", "at_once")
def test_room_at_the_end_is_enough() -> None:
    path = journal_path(STARTED.id)
    journal = Journal(path)
    allow(0)
    for event in EVENTS:
        journal.append(event)
    allow(1 << 20)
    journal.close(discard=False)
    assert read_journal(path) == (EVENTS, 0)


@pytest.mark.usefixtures("limit")
def test_a_full_disk_is_tried_once_a_second_and_not_at_every_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = []
    write = Journal._write

    def counted(self: Journal, file: object, line: bytes) -> None:
        tries.append(line)
        write(self, file, line)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "_write", counted)
    monkeypatch.setattr(module, "_RETRY_SECONDS", 3600.0)
    journal = Journal(journal_path(STARTED.id))
    allow(0)
    for event in steps() * 20:
        journal.append(event)
    assert len(tries) == 1


def test_the_line_after_a_torn_one_is_its_own() -> None:
    path: Path = journal_path(STARTED.id)
    path.write_bytes(encode(EVENTS[0]) + encode(EVENTS[1])[:30])
    journal = Journal(path)
    for event in EVENTS[1:3]:
        journal.append(event)
    journal.close(discard=False)
    assert read_journal(path) == (EVENTS[:3], 1)
