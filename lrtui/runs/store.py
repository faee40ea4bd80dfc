"""Run records on disk: list, load, delete. A journal whose run has no record yet is a run that was cut off."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from lrtui import paths
from lrtui.events import Event, decode
from lrtui.files import write_atomic
from lrtui.record import RecordError, RunRecord, from_json, to_json


def load(path: str | os.PathLike[str]) -> RunRecord:
    """Read a run record, or a history in torch_lr_finder's own shape.

    Raises:
        RecordError: the file is no run record; one line says what is wrong and where.
        OSError: it cannot be read.
    """
    path = Path(path).expanduser()
    return from_json(path.read_bytes(), path.name)


def save(record: RunRecord, path: Path, overwrite: bool = False) -> Path:
    """Write the record as JSON to `path`, atomically; see `write_atomic` for what is refused."""
    return write_atomic(to_json(record), path, overwrite)


def record_path(run_id: str) -> Path:
    """Where the record of a run is kept."""
    return paths.runs() / f"{run_id}.json"


def journal_path(run_id: str) -> Path:
    """Where the journal of a run is kept until its record is written."""
    return paths.runs() / f"{run_id}.jsonl"


def records() -> Iterator[tuple[Path, RunRecord | RecordError]]:
    """Every record kept, newest first; one that cannot be read comes as the error that says why."""
    for path in sorted(paths.runs().glob("*.json"), reverse=True):
        try:
            yield path, load(path)
        except (RecordError, OSError) as error:
            yield (
                path,
                error
                if isinstance(error, RecordError)
                else RecordError(f"{path.name}: {error.strerror}"),
            )


def journals() -> list[Path]:
    """The journals that know more than their record, if there is one: of runs cut off, or still going on."""
    return sorted(
        path for path in paths.runs().glob("*.jsonl") if _newer(path, path.with_suffix(".json"))
    )


def going_on(path: Path) -> bool:
    """Whether a worker is still writing this journal: it holds a lock for as long as it lives."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # gone meanwhile, or on a file system without locks
    return False


def read_journal(path: Path) -> list[Event]:
    """The events of a journal. A torn last line, left by a writer that was killed, is left out.

    Raises:
        RecordError: another line cannot be read.
    """
    lines = path.read_bytes().split(b"\n")
    events: list[Event] = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            events.append(decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if number == len(lines):
                break
            raise RecordError(f"{path.name}: line {number} is no event: {error}") from None
    return events


def _newer(path: Path, other: Path) -> bool:
    return not other.exists() or path.stat().st_mtime_ns > other.stat().st_mtime_ns
