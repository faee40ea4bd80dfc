"""What is printed and saved of a run that has ended, and the exit code that it gives."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from lrtui import paths
from lrtui.catalog.trust import Item
from lrtui.commands.answer import has_answer, summary
from lrtui.commands.chart import chart_lines
from lrtui.commands.streams import (
    ANSWER,
    NO_ANSWER,
    NOT_SAVED,
    USER_FAILED,
    folded,
    note,
    put,
    put_json,
    say,
)
from lrtui.events import Ended, Event, Saving
from lrtui.record import RecordError, RunRecord, from_events, to_json
from lrtui.report import failure as failed
from lrtui.runs.store import save
from lrtui.shell import streams


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed and written: JSON or text, without progress and chart, also to a file."""

    as_json: bool = False
    quiet: bool = False
    file: Path | None = None
    overwrite: bool = False


class Result(NamedTuple):
    """The exit code of a run, and its record, if it has one."""

    code: int
    record: RunRecord | None


def report(events: Sequence[Event], output: Output, *, is_alone: bool = True) -> Result:
    """Print and save the record of a run that has ended.

    JSON is printed of a run that `is_alone`: of several it is one document, at the end.
    """
    end = _end(events)
    try:
        record = _with_answer(from_events(events))
    except RecordError:  # no worker could be started
        return Result(say(f"{end.phase}: {end.reason}", USER_FAILED), None)
    saved = output.file is None or _save(record, output.file, output.overwrite, end)
    if output.as_json and is_alone:
        put_json(to_json(record).decode())
    code = _print(record, end, output)
    problem = streams.problem()
    if problem:
        return Result(say(f"{problem}{_where_kept(end)}", NOT_SAVED), record)
    if not_saved(events):
        _keep_copy(record)
    if not saved or (not_saved(events) and code in (ANSWER, NO_ANSWER)):
        code = NOT_SAVED
    return Result(code, record)


def helped(events: Sequence[Event]) -> int:
    """The exit code on a machine that only helps: rank 0 is on another, which keeps the record."""
    end = _end(events)
    return say(end.reason, USER_FAILED if end.status == "failed" else ANSWER)


def not_agreed(items: Sequence[Item]) -> str:
    """What keeps a run from being started."""
    words = ", ".join(item.words for item in items)
    return f"this run needs what you have not agreed to: {words}; --yes agrees"


def not_saved(events: Sequence[Event]) -> bool:
    """Whether something that was measured is not in the run's record."""
    problem, record = "", ""
    for event in events:
        if isinstance(event, Saving):
            problem = event.problem
        elif isinstance(event, Ended):
            record = event.record
    return bool(problem) or not record


def _end(events: Sequence[Event]) -> Ended:
    return next(event for event in reversed(events) if isinstance(event, Ended))


def _with_answer(record: RunRecord) -> RunRecord:
    """The record; with the answer that a worker could not give, because it was ended in mid-run."""
    if record.status == "failed" or record.suggestion is not None or not record.history.lr:
        return record
    from lrtui.runs.curves import with_answer  # imported late: numpy comes with it

    return with_answer(record)


def _save(record: RunRecord, output: Path, overwrite: bool, end: Ended) -> bool:
    """Write the record to the file that was asked for; says why where it cannot be written."""
    try:
        save(record, output, overwrite)
    except OSError as error:
        problem = f"{output}: could not be saved: {error.strerror}"
        say(f"{problem}{_where_kept(end)}", NOT_SAVED)
        return False
    return True


def _keep_copy(record: RunRecord) -> None:
    """Write a record that cannot be kept with the others to a folder for temporary files."""
    folder = paths.elsewhere()
    if folder is None:
        note("lrtui: no copy of the record can be kept: there is no folder for temporary files")
        return
    try:
        copy = save(record, folder / f"{record.id}.json", overwrite=True, follow=False)
    except OSError as error:
        note(f"lrtui: no copy of the record can be kept in {folder}: {error.strerror or error}")
    else:
        note(f"lrtui: a copy of the record is in {copy}")


def _print(record: RunRecord, end: Ended, output: Output) -> int:
    """Print the answer, or on stderr why there is none; returns the exit code that it gives."""
    if record.status == "failed":
        code = say(_failure(record, end), USER_FAILED)
        for line in failed.lines(end.where, end.output, end.advice):
            note(line)
        return code
    if not output.as_json:
        if sys.stdout.isatty() and not output.quiet:
            put(chart_lines(record))
        put(folded(summary(record, end.record)))
    return ANSWER if has_answer(record) else NO_ANSWER


def _failure(record: RunRecord, end: Ended) -> str:
    failure = f"{end.phase}: {end.reason}"
    if not record.log or record.log in end.reason:
        return failure
    return f"{failure} (log: {record.log})"


def _where_kept(end: Ended) -> str:
    if not end.record:
        return ""
    return f"; the record is kept at {end.record}"
