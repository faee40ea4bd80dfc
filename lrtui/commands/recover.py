"""`lrtui recover`: the journals of runs that were cut off become run records."""

import time
from pathlib import Path

from lrtui import paths
from lrtui.commands.streams import ANSWER, NOT_SAVED, note, printable, put, say
from lrtui.files import sweep
from lrtui.record import RecordError
from lrtui.runs.recover import recover
from lrtui.runs.store import going_on, journals, load


def recover_all() -> int:
    """Recover what can be recovered, and tell of each journal in a line; the exit code."""
    sweep(paths.runs(), time.time())
    found = journals()
    if not found:
        note("nothing to recover: no run was cut off")
    codes = [_recovered(path) for path in found]
    return max(codes, default=ANSWER)


def _recovered(path: Path) -> int:
    if going_on(path):
        note(f"{path.stem}: still going on, left alone")
        return ANSWER
    try:
        target = recover(path)
        record = load(target)
    except RecordError as error:
        return say(
            f"{error}; nothing can be recovered from {path}, which can be deleted", NOT_SAVED
        )
    except OSError as error:
        return say(
            f"{path.stem}: the record cannot be saved: {error.strerror}; its journal stays: {path}",
            NOT_SAVED,
        )
    iterations = sum(len(one.lr) for one in record.repeats or [record.history])
    return put([printable(f"{record.id}  {record.status}  {iterations} iterations  {target}")])
