"""`lrtui show`: a saved run, in the words of `lrtui run`."""

import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from lrtui.analysis.plan import plan_of
from lrtui.commands.answer import has_answer, summary
from lrtui.commands.chart import chart_lines
from lrtui.commands.ls import when
from lrtui.commands.opening import REFUSED, check_use, opened, refuse
from lrtui.commands.streams import ANSWER, NO_ANSWER, folded, note, put, put_json
from lrtui.record import RecordError, RunRecord, to_json
from lrtui.runs.curves import with_answer
from lrtui.runs.index import Entry
from lrtui.runs.tools import UNSAID, Smoothing

_RECORDS_OWN: Mapping[str, Any] = MappingProxyType({})


def show(
    name: str,
    as_json: bool,
    smoothing: Smoothing = UNSAID,
    *,
    rules: bool = False,
    plan: Mapping[str, Any] = _RECORDS_OWN,
) -> int:
    """Print the record in a file, or the saved one of an id; returns the exit code.

    Args:
        name: a path, or the beginning of an id.
        as_json: print the record itself.
        smoothing: of a result of another finder.
        rules: also print what the published rules suggest.
        plan: what of `schedule`, `steps` and `warmup_steps` is other than the record's own.
    """
    try:
        result = opened(name, smoothing)
        check_use(smoothing, [result])
        record = with_answer(with_plan(result.record, plan))
        code = ANSWER if has_answer(record) else NO_ANSWER
        if as_json:
            return put_json(to_json(record).decode(), code)
        lines = [*_chart(record), *folded(summary(record, str(result.path), rules))]
    except REFUSED as error:
        return refuse(name, error)
    if result.tool is None:
        _note_details(record, str(result.path))
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


def _note_details(record: RunRecord, path: str) -> None:
    """What was run, and its notices, on stderr: `lrtui run` has them there too."""
    entry = Entry.of(record, path)
    details = [when(entry.created), entry.model, entry.data, entry.optimizer, record.device]
    note(" · ".join(filter(None, details)))
    for notice in record.notices:
        note(notice)
