"""Deleted records: moved aside, so that a deletion can be taken back; removed after a month."""

import contextlib
import time
from pathlib import Path

from lrtui import paths
from lrtui.runs.store import going_on, journal_path

KEPT_SECONDS = 30 * 24 * 3600.0


def delete(record: Path) -> Path:
    """Move a record, and the journal beside it, to the trash; returns where the record is now.

    Raises:
        OSError: it cannot be moved, or its worker still writes it.
    """
    journal = journal_path(record.stem)
    if going_on(journal):
        raise BlockingIOError(0, "it is still running", str(record))
    target = paths.trash() / record.name
    _move(record, target)
    with contextlib.suppress(FileNotFoundError):
        _move(journal, target.with_suffix(journal.suffix))
    return target


def restore(deleted: Path) -> Path:
    """Move a deleted record back; returns its path.

    Raises:
        OSError: it is not there any more, or a file of its name is in its place.
    """
    target = paths.runs() / deleted.name
    if target.exists():
        raise FileExistsError(0, "there is a record of that name", str(target))
    _move(deleted, target)
    journal = journal_path(deleted.stem)
    with contextlib.suppress(FileNotFoundError):
        _move(deleted.with_suffix(journal.suffix), journal)
    return target


def empty(now: float | None = None) -> None:
    """Remove what was deleted over a month before `now`, in seconds."""
    limit = (now or time.time()) - KEPT_SECONDS
    for path in paths.trash().iterdir():
        # a rename changes the time of the inode, not that of the content
        with contextlib.suppress(OSError):
            if path.stat().st_ctime < limit:
                path.unlink()


def _move(path: Path, target: Path) -> None:
    path.rename(target)
