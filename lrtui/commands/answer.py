"""The answer of a run as lines of text, for `lrtui run` and `lrtui show`."""

from collections.abc import Iterator

import msgspec

from lrtui.analysis.answer import Suggestion
from lrtui.commands.streams import printable
from lrtui.record import RunRecord
from lrtui.report import race
from lrtui.report.code import code_lines
from lrtui.report.rules import agreed_within
from lrtui.spec import Choice


def summary(record: RunRecord, path: str) -> Iterator[str]:
    """How the run ended, its answer, and the path of its record ("": it was not saved)."""
    yield printable(f"{record.status}: {record.reason}")
    yield from map(printable, answer_lines(record))
    if path:
        yield printable(f"record   {path}")


def answer_lines(record: RunRecord) -> Iterator[str]:
    """The answer, in the same words as on the screen."""
    suggestion, bounds = race.corrected(record.measured, record.suggestion, record.bounds)
    if suggestion is None:
        yield "no learning rate: nothing was measured"
    else:
        yield from _suggestion_lines(record, suggestion)
    if bounds is not None:
        yield f"bounds   {bounds.start_lr:.1e} to {bounds.end_lr:.1e}"
    yield from _rule_lines(record)
    yield from _code_lines(record)
    lr = None if suggestion is None else suggestion.lr
    yield from race.lines(record.measured, lr)


def has_answer(record: RunRecord) -> bool:
    """Whether a learning rate can be recommended."""
    return record.suggestion is not None and record.suggestion.lr is not None


def _suggestion_lines(record: RunRecord, suggestion: Suggestion) -> Iterator[str]:
    if suggestion.lr is None:
        yield f"no learning rate can be recommended ({suggestion.verdict})"
    else:
        yield f"lr       {suggestion.lr:.1e}{_before_race(record, suggestion)}"
        if suggestion.low is not None and suggestion.high is not None:
            yield f"from     {suggestion.low:.1e} to {suggestion.high:.1e}"
    yield suggestion.reason
    if suggestion.advice:
        yield suggestion.advice


def _before_race(record: RunRecord, suggestion: Suggestion) -> str:
    """The test's own rate, as an addition to that of the race; "" where both are the same."""
    if record.suggestion is None or record.suggestion.lr in (None, suggestion.lr):
        return ""
    return f"   the test alone: {record.suggestion.lr:.1e}"


def _rule_lines(record: RunRecord) -> Iterator[str]:
    """What the published rules suggest, and how many of them agree."""
    if not record.suggestions:
        return
    yield f"rules    {agreed_within(record.suggestions)}"
    for name, lr in record.suggestions.items():
        rate = "–" if lr is None else f"{lr:.1e}"
        yield f"         {rate:7}  {name}"


def _code_lines(record: RunRecord) -> Iterator[str]:
    """Code for the run's optimizer, with the rate that the trials found better.

    There is none without a recommended learning rate, nor for a record that does not name the
    optimizer, such as torch_lr_finder's.
    """
    optimizer = _optimizer(record)
    if optimizer is None or not has_answer(record):
        return
    answer = race.corrected(record.measured, record.suggestion, record.bounds)
    for line in code_lines(optimizer, *answer, momentum=record.momentum).values():
        yield f"code     {line}"


def _optimizer(record: RunRecord) -> Choice | None:
    if not record.spec:
        return None
    try:
        return record.run_spec().optimizer
    except msgspec.ValidationError:  # a newer version wrote the spec
        return None
