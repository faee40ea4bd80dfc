"""From the journal of a run that was cut off to its record, with the answer of its curves."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from lrtui.catalog.errors import one_line
from lrtui.events import Event, Notice, Started, Step
from lrtui.record import RecordError, RunRecord, from_events
from lrtui.runs.curves import answer_of
from lrtui.runs.store import Journalled, read_journal, save_run
from lrtui.spec import RunSpec


class Recovered(NamedTuple):
    """The path of the record, and what is not in it, in a line each."""

    path: Path
    problems: tuple[str, ...] = ()


def recover(path: Path) -> Recovered:
    """Write the record of a journal, and remove the journal.

    Another process may do the same at the same time: both write the same record.

    Raises:
        FileNotFoundError: another process has recovered it already.
        RecordError: no step and no start can be read; the journal is kept.
        OSError: the record cannot be written; the journal is kept.
    """
    size = path.stat().st_size
    journalled = read_journal(path)
    problems = _problems(journalled)
    try:
        record = _record(journalled.events, problems, path)
    except RecordError:
        raise RecordError(f"{path.name}: {_nothing_in(journalled)}") from None
    except Exception as error:  # a fault of ours must not keep the other journals
        problem = f"this version cannot recover it: {one_line(error)}"
        raise RecordError(f"{path.name}: {problem}") from error
    target = save_run(record, path.with_suffix(".json"))
    if not _has_grown(path, size):  # its worker may have measured something more meanwhile
        path.unlink(missing_ok=True)
    return Recovered(target, problems)


def _has_grown(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size > size
    except OSError:  # another `lrtui recover` was faster
        return False


def _record(events: Sequence[Event], problems: Sequence[str], path: Path) -> RunRecord:
    """The record, with an answer and with the problems among its notices."""
    has_start = _has_start(events)
    if not has_start and any(isinstance(event, Step) for event in events):
        events = [_stand_in(path), *events]
    events = [*events, *(Notice(text=problem, level="warning") for problem in problems)]
    record = from_events(events)
    if not has_start:
        record = msgspec.structs.replace(record, spec={})
    if record.suggestion is None:
        answer = answer_of(record)
        if answer is not None:
            record = msgspec.structs.replace(
                record,
                suggestion=answer.suggestion,
                by_schedule=answer.by_schedule,
                suggestions=answer.suggestions,
                bounds=answer.bounds,
            )
    return record


def _problems(journalled: Journalled) -> tuple[str, ...]:
    problems = []
    if journalled.skipped:
        lines = "1 line" if journalled.skipped == 1 else f"{journalled.skipped} lines"
        problems.append(f"without {lines} of its journal that cannot be read")
    if not _has_start(journalled.events):
        problems.append("the start of its journal could not be read: what was run is not known")
    return tuple(problems)


def _nothing_in(journalled: Journalled) -> str:
    if journalled.skipped:
        return "no line of it can be read, perhaps because a newer lrtui wrote it; it is kept"
    if journalled.events:
        return "the run had not started, so there is nothing to recover"
    return "it is empty, so there is nothing to recover"


def _has_start(events: Sequence[Event]) -> bool:
    return any(isinstance(event, Started) for event in events)


def _stand_in(path: Path) -> Started:
    """The start of a run that says nothing of it but its id and its time."""
    created = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Started(
        id=path.stem,
        created=created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        lrtui="",
        torch="",
        device="",
        spec=RunSpec(),
        parameters=0,
        batch="",
        loss="",
        digest="",
        total_steps=0,
        log="",
    )
