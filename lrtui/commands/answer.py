"""The answer of a run as lines of text: what `lrtui run` ends with, and `lrtui show` says again."""

from collections.abc import Iterator

import msgspec

from lrtui.commands.streams import printable
from lrtui.record import RunRecord
from lrtui.report import confirmation
from lrtui.report.code import code_lines
from lrtui.report.rules import agreed_within


def summary(record: RunRecord, path: str) -> Iterator[str]:
    """How the run ended, its answer, and where its record is kept ("": nowhere)."""
    told = [f"{record.status}: {record.reason}", *answer_lines(record)]
    told += [f"record   {path}"] if path else []
    return map(printable, told)


def answer_lines(record: RunRecord) -> Iterator[str]:
    """The answer in words, the same ones as on the screen."""
    suggestion = record.suggestion
    if suggestion is None:
        yield "no learning rate: nothing was measured"
    elif suggestion.lr is None:
        yield f"no learning rate can be recommended ({suggestion.verdict})"
    else:
        corrected, _ = confirmation.corrected(record.measured, suggestion, record.bounds)
        better = corrected.lr if corrected is not None and corrected.lr != suggestion.lr else None
        yield f"lr       {suggestion.lr:.1e}{f'   refuted: train at {better:.1e}' if better else ''}"
        if suggestion.low is not None and suggestion.high is not None:
            yield f"from     {suggestion.low:.1e} to {suggestion.high:.1e}"
    if suggestion is not None:
        yield suggestion.reason
        if suggestion.advice:
            yield suggestion.advice
    if record.bounds is not None:
        yield f"bounds   {record.bounds.start_lr:.1e} to {record.bounds.end_lr:.1e}"
    yield from _rules(record)
    yield from _code(record)
    yield from confirmation.lines(record.measured, suggestion.lr if suggestion else None)


def _rules(record: RunRecord) -> Iterator[str]:
    """What the published rules say, and how far they agree."""
    if record.suggestions:
        yield f"rules    {agreed_within(record.suggestions)}"
        for name, lr in record.suggestions.items():
            yield f"         {'–' if lr is None else f'{lr:.1e}':7}  {name}"


def answered(record: RunRecord) -> bool:
    """Whether there is a learning rate that can be recommended."""
    return record.suggestion is not None and record.suggestion.lr is not None


def _code(record: RunRecord) -> Iterator[str]:
    """Lines of code for the optimizer of the run, where its record tells which: torch_lr_finder's does not.

    They have what the trials found better; there are none where no learning rate can be recommended.
    """
    try:
        optimizer = record.run_spec().optimizer if record.spec else None
    except msgspec.ValidationError:
        optimizer = None
    if optimizer is not None and answered(record):
        answer = confirmation.corrected(record.measured, record.suggestion, record.bounds)
        for line in code_lines(optimizer, *answer, momentum=record.momentum).values():
            yield f"code     {line}"
