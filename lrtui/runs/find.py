"""A run by what the user calls it: a file, an id, or the beginning of one."""

from pathlib import Path

from lrtui import paths
from lrtui.files import expanded, is_file, other_kind
from lrtui.record import RecordError
from lrtui.runs.store import going_on, journals

_IDS_NAMED = 4


def find(name: str) -> Path:
    """The file of that name, or the saved record whose id begins with it.

    Raises:
        RecordError: there is none, or there are several; one line says which, and what to do.
        OSError: the folder of records cannot be read.
    """
    path = expanded(name)
    if is_file(path):
        return path
    if not name:
        raise RecordError("the name is empty: give a file, or the id of a run")
    kind = other_kind(path)
    if kind:
        raise RecordError(f"{name} is {kind}: give a file, or the id of a run")
    prefix = name.upper()
    saved = beginning_with(paths.runs(), prefix, "*.json")
    if len(saved) == 1:
        return saved[0]
    if saved:
        several = f"{name} begins the ids of {len(saved)} runs: {_ids(saved)}"
        raise RecordError(f"{several}; give more of the one you mean")
    unsaved = beginning_with(paths.runs(), prefix, "*.jsonl")
    if any(map(going_on, unsaved)):
        raise RecordError(f"{name} has no record yet: it goes on, and `lrtui attach` shows it")
    if unsaved:
        raise RecordError(
            f"{name} has no record yet: it was cut off, and `lrtui recover` makes one"
        )
    raise RecordError(
        f"{name}: no such file, and no saved run has an id that begins so; `lrtui ls` lists them"
    )


def find_going_on(name: str) -> list[Path]:
    """The journals of the runs that go on now and whose ids begin so; with "" of all.

    Raises:
        RecordError: none of that name goes on; one line says what became of it, and what to do.
    """
    prefix = name.upper()
    going = [path for path in journals() if going_on(path)]
    found = [path for path in going if path.stem.startswith(prefix)]
    if found:
        return found
    if not name:
        raise RecordError("no run goes on: `lrtui ls` lists those that have ended")
    raise RecordError(_why_not_going_on(name, prefix))


def _why_not_going_on(name: str, prefix: str) -> str:
    if is_file(expanded(name)):
        return f"{name} is a file: give the id of a run that goes on; `lrtui show` opens records"
    cut_off = [path for path in journals() if path.stem.startswith(prefix)]
    if cut_off:
        return f"{name} was cut off: `lrtui recover` makes a record of what it has measured"
    if beginning_with(paths.runs(), prefix, "*.json"):
        return f"{name} is over: `lrtui show {name}` has its answer"
    return f"{name}: no run has an id that begins so; `lrtui ls` lists those that have ended"


def beginning_with(folder: Path, prefix: str, pattern: str) -> list[Path]:
    """Files of a folder whose names match a pattern and begin so."""
    return sorted(path for path in folder.glob(pattern) if path.stem.startswith(prefix))


def _ids(saved: list[Path]) -> str:
    """The first ids, for an error message."""
    ids = [path.stem for path in saved[:_IDS_NAMED]]
    if len(saved) > _IDS_NAMED:
        ids.append("…")
    return ", ".join(ids)
