"""`lrtui recover`: makes run records out of the journals of runs that were cut off."""

from pathlib import Path

from lrtui.commands.streams import ANSWER, NOT_SAVED, note, printable, put, say
from lrtui.record import RecordError, RunRecord
from lrtui.runs.recover import recover
from lrtui.runs.store import going_on, journals, load
from lrtui.runs.tidy import tidy


def recover_all() -> int:
    """Recover every journal that was cut off, with a line for each; returns the exit code."""
    tidy()
    paths_of_journals = journals()
    if not paths_of_journals:
        note("nothing to recover: no run was cut off")
    code = ANSWER
    for path in paths_of_journals:
        code = max(code, _recover(path))
    return code


def _recover(path: Path) -> int:
    if going_on(path):
        note(f"{path.stem}: still running, not recovered")
        return ANSWER
    try:
        recovered = recover(path)
        record = load(recovered.path)
    except RecordError as error:
        return say(f"{error}: {path}", NOT_SAVED)
    except FileNotFoundError:
        note(f"{path.stem}: recovered by another `lrtui recover`")
        return ANSWER
    except OSError as error:
        problem = f"the record cannot be saved: {error.strerror}"
        return say(f"{path.stem}: {problem}; its journal stays: {path}", NOT_SAVED)
    for problem in recovered.problems:
        note(f"{record.id}: {problem}")
    suggestion = record.suggestion
    if suggestion is not None and suggestion.verdict == "analysis_failed":
        note(f"{record.id}: {suggestion.reason}")
    text = f"{record.id}  {record.status}  {iterations(record)} iterations  {recovered.path}"
    return put([printable(text)])


def iterations(record: RunRecord) -> int:
    """The points of all repeats together."""
    histories = record.repeats or [record.history]
    return sum(len(history.lr) for history in histories)
