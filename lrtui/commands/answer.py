"""The answer of a run as lines of text, for `lrtui run` and `lrtui show`."""

from collections.abc import Iterator

from lrtui.analysis.answer import Suggestion
from lrtui.commands.streams import printable
from lrtui.export.content import code_of
from lrtui.record import Failure, RunRecord
from lrtui.report import failure as failed
from lrtui.report import race, training
from lrtui.report.ending import ending
from lrtui.report.headline import headline, interval


def summary(record: RunRecord, path: str, rules: bool = False) -> Iterator[str]:
    """How the run ended, its answer, and the path of its record ("": it was not saved).

    With `rules` also what the published rules suggest.
    """
    last_lr = max(record.history.lr, default=None)
    yield printable(ending(record.status, record.reason, last_lr, record.suggestion))
    yield from map(printable, failure_lines(record))
    if record.status == "failed" and not has_answer(record):
        yield "no learning rate: the run failed"
    else:
        yield from map(printable, answer_lines(record))
    if rules:
        yield from map(printable, rule_lines(record))
    if path:
        yield printable(f"record   {path}")


def failure_lines(record: RunRecord) -> Iterator[str]:
    """Where in the user's code a failed run failed, what that printed last, and where its log is.

    Nothing for any other run. A failed run without a rate has no other answer.
    """
    failure = record.failure
    if not isinstance(failure, Failure):
        return
    yield from failed.lines(failure.where, failure.output, failure.advice)
    if record.log and record.log not in record.reason:
        yield f"log      {record.log}"


def answer_lines(record: RunRecord) -> Iterator[str]:
    """The answer, in the same words as on the screen."""
    suggestion, bounds = race.corrected(record.measured, record.suggestion, record.bounds)
    if suggestion is None and record.history.lr:
        yield f"no learning rate: the curve has no answer; `lrtui show {record.id}` analyses it"
    elif suggestion is None:
        yield "no learning rate: nothing was measured"
    else:
        yield from _suggestion_lines(record, suggestion)
    if bounds is not None:
        yield f"bounds   {bounds.start_lr:.1e} to {bounds.end_lr:.1e}"
    yield from _code_lines(record)
    lr = None if suggestion is None else suggestion.lr
    yield from race.lines(record.measured, lr)


def rule_lines(record: RunRecord) -> Iterator[str]:
    """What the published rules suggest, one line each."""
    label = "rules"
    for name, lr in record.suggestions.items():
        rate = "–" if lr is None else f"{lr:.1e}"
        yield f"{label:9}{rate:7}  {name}"
        label = ""


def has_answer(record: RunRecord) -> bool:
    """Whether a learning rate can be recommended, after the races."""
    suggestion, _ = race.corrected(record.measured, record.suggestion, record.bounds)
    return suggestion is not None and suggestion.lr is not None


def _suggestion_lines(record: RunRecord, suggestion: Suggestion) -> Iterator[str]:
    interval_only = training.is_interval_only(suggestion, record.measured)
    first = headline(suggestion, record.measured, record.plan.warmup)
    if suggestion.lr is None or interval_only:
        yield first
    else:
        yield f"{first}{_before_race(record, suggestion)}"
        if suggestion.low is not None:
            yield f"from     {interval(suggestion)}"
    for line in (*training.coverage(suggestion), *training.expectations(suggestion)):
        yield f"         {line}"
    yield suggestion.reason
    if interval_only:
        yield from _long_training_lines(record, suggestion)
    elif suggestion.advice:
        yield suggestion.advice


def _before_race(record: RunRecord, suggestion: Suggestion) -> str:
    """The test's own rate, as an addition to that of the race; "" where both are the same."""
    if record.suggestion is None or record.suggestion.lr in (None, suggestion.lr):
        return ""
    return f"   the test alone: {record.suggestion.lr:.1e}"


def _long_training_lines(record: RunRecord, suggestion: Suggestion) -> Iterator[str]:
    """Why there is an interval and no single rate, and what decides."""
    tried = training.tried_steps(record.measured, suggestion.schedule)
    yield training.why_interval_only(suggestion, tried)
    budget = training.race_budget(suggestion, record.measured)
    yield training.race_advice(f"`lrtui run … --race {budget}`", budget)


def _code_lines(record: RunRecord) -> Iterator[str]:
    for lines in code_of(record).values():
        for line in lines.split("\n"):
            yield f"code     {line}"
