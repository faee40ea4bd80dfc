"""Run records and journals on disk: list, load, save.

A journal without a record belongs to a run that was cut off, or that is still going on.
"""

import contextlib
import fcntl
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from lrtui import paths
from lrtui.events import Event, decode
from lrtui.files import expanded, read_file, regular_files, write_atomic
from lrtui.keeper.control import is_alive
from lrtui.record import RecordError, RunRecord, from_json, to_json, with_finite_numbers


def load(path: str | os.PathLike[str]) -> RunRecord:
    """Read a run record, or a history in torch_lr_finder's format.

    Raises:
        RecordError: the file is not a valid run record; one line says what is wrong and where.
        OSError: the file cannot be read.
    """
    path = expanded(path)
    return from_json(read_file(path), path.name)


def save(record: RunRecord, path: Path, overwrite: bool = False, *, follow: bool = True) -> Path:
    """Write the record as JSON, atomically; see `write_atomic` for what is refused."""
    return write_atomic(to_json(record), path, overwrite, follow=follow)


def save_run(record: RunRecord, path: Path) -> Path:
    """Write a run's own record (again). The name that the user gave it meanwhile stays.

    Raises:
        OSError: it cannot be written.
    """
    with contextlib.suppress(OSError, RecordError):
        record = msgspec.structs.replace(record, name=load(path).name)
    return save(record, path, overwrite=True, follow=False)


def rename(path: Path, name: str) -> None:
    """Give a run a name, "" for none; what else its record says stays, unknown keys too.

    Raises:
        RecordError: the file is no record any more.
        OSError: it cannot be read or written.
    """
    record = load(path)
    unknown = {key: value for key, value in record.unknown.items() if key != "name"}
    record = msgspec.structs.replace(record, name=name or UNSET, unknown=unknown)
    save(record, path, overwrite=True, follow=False)


def record_path(run_id: str) -> Path:
    """The path of a run's record."""
    return paths.runs() / f"{run_id}.json"


def journal_path(run_id: str) -> Path:
    """The path of a run's journal, until its record is written."""
    return paths.runs() / f"{run_id}.jsonl"


def control_path(run_id: str) -> Path:
    """The path of the file by which a run is stopped from elsewhere, while it goes on."""
    return paths.runs() / f"{run_id}.control"


def journals() -> list[Path]:
    """Journals without a record, or newer than it: of runs that were cut off or still go on."""
    newer = []
    for path, status in regular_files(paths.runs(), "*.jsonl"):
        record = _modified(path.with_suffix(".json"))
        if record is None or status.st_mtime_ns > record:
            newer.append(path)
    return newer


def going_on(path: Path) -> bool:
    """Whether a worker is still writing this journal.

    A worker locks its journal while it lives. Where another machine's locks are not seen, or there
    are none at all, the control file tells; see `lrtui.keeper.control`.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # there is none, or it cannot be read
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return is_alive(path.with_suffix(".control"), locks=False)
    finally:
        os.close(descriptor)
    return is_alive(path.with_suffix(".control"), locks=True)


_LONG_NUMBER = re.compile(rb"\d{19}")  # one of more than 64 bits has at least so many digits


class Journalled(NamedTuple):
    """What a journal says, and how many of its lines nobody can read."""

    events: list[Event]
    skipped: int


def read_journal(path: Path) -> Journalled:
    """The events of a journal, without lines that are none: a full disk or a crash tears some.

    A torn last line is not counted: every writer that is killed may leave one.
    """
    *lines, last = read_file(path, most=sys.maxsize).split(b"\n")
    events: list[Event] = []
    skipped = 0
    for line in filter(None, lines):
        event = _event(line)
        if event is None:
            skipped += 1
        else:
            events.append(event)
    event = _event(last)
    if event is not None:
        events.append(event)
    return Journalled(events, skipped)


def _event(line: bytes) -> Event | None:
    try:
        event = decode(line)
        if _LONG_NUMBER.search(line):
            with_finite_numbers(msgspec.json.decode(line))
    except (ValueError, RecursionError):
        return None
    return event


def _modified(path: Path) -> int | None:
    """When a file was written, in ns; None where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
