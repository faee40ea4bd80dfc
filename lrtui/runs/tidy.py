"""What killed processes left in the folder of runs: removed where nothing is lost by that."""

import contextlib
import os
import time
from pathlib import Path

from lrtui import paths
from lrtui.files import regular_files, sweep
from lrtui.record import RecordError, RunRecord, from_events
from lrtui.runs.store import going_on, journals, load, read_journal

_BUILT_SECONDS = 86_400.0


def tidy() -> int:
    """Remove temporary files, and journals that say no more than their records.

    Returns how many runs were cut off and can be recovered.
    """
    for folder in (paths.runs(), paths.specs(), paths.recent_specs(), paths.data()):
        sweep(folder, time.time())
    newer = set(journals())
    for path, _ in regular_files(paths.runs(), "*.jsonl"):
        if path not in newer and not going_on(path):
            _tidy_journal(path)
    for path, _ in regular_files(paths.runs(), "*.control"):
        if not going_on(path.with_suffix(".jsonl")) and _is_old(path):
            with contextlib.suppress(OSError):
                path.unlink()
    return sum(not going_on(path) for path in journals())


def _is_old(control: Path) -> bool:
    """Whether its run would have a journal by now; one that is being built has none."""
    with contextlib.suppress(OSError):
        return time.time() - control.stat().st_mtime > _BUILT_SECONDS
    return False


def _tidy_journal(journal: Path) -> None:
    """Remove a journal that is older than its record, unless it says more.

    The record of a run that was cut off in a race may have been written later, with another name.
    """
    with contextlib.suppress(OSError, RecordError):
        if _has_all(load(journal.with_suffix(".json")), from_events(read_journal(journal).events)):
            journal.unlink()
        else:
            os.utime(journal)  # newer than its record: it is offered to be recovered


def _has_all(record: RunRecord, journalled: RunRecord) -> bool:
    return _points(record) >= _points(journalled) and len(record.measured) >= len(
        journalled.measured
    )


def _points(record: RunRecord) -> int:
    return sum(len(history.lr) for history in record.repeats or [record.history])
