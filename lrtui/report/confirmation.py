"""A confirmation in words: the role of each rate, the loss it reached, the verdict."""

import math
from collections.abc import Iterator, Sequence

import msgspec

from lrtui.analysis.answer import Bounds, Schedule, Suggestion
from lrtui.events import ConfirmationResult, Result, StabilityResult, TrialResult


class TrialRow(msgspec.Struct, frozen=True):
    """One rate of a confirmation, as its trials in the last round left it.

    Attributes:
        lr: the rate.
        what: its role in the answer.
        loss: mean loss that its trials reached; None if one blew up.
        steps: optimizer steps of each trial.
        trials: how many trials.
    """

    lr: float
    what: str
    loss: float | None
    steps: int
    trials: int


def latest(
    measured: Sequence[Result],
) -> tuple[list[TrialResult], ConfirmationResult | None]:
    """The trials of the last confirmation in a record, and its result; None while it runs."""
    trials: list[TrialResult] = []
    confirmation: ConfirmationResult | None = None
    for result in measured:
        if not isinstance(result, TrialResult | ConfirmationResult):
            continue
        if confirmation is not None:
            trials, confirmation = [], None
        if isinstance(result, TrialResult):
            trials.append(result)
        else:
            confirmation = result
    return trials, confirmation


def rows(trials: Sequence[TrialResult]) -> list[TrialRow]:
    """One row a rate, from the lowest to the highest."""
    by_rate: dict[float, list[TrialResult]] = {}
    for trial in trials:
        by_rate.setdefault(trial.lr, []).append(trial)
    return [_row(by_rate[lr]) for lr in sorted(by_rate)]


def _row(trials: Sequence[TrialResult]) -> TrialRow:
    """The row of one rate, from its trials in its last round."""
    last_round = max(trial.round for trial in trials)
    last = [trial for trial in trials if trial.round == last_round]
    losses = [trial.loss for trial in last if trial.loss is not None]
    mean = None
    if len(losses) == len(last):
        mean = sum(losses) / len(losses)
    return TrialRow(last[-1].lr, last[-1].what, mean, last[-1].iterations, len(last))


def verdicts(measured: Sequence[Result]) -> list[ConfirmationResult]:
    """The last result for each schedule, oldest first.

    A result with a problem counts only while it is the last one.
    """
    by_schedule: dict[Schedule | None, ConfirmationResult] = {}
    for result in measured:
        if not isinstance(result, ConfirmationResult):
            continue
        schedule = None if result.problem else result.schedule or "constant"
        by_schedule.pop(None, None)
        by_schedule.pop(schedule, None)
        by_schedule[schedule] = result
    return list(by_schedule.values())


def corrected(
    measured: Sequence[Result], suggestion: Suggestion | None, bounds: Bounds | None
) -> tuple[Suggestion | None, Bounds | None]:
    """The answer with each refuted rate replaced by the better one that its trials found.

    Trials of a constant rate correct the suggestion, those of one-cycle the upper bound.
    """
    for result in verdicts(measured):
        if result.lr is None or not result.better:
            continue
        if result.schedule == "one-cycle":
            bounds = _with_peak(bounds, result.lr, result.better)
        else:
            suggestion = _with_rate(suggestion, result.lr, result.better)
    return suggestion, bounds


def _with_rate(suggestion: Suggestion | None, tried: float, better: float) -> Suggestion | None:
    """The suggestion at the better rate, if its own rate is the one that was tried."""
    if suggestion is None or suggestion.lr is None or not math.isclose(suggestion.lr, tried):
        return suggestion
    return msgspec.structs.replace(suggestion, lr=better)


def _with_peak(bounds: Bounds | None, tried: float, better: float) -> Bounds | None:
    """The bounds with the better peak, if their own upper bound is the one that was tried."""
    if bounds is None or not math.isclose(bounds.end_lr, tried) or bounds.start_lr >= better:
        return bounds
    return msgspec.structs.replace(bounds, end_lr=better)


def lines(measured: Sequence[Result], lr: float | None = None) -> Iterator[str]:
    """What a record's checks measured: verdicts, the table of trials, the stability limit.

    Args:
        measured: of the record.
        lr: the suggested rate, to compare with the stability limit.
    """
    for verdict in verdicts(measured):
        yield f"confirm  {verdict_line(verdict)}"
    trials, confirmation = latest(measured)
    if trials:
        yield from _trial_table(trials, confirmation)
    for result in measured:
        if isinstance(result, StabilityResult):
            yield f"stable   {stability_line(result, lr)}"


def _trial_table(
    trials: Sequence[TrialResult], confirmation: ConfirmationResult | None
) -> Iterator[str]:
    title = f"trials   {trials[-1].schedule}"
    if confirmation is not None and confirmation.judged_by:
        title += f", loss reached is the {confirmation.judged_by}"
    yield title
    yield f"         {'lr':8}  {'what':16}  {'loss':>8}  steps"
    for row in rows(trials):
        loss = "blew up"
        if row.loss is not None:
            loss = f"{row.loss:.3g}"
        steps = f"{row.steps}"
        if row.trials > 1:
            steps = f"{row.steps} × {row.trials}"
        yield f"         {row.lr:.2e}  {row.what:16}  {loss:>8}  {steps}"


def verdict_line(result: ConfirmationResult) -> str:
    """The verdict of a confirmation and its reason, with the better rate if there is one."""
    if result.problem:
        return f"no verdict: {result.problem}"
    schedule, advice = "", "train at"
    if result.schedule == "one-cycle":
        schedule, advice = " for one-cycle", "let it peak at"
    verdict = f"{result.verdict}{schedule}: {result.reason}"
    if not result.better:
        return verdict
    return f"{verdict}; {advice} {result.better:.1e} instead"


def stability_line(result: StabilityResult, lr: float | None = None) -> str:
    """The stability limit in words; why it may be below the suggested rate `lr`."""
    if not result.limit:
        return f"no limit: {result.problem}"
    limit = (
        f"below {result.limit:.1e} at the start of training"
        f" ({result.formula}, eigenvalue {result.eigenvalue:.3g})"
    )
    if lr is None or lr <= result.limit:
        return limit
    ratio = lr / result.limit
    return (
        f"{limit}; the suggested rate is {ratio:.2g} times that,"
        " which is possible where the curvature falls during training"
    )
