"""A confirmation as it is read: what each rate is, how far it came, what follows; the same words in every front end."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec

from lrtui.analysis.answer import Bounds, Suggestion

Values = dict[str, Any]


class TrialRow(msgspec.Struct, frozen=True):
    """One rate of a confirmation: `loss` is the mean that its last trials reached, None where one blew up."""

    lr: float
    what: str
    loss: float | None
    steps: int
    trials: int


def latest(measured: Sequence[Values]) -> tuple[list[Values], Values | None]:
    """The trials of the last confirmation and its result (None while it is going on), out of a record's `measured`."""
    trials: list[Values] = []
    result = None
    for values in measured:
        if values.get("name") == "trial":
            trials, result = ([] if result else trials) + [values], None
        elif values.get("name") == "confirmation":
            trials, result = ([] if result else trials), values
    return trials, result


def rows(trials: Sequence[Values], suggestion: Suggestion | None, bounds: Bounds | None) -> list[TrialRow]:
    """A row for each rate, from the lowest to the highest."""
    found = []
    by_rate = sorted((msgspec.convert(trial, _Trial) for trial in trials), key=attrgetter("lr"))
    for lr, group in groupby(by_rate, attrgetter("lr")):
        all_ = list(group)
        last = [trial for trial in all_ if trial.round == max(one.round for one in all_)]
        losses = [trial.loss for trial in last if trial.loss is not None]
        mean = sum(losses) / len(losses) if len(losses) == len(last) else None
        found.append(TrialRow(lr, what_it_is(lr, suggestion, bounds), mean, last[-1].iterations, len(last)))
    return found


def what_it_is(lr: float, suggestion: Suggestion | None, bounds: Bounds | None) -> str:
    """What a rate of a confirmation is to the answer, in a word or two."""
    known: dict[str, float | None] = {}
    if suggestion is not None:
        known |= {"suggestion": suggestion.lr, "low": suggestion.low, "high": suggestion.high}
    if bounds is not None:
        known |= {"start bound": bounds.start_lr, "end bound": bounds.end_lr}
    for name, rate in known.items():
        if rate is not None and math.isclose(lr, rate, rel_tol=1e-6):
            return name
    if suggestion is None or suggestion.lr is None:
        return ""
    times = lr / suggestion.lr
    return f"suggestion × {times:.3g}" if times > 1 else f"suggestion ÷ {1 / times:.3g}"


def lines(measured: Sequence[Values], suggestion: Suggestion | None, bounds: Bounds | None) -> Iterator[str]:
    """The verdict, the table of trials, and the stability limit, as far as they were measured."""
    trials, result = latest(measured)
    if result is not None:
        yield f"confirm  {verdict_line(result)}"
    if trials:
        judged_by = (result or {}).get("judged_by")
        yield f"trials   {trials[-1]['schedule']}{f', loss reached is the {judged_by}' if judged_by else ''}"
        yield f"         {'lr':8}  {'what':16}  {'loss':>8}  steps"
        for row in rows(trials, suggestion, bounds):
            loss = "blew up" if row.loss is None else f"{row.loss:.3g}"
            steps = f"{row.steps}" if row.trials == 1 else f"{row.steps} × {row.trials}"
            yield f"         {row.lr:.2e}  {row.what:16}  {loss:>8}  {steps}"
    for values in measured:
        if values.get("name") == "stability":
            yield f"stable   {stability_line(values)}"


def verdict_line(result: Values) -> str:
    """What a confirmation came to, and the better rate where there is one."""
    if result.get("problem"):
        return f"no verdict: {result['problem']}"
    if not result.get("better"):
        return f"{result['verdict']}: {result['reason']}"
    instead = "let it peak at" if result.get("schedule") == "one-cycle" else "train at"
    return f"{result['verdict']}: {result['reason']}; {instead} {result['better']:.1e} instead"


def stability_line(values: Values) -> str:
    """The stability limit in words."""
    if values.get("problem"):
        return f"no limit: {values['problem']}"
    source = f"{values['formula']}, eigenvalue {values['eigenvalue']:.3g}"
    return f"below {values['limit']:.1e} at the start of training ({source})"


class _Trial(msgspec.Struct):
    lr: float
    round: int
    iterations: int
    loss: float | None
