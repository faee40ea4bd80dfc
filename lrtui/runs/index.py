"""The index of all run records: what a list needs of each, so that none has to be read.

An entry is as old as its file: where the file's time, size or inode differ, the record is read
again. So the index may be missing, damaged, of another version or overwritten by another process:
that costs time, and nothing else.
"""

import contextlib
import os
from collections.abc import Generator, Mapping
from pathlib import Path

import msgspec

from lrtui import paths
from lrtui.analysis.answer import Suggestion
from lrtui.files import read_file, write_atomic
from lrtui.record import JsonObject, RecordError, RunRecord, from_json_without_unknown
from lrtui.report.race import corrected, latest
from lrtui.report.standings import standings

_VERSION = 1  # of the entries; another one is read as no index
_SAVED_EVERY = 2000  # records read, so that a long first look is not lost when it is cut off

Stamp = tuple[int, int, int]  # modification time in ns, size, inode


class Entry(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What a list shows of a record.

    Attributes:
        file: the record's name in the folder of runs.
        stamp: of the file when it was read.
        problem: why the file cannot be read; everything else is empty then.
        name: that the user gave the run.
        model, data, optimizer: targets; "" where unknown, as the numbers are None.
        suggestion: the answer after the races.
        iterations: the points of all repeats together.
        reached: the loss that the trials of the last race reached at the answer.
    """

    file: str
    stamp: Stamp = (0, 0, 0)
    problem: str = ""
    id: str = ""
    created: str = ""
    name: str = ""
    status: str = ""
    reason: str = ""
    seconds: float = 0.0
    device: str = ""
    model: str = ""
    data: str = ""
    optimizer: str = ""
    batch_size: int | float | None = None
    weight_decay: float | None = None
    suggestion: Suggestion | None = None
    iterations: int = 0
    reached: float | None = None

    @classmethod
    def of(cls, record: RunRecord, file: str, stamp: Stamp = (0, 0, 0)) -> "Entry":
        """The entry of a record."""
        suggestion, _ = corrected(record.measured, record.suggestion, record.bounds)
        return cls(
            file=file,
            stamp=stamp,
            id=record.id,
            created=record.created,
            name=record.name or "",
            status=record.status,
            reason=record.reason,
            seconds=record.seconds,
            device=record.device,
            model=_target(record.spec, "model"),
            data=_target(record.spec, "data"),
            optimizer=_target(record.spec, "optimizer"),
            batch_size=_number(record.spec, "loader", "batch_size"),
            weight_decay=_number(record.spec, "optimizer", "args", "weight_decay"),
            suggestion=suggestion,
            iterations=sum(len(history.lr) for history in record.repeats or [record.history]),
            reached=_reached(record, suggestion),
        )

    @property
    def lr(self) -> float | None:
        """The rate that the answer recommends, if it does."""
        return None if self.suggestion is None else self.suggestion.lr

    @property
    def path(self) -> Path:
        """The record's file."""
        return paths.runs() / self.file


class _Index(msgspec.Struct, frozen=True, array_like=True):
    version: int
    entries: list[Entry]


def entries() -> Generator[Entry, None, None]:
    """The entry of every record, newest first; what the index lacks is read, and put into it.

    Raises:
        OSError: the folder of records cannot be read.
    """
    stamps = _stamps(paths.runs())
    known = _read_index()
    current = {file: known[file] for file in stamps.keys() & known.keys()}
    unsaved = len(known) - len(current)
    try:
        for file in sorted(stamps, reverse=True):
            entry = current.get(file)
            if entry is None or entry.stamp != stamps[file]:
                entry = read_entry(paths.runs() / file, stamps[file])
                current[file] = entry
                unsaved += 1
            if unsaved >= _SAVED_EVERY:
                _save_index(current)
                unsaved = 0
            yield entry
    finally:
        if unsaved:
            _save_index(current)


def read_entry(path: Path, stamp: Stamp | None = None) -> Entry:
    """The entry of a record as it is now; an unreadable file's says why.

    Args:
        path: of the record.
        stamp: taken before it is read, so that a change meanwhile is seen the next time.
    """
    try:
        stamp = stamp or _stamp(path.stat())
        record = from_json_without_unknown(read_file(path), path.name)
        return Entry.of(record, path.name, stamp)
    except RecordError as error:
        return Entry(file=path.name, stamp=stamp or (0, 0, 0), problem=str(error))
    except OSError as error:
        # permissions change no stamp: it is tried again the next time
        return Entry(file=path.name, problem=f"{path.name}: {error.strerror}")


def _stamps(folder: Path) -> dict[str, Stamp]:
    """The stamps of all records, by file name."""
    stamps: dict[str, Stamp] = {}
    try:
        listed = os.scandir(folder)
    except FileNotFoundError:  # nothing was ever kept in a home that cannot be written
        return stamps
    with listed as found:
        for file in found:
            if file.name.endswith(".json") and not file.name.startswith("."):
                with contextlib.suppress(OSError):  # deleted meanwhile, or a link to nowhere
                    stamps[file.name] = _stamp(file.stat())
    return stamps


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read_index() -> dict[str, Entry]:
    try:
        index = msgspec.json.decode(read_file(paths.runs_index()), type=_Index)
    except (OSError, ValueError, RecursionError):
        return {}
    if index.version != _VERSION:
        return {}
    return {entry.file: entry for entry in index.entries}


def _save_index(current: Mapping[str, Entry]) -> None:
    storable = [entry for entry in current.values() if _is_storable(entry)]
    content = msgspec.json.encode(_Index(_VERSION, storable))
    # a home that is read-only or full: the next look reads the records again
    with contextlib.suppress(OSError):
        write_atomic(content, paths.runs_index(), overwrite=True, follow=False)


def _is_storable(entry: Entry) -> bool:
    """Whether an entry can be written: Python's JSON reads lone surrogates, which UTF-8 has not."""
    try:
        msgspec.json.encode(entry)
    except UnicodeEncodeError:
        return False
    return True


def _reached(record: RunRecord, suggestion: Suggestion | None) -> float | None:
    trials, confirmation = latest(record.measured)
    if suggestion is None or suggestion.lr is None:
        return None
    for row in standings(trials, confirmation):
        if row.lr == suggestion.lr:
            return row.loss
    return None


def _target(spec: JsonObject, name: str) -> str:
    """The target of a choice; "" in the spec of another version that has no such thing."""
    target = _inside(spec, name, "target")
    return target if isinstance(target, str) else ""


def _number(spec: JsonObject, *names: str) -> int | float | None:
    value = _inside(spec, *names)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value


def _inside(value: object, *names: str) -> object:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
