"""A confirmation as it is read: what each rate is, how far it came, what follows; the same words in every front end."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec

from lrtui.analysis.answer import Bounds, Suggestion

Values = dict[str, Any]
CONSTANT, ONE_CYCLE = "constant", "one-cycle"
BROKEN_OFF = ""


class TrialRow(msgspec.Struct, frozen=True):
    """One rate of a confirmation: what it is to the answer, and the mean loss that its last trials reached.

    None is the loss where one blew up.
    """

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


def rows(trials: Sequence[Values]) -> list[TrialRow]:
    """A row for each rate, from the lowest to the highest."""
    found = []
    by_rate = sorted((msgspec.convert(trial, _Trial) for trial in trials), key=attrgetter("lr"))
    for lr, group in groupby(by_rate, attrgetter("lr")):
        all_ = list(group)
        last = [trial for trial in all_ if trial.round == max(one.round for one in all_)]
        losses = [trial.loss for trial in last if trial.loss is not None]
        mean = sum(losses) / len(losses) if len(losses) == len(last) else None
        found.append(TrialRow(lr, last[-1].what, mean, last[-1].iterations, len(last)))
    return found


def verdicts(measured: Sequence[Values]) -> list[Values]:
    """The last result for each schedule, the latest at the end; one that came to nothing counts until the next."""
    found: dict[str, Values] = {}
    for values in measured:
        if values.get("name") == "confirmation":
            found.pop(BROKEN_OFF, None)
            schedule = BROKEN_OFF if values.get("problem") else values.get("schedule", CONSTANT)
            found.pop(schedule, None)
            found[schedule] = values
    return list(found.values())


def corrected(
    measured: Sequence[Values], suggestion: Suggestion | None, bounds: Bounds | None
) -> tuple[Suggestion | None, Bounds | None]:
    """The answer with the better rate where the trials refuted it: as the suggestion, or as the peak of one-cycle."""
    for result in verdicts(measured):
        tried, better = result.get("lr"), result.get("better")
        if tried is None or better is None:
            continue
        if result.get("schedule") == ONE_CYCLE:
            if (
                bounds is not None
                and math.isclose(bounds.end_lr, tried)
                and bounds.start_lr < better
            ):
                bounds = msgspec.structs.replace(bounds, end_lr=better)
        elif (
            suggestion is not None
            and suggestion.lr is not None
            and math.isclose(suggestion.lr, tried)
        ):
            suggestion = msgspec.structs.replace(suggestion, lr=better)
    return suggestion, bounds


def lines(measured: Sequence[Values], lr: float | None = None) -> Iterator[str]:
    """The verdict, the table of trials, and the stability limit beside the answer, as far as they were measured."""
    trials, result = latest(measured)
    for one in verdicts(measured):
        yield f"confirm  {verdict_line(one)}"
    if trials:
        judged_by = (result or {}).get("judged_by")
        yield f"trials   {trials[-1]['schedule']}{f', loss reached is the {judged_by}' if judged_by else ''}"
        yield f"         {'lr':8}  {'what':16}  {'loss':>8}  steps"
        for row in rows(trials):
            loss = "blew up" if row.loss is None else f"{row.loss:.3g}"
            steps = f"{row.steps}" if row.trials == 1 else f"{row.steps} × {row.trials}"
            yield f"         {row.lr:.2e}  {row.what:16}  {loss:>8}  {steps}"
    for values in measured:
        if values.get("name") == "stability":
            yield f"stable   {stability_line(values, lr)}"


def verdict_line(result: Values) -> str:
    """What a confirmation came to, and the better rate where there is one."""
    if result.get("problem"):
        return f"no verdict: {result['problem']}"
    one_cycle = result.get("schedule") == ONE_CYCLE
    said = f"{result['verdict']}{' for one-cycle' if one_cycle else ''}: {result['reason']}"
    if not result.get("better"):
        return said
    return f"{said}; {'let it peak at' if one_cycle else 'train at'} {result['better']:.1e} instead"


def stability_line(values: Values, lr: float | None = None) -> str:
    """The stability limit in words, and why the answer may be above it."""
    if values.get("problem"):
        return f"no limit: {values['problem']}"
    limit = values["limit"]
    source = f"{values['formula']}, eigenvalue {values['eigenvalue']:.3g}"
    said = f"below {limit:.1e} at the start of training ({source})"
    if lr is None or lr <= limit:
        return said
    return f"{said}; the answer is {lr / limit:.2g} times that, as it may be where the curvature falls in training"


class _Trial(msgspec.Struct):
    lr: float
    round: int
    iterations: int
    loss: float | None
    what: str = ""
