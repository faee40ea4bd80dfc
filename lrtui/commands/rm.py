"""`lrtui rm`: delete run records, and take that back. What is deleted is kept for a month."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lrtui import paths
from lrtui.commands.streams import ANSWER, NOT_SAVED, USAGE, printable, put, say
from lrtui.record import RecordError
from lrtui.runs import trash
from lrtui.runs.find import beginning_with, find
from lrtui.runs.index import read_entry


def remove(names: Sequence[str]) -> int:
    """Move records to the trash, all or none; returns the exit code."""
    try:
        records = list(dict.fromkeys(map(_kept, names)))
    except RecordError as error:
        return say(str(error), USAGE)
    for record in records:
        try:
            trash.delete(record)
        except OSError as error:
            return say(f"{record.stem}: not deleted: {error.strerror}", NOT_SAVED)
        put([f"deleted {record.stem}; for a month `lrtui rm --undo {record.stem}` brings it back"])
    return ANSWER


def _kept(name: str) -> Path:
    """The record of a run that is kept. Other files are the user's, and nothing to delete here."""
    path = find(name)
    if path.resolve().parent != paths.runs().resolve():
        raise RecordError(f"{name}: only kept runs are deleted, and this is a file of yours")
    return path


def undo(names: Sequence[str]) -> int:
    """Bring records back, without a name the one that was deleted last; returns the exit code."""
    try:
        records = [_deleted(name) for name in names] or [_last()]
    except RecordError as error:
        return say(str(error), USAGE)
    for record in records:
        try:
            trash.restore(record)
        except OSError as error:
            return say(f"{record.stem}: not brought back: {error.strerror}", NOT_SAVED)
        put([f"brought back {record.stem}"])
    return ANSWER


def _deleted(name: str) -> Path:
    found = beginning_with(paths.trash(), name.upper(), "*.json") if name else []
    if len(found) == 1:
        return found[0]
    if found:
        raise RecordError(f"{name} begins the ids of {len(found)} deleted runs; give more of it")
    raise RecordError(f"{name}: no deleted run has an id that begins so; `lrtui rm --list`")


def _last() -> Path:
    """The record that was deleted last: a rename changes the time of the inode."""
    found = list(paths.trash().glob("*.json"))
    if not found:
        raise RecordError("no deleted run is kept")
    return max(found, key=lambda path: path.stat().st_ctime)


def list_deleted() -> int:
    """Print the deleted runs that can be brought back."""
    return put(_lines())


def _lines() -> Iterator[str]:
    for path in sorted(paths.trash().glob("*.json"), reverse=True):
        entry = read_entry(path)
        what = entry.problem or " · ".join(filter(None, (entry.name, entry.model, entry.optimizer)))
        yield printable(f"{path.stem}  {what}")
