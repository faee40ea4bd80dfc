"""`lrtui show`: a saved run, in the words of `lrtui run`."""

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from lrtui.analysis.plan import plan_of
from lrtui.catalog.errors import one_line
from lrtui.commands.answer import has_answer, summary
from lrtui.commands.chart import chart_lines
from lrtui.commands.ls import when
from lrtui.commands.streams import ANSWER, NO_ANSWER, USAGE, note, put, put_json, say
from lrtui.record import RecordError, RunRecord, to_json
from lrtui.runs.curves import THEIR_SMOOTH_F, with_answer
from lrtui.runs.find import find
from lrtui.runs.index import Entry
from lrtui.runs.store import load

_RECORDS_OWN: Mapping[str, Any] = MappingProxyType({})
# what a file that is nearly a record makes the code raise that reads its details
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)


def show(
    name: str,
    as_json: bool,
    smooth_f: float | None = None,
    *,
    rules: bool = False,
    plan: Mapping[str, Any] = _RECORDS_OWN,
) -> int:
    """Print the record in a file, or the saved one of an id; returns the exit code.

    Args:
        name: a path, or the beginning of an id.
        as_json: print the record itself.
        smooth_f: what a torch_lr_finder history was smoothed with, which it does not say; None:
            that library's default.
        rules: also print what the published rules suggest.
        plan: what of `schedule`, `steps` and `warmup_steps` is other than the record's own.
    """
    try:
        path = find(name)
        saved = load(path)
        if smooth_f is not None and not is_smoothed_only(saved):
            use = "--smooth-f is for a torch_lr_finder history"
            return say(f"{name}: {use}: this record has its raw losses", USAGE)
        record = with_answer(with_plan(saved, plan), smooth_f or THEIR_SMOOTH_F)
        document, lines = "", []
        if as_json:
            document = to_json(record).decode()
        else:
            lines = [*_chart(record), *summary(record, str(path), rules)]
    except RecordError as error:
        return say(str(error), USAGE)
    except OSError as error:
        return say(f"{error.filename or name}: {error.strerror}", USAGE)
    except UNREADABLE as error:
        return say(f"{name}: this record cannot be read: {one_line(error)}", USAGE)
    if not as_json:
        _note_details(record, str(path))
    if smooth_f is None and is_smoothed_only(saved):
        default = f"smoothed with {THEIR_SMOOTH_F}, torch_lr_finder's default"
        note(f"taken to be {default}: --smooth-f sets another")
    code = ANSWER if has_answer(record) else NO_ANSWER
    if as_json:
        return put_json(document, code)
    return put(lines, code)


def _chart(record: RunRecord) -> list[str]:
    """The curve, on a terminal."""
    return chart_lines(record) if sys.stdout.isatty() else []


def with_plan(record: RunRecord, changes: Mapping[str, Any]) -> RunRecord:
    """The record for another plan, without the answer that it has for its own.

    Raises:
        RecordError: the plan makes no sense, or there is no curve to judge for it.
    """
    if not changes:
        return record
    if record.status == "failed" or not record.history.lr:
        raise RecordError("there is no curve that could be judged for another training")
    own = record.plan
    try:
        plan = plan_of(
            changes.get("schedule", own.schedule),
            changes.get("steps", own.steps),
            changes.get("warmup_steps", own.warmup),
        )
    except ValueError as error:
        raise RecordError(str(error)) from None
    return msgspec.structs.replace(record, plan=plan, suggestion=None)


def is_smoothed_only(record: RunRecord) -> bool:
    """Whether a record is a torch_lr_finder history: without an answer and without raw losses."""
    history = record.history
    return record.suggestion is None and bool(history.loss) and not history.raw_loss


def _note_details(record: RunRecord, path: str) -> None:
    """What was run, and its notices, on stderr: `lrtui run` has them there too."""
    entry = Entry.of(record, path)
    details = [when(entry.created), entry.model, entry.data, entry.optimizer, record.device]
    note(" · ".join(filter(None, details)))
    for notice in record.notices:
        note(notice)
