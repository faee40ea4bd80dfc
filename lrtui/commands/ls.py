"""`lrtui ls`: the run records that are kept, newest first, one line each."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from lrtui import paths
from lrtui.analysis.answer import Suggestion
from lrtui.commands.streams import note, printable, put
from lrtui.record import RunRecord
from lrtui.runs.store import journals, records


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A record without its curves; `model`, `data` and `optimizer` are targets, `record` is where it is kept."""

    id: str
    created: str
    status: str
    reason: str
    seconds: float
    suggestion: Suggestion | None
    model: str
    data: str
    optimizer: str
    record: str

    def __str__(self) -> str:
        """One line; "-" where there is no learning rate."""
        lr = self.suggestion.lr if self.suggestion is not None else None
        told = "-" if lr is None else f"{lr:.1e}"
        picks = " · ".join(target or "-" for target in (self.model, self.data, self.optimizer))
        return printable(f"{self.id}  {when(self.created)}  {self.status:11}  {told:>7}  {picks}")


def list_records(as_json: bool) -> int:
    """Print what is kept; the exit code. A file that cannot be read is told of on stderr, and is no failure."""
    if as_json:
        document = msgspec.json.encode(list(_listed()))
        return put([msgspec.json.format(document, indent=2).decode()])
    shown = 0

    def lines() -> Iterator[str]:
        nonlocal shown
        for one in _listed():
            shown += 1
            yield str(one)

    code = put(lines())
    cut_off = len(journals())
    if cut_off:
        note(
            f"{cut_off} more cut off, or still going on: `lrtui recover` makes records of those that were cut off"
        )
    if not shown and not code:
        note(f"no runs are kept in {paths.runs()} yet: `lrtui` and `lrtui run` keep theirs there")
    return code


def listed(record: RunRecord, path: str) -> Listed:
    """What a list tells of a record."""
    return Listed(
        id=record.id,
        created=record.created,
        status=record.status,
        reason=record.reason,
        seconds=record.seconds,
        suggestion=record.suggestion,
        model=_target(record, "model"),
        data=_target(record, "data"),
        optimizer=_target(record, "optimizer"),
        record=path,
    )


def when(created: str) -> str:
    """A moment of a record in local time, to the minute; as it is written where it is no moment."""
    try:
        return datetime.fromisoformat(created).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return created


def _listed() -> Iterator[Listed]:
    for path, found in records():
        if isinstance(found, RunRecord):
            yield listed(found, str(path))
        else:
            note(f"lrtui: {found}")


def _target(record: RunRecord, name: str) -> str:
    """Read leniently: a list must not end at a record of another version."""
    choice = record.spec.get(name)
    target = choice.get("target") if isinstance(choice, dict) else None
    return target if isinstance(target, str) else ""
