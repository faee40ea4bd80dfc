"""A run by what the user calls it: a file, an id, or the beginning of one."""

from pathlib import Path

from lrtui import paths
from lrtui.files import expanded, is_file, is_folder
from lrtui.record import RecordError

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
    if not name or is_folder(path):
        raise RecordError(f"{name or 'nothing'} is no file: give a run record, or the id of a run")
    prefix = name.upper()
    saved = beginning_with(paths.runs(), prefix, "*.json")
    if len(saved) == 1:
        return saved[0]
    if saved:
        several = f"{name} begins the ids of {len(saved)} runs: {_ids(saved)}"
        raise RecordError(f"{several}; give more of the one you mean")
    if beginning_with(paths.runs(), prefix, "*.jsonl"):
        raise RecordError(
            f"{name} has no record yet: it is still running, or was cut off; "
            "`lrtui recover` makes a record of a run that was cut off"
        )
    raise RecordError(
        f"{name}: no such file, and no saved run has an id that begins so; `lrtui ls` lists them"
    )


def beginning_with(folder: Path, prefix: str, pattern: str) -> list[Path]:
    """Files of a folder whose names match a pattern and begin so."""
    return sorted(path for path in folder.glob(pattern) if path.stem.startswith(prefix))


def _ids(saved: list[Path]) -> str:
    """The first ids, for an error message."""
    ids = [path.stem for path in saved[:_IDS_NAMED]]
    if len(saved) > _IDS_NAMED:
        ids.append("…")
    return ", ".join(ids)
