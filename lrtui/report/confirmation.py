"""A confirmation as it is read: what each rate is, how far it came, what follows; the same words in every front end."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

import msgspec

from lrtui.analysis.answer import Bounds, Schedule, Suggestion
from lrtui.events import ConfirmationResult, Result, StabilityResult, TrialResult


class TrialRow(msgspec.Struct, frozen=True):
    """One rate of a confirmation: what it is to the answer, and the mean loss that its last trials reached.

    None is the loss where one blew up.
    """

    lr: float
    what: str
    loss: float | None
    steps: int
    trials: int


def latest(
    measured: Sequence[Result],
) -> tuple[list[TrialResult], ConfirmationResult | None]:
    """The trials of the last confirmation and its result (None while it is going on), out of a record's `measured`."""
    trials: list[TrialResult] = []
    confirmation: ConfirmationResult | None = None
    for result in measured:
        if isinstance(result, TrialResult | ConfirmationResult) and confirmation is not None:
            trials, confirmation = [], None
        if isinstance(result, TrialResult):
            trials.append(result)
        elif isinstance(result, ConfirmationResult):
            confirmation = result
    return trials, confirmation


def rows(trials: Sequence[TrialResult]) -> list[TrialRow]:
    """A row for each rate, from the lowest to the highest."""
    by_rate = groupby(sorted(trials, key=attrgetter("lr")), attrgetter("lr"))
    return [_row(lr, list(own)) for lr, own in by_rate]


def _row(lr: float, trials: Sequence[TrialResult]) -> TrialRow:
    """The trials of one rate in the last round that it was in."""
    last_round = max(trial.round for trial in trials)
    last = [trial for trial in trials if trial.round == last_round]
    losses = [trial.loss for trial in last if trial.loss is not None]
    mean = sum(losses) / len(losses) if len(losses) == len(last) else None
    return TrialRow(lr, last[-1].what, mean, last[-1].iterations, len(last))


def verdicts(measured: Sequence[Result]) -> list[ConfirmationResult]:
    """The last result for each schedule, the latest at the end; one that came to nothing counts until the next."""
    by_schedule: dict[Schedule | None, ConfirmationResult] = {}
    for result in measured:
        if isinstance(result, ConfirmationResult):
            schedule = None if result.problem else result.schedule or "constant"
            by_schedule.pop(None, None)
            by_schedule.pop(schedule, None)
            by_schedule[schedule] = result
    return list(by_schedule.values())


def corrected(
    measured: Sequence[Result], suggestion: Suggestion | None, bounds: Bounds | None
) -> tuple[Suggestion | None, Bounds | None]:
    """The answer with the better rate where the trials refuted it: as the suggestion, or as the peak of one-cycle."""
    for result in verdicts(measured):
        if result.lr is None or not result.better:
            continue
        if result.schedule == "one-cycle":
            bounds = _with_peak(bounds, result.lr, result.better)
        elif (
            suggestion is not None
            and suggestion.lr is not None
            and math.isclose(suggestion.lr, result.lr)
        ):
            suggestion = msgspec.structs.replace(suggestion, lr=result.better)
    return suggestion, bounds


def _with_peak(bounds: Bounds | None, tried: float, better: float) -> Bounds | None:
    """The bounds with a better upper one, where the trials tried the one that they have."""
    if bounds is None or not math.isclose(bounds.end_lr, tried) or bounds.start_lr >= better:
        return bounds
    return msgspec.structs.replace(bounds, end_lr=better)


def lines(measured: Sequence[Result], lr: float | None = None) -> Iterator[str]:
    """The verdict, the table of trials, and the stability limit beside the answer, as far as they were measured."""
    for verdict in verdicts(measured):
        yield f"confirm  {verdict_line(verdict)}"
    trials, confirmation = latest(measured)
    if trials:
        judged_by = confirmation.judged_by if confirmation else ""
        judged = f", loss reached is the {judged_by}" if judged_by else ""
        yield f"trials   {trials[-1].schedule}{judged}"
        yield f"         {'lr':8}  {'what':16}  {'loss':>8}  steps"
        for row in rows(trials):
            loss = "blew up" if row.loss is None else f"{row.loss:.3g}"
            steps = f"{row.steps}" if row.trials == 1 else f"{row.steps} × {row.trials}"
            yield f"         {row.lr:.2e}  {row.what:16}  {loss:>8}  {steps}"
    for result in measured:
        if isinstance(result, StabilityResult):
            yield f"stable   {stability_line(result, lr)}"


def verdict_line(result: ConfirmationResult) -> str:
    """What a confirmation came to, and the better rate where there is one."""
    if result.problem:
        return f"no verdict: {result.problem}"
    one_cycle = result.schedule == "one-cycle"
    schedule = " for one-cycle" if one_cycle else ""
    verdict = f"{result.verdict}{schedule}: {result.reason}"
    if not result.better:
        return verdict
    advice = "let it peak at" if one_cycle else "train at"
    return f"{verdict}; {advice} {result.better:.1e} instead"


def stability_line(result: StabilityResult, lr: float | None = None) -> str:
    """The stability limit in words, and why the answer may be above it."""
    if not result.limit:
        return f"no limit: {result.problem}"
    source = f"{result.formula}, eigenvalue {result.eigenvalue:.3g}"
    limit = f"below {result.limit:.1e} at the start of training ({source})"
    if lr is None or lr <= result.limit:
        return limit
    ratio = lr / result.limit
    return f"{limit}; the answer is {ratio:.2g} times that, as it may be where the curvature falls in training"
