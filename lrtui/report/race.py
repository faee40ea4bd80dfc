"""A race in words: what each rate is to the answer, the loss it reached, the verdict."""

import math
from collections.abc import Iterator, Sequence

import msgspec

from lrtui.analysis.answer import Bounds, Schedule, Suggestion
from lrtui.analysis.calibration import after_race
from lrtui.events import ConfirmationResult, Result, StabilityResult, TrialResult
from lrtui.report.blown_up import without_blown_up
from lrtui.report.standings import standings
from lrtui.report.training import RACE


def latest(
    measured: Sequence[Result],
) -> tuple[list[TrialResult], ConfirmationResult | None]:
    """The trials of the last race in a record, and its result; None while it runs."""
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
    """The answer after the races of a record, one after the other.

    A race counts if it was about the answer as it stood, for the same schedule. Rates that blew up
    in a trial are never part of the answer, see `without_blown_up`. Records from before there was a
    race may have replaced the upper bound, which was the peak of one-cycle then.
    """
    for result in measured:
        if not isinstance(result, ConfirmationResult) or result.problem:
            continue
        if _is_about(result, suggestion):
            suggestion = _after(result, suggestion)
        elif result.schedule == "one-cycle" and result.verdict == "refuted":
            bounds = _with_peak(bounds, result)
    return without_blown_up(measured, suggestion, bounds)


def _is_about(result: ConfirmationResult, suggestion: Suggestion | None) -> bool:
    """Whether a race was about this suggestion."""
    if suggestion is None or suggestion.lr is None or result.lr is None:
        return False
    same_schedule = (result.schedule or "constant") == suggestion.schedule
    return same_schedule and math.isclose(suggestion.lr, result.lr)


def _after(result: ConfirmationResult, suggestion: Suggestion | None) -> Suggestion | None:
    """The suggestion after a race that was about it."""
    if suggestion is None or result.answer is None:
        return suggestion
    cost = suggestion.cost
    if cost is not None and result.iterations is not None:
        cost += result.iterations
    suggestion = msgspec.structs.replace(suggestion, lr=result.answer, cost=cost)
    if result.low is None or result.high is None:
        return suggestion
    worth = after_race(suggestion.schedule)
    return msgspec.structs.replace(
        suggestion,
        low=result.low,
        high=result.high,
        reason=f"{result.verdict} in the race: {result.reason}",
        advice=next_step(result),
        method=RACE,
        coverage=None if worth is None else worth.coverage,
        loss_within=None if worth is None else worth.loss_within,
    )


def _with_peak(bounds: Bounds | None, result: ConfirmationResult) -> Bounds | None:
    """The bounds with the better peak, if their own upper bound is the one that was tried."""
    better, tried = result.better, result.lr
    if bounds is None or not better or tried is None:
        return bounds
    if not math.isclose(bounds.end_lr, tried) or bounds.start_lr >= better:
        return bounds
    return msgspec.structs.replace(bounds, end_lr=better)


def lines(measured: Sequence[Result], lr: float | None = None) -> Iterator[str]:
    """What a record's checks measured: verdicts, the table of trials, the stability limit.

    Args:
        measured: of the record.
        lr: the suggested rate, to compare with the stability limit.
    """
    for verdict in verdicts(measured):
        yield f"race     {verdict_line(verdict)}"
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
    for row in standings(trials, confirmation):
        loss = "blew up"
        if row.loss is not None:
            loss = f"{row.loss:.3g}"
        steps = f"{row.steps}"
        if row.trials > 1:
            steps = f"{row.steps} × {row.trials}"
        mark = ""
        if row.standing in ("pick", "as good"):
            mark = f"  {row.standing}"
        yield f"         {row.lr:.2e}  {row.what:16}  {loss:>8}  {steps:9}{mark}".rstrip()


def what_it_is(lr: float, raced_lr: float, raced_name: str) -> str:
    """A rate of a race in words: the name of the raced one, or the ratio to it."""
    if math.isclose(lr, raced_lr):
        return raced_name
    if lr > raced_lr:
        return f"× {lr / raced_lr:.3g}"
    return f"÷ {raced_lr / lr:.3g}"


def verdict_line(result: ConfirmationResult) -> str:
    """The verdict of a race, the rate to train at, the reason; for an open one, what decides it."""
    if result.problem:
        return f"no verdict: {result.problem}"
    schedule, advice = "", "train at"
    if result.schedule in ("one-cycle", "cosine"):
        schedule, advice = f" for {result.schedule}", "let it peak at"
    verdict = f"{result.verdict}{schedule}"
    match result.verdict:
        case "replaced":
            return f"{verdict}: {advice} {result.answer:.1e}; {result.reason}{_doubt(result)}"
        case "tie":
            return f"{verdict}: {advice} {result.answer:.1e}, the lower one; {result.reason}"
        case "open":
            return f"{verdict}: {result.reason}{_until_then(result, advice)}; {next_step(result)}"
    if result.better:
        return f"{verdict}: {result.reason}; {advice} {result.better:.1e} instead"
    return f"{verdict}: {result.reason}"


def _doubt(result: ConfirmationResult) -> str:
    """Where test and race are far apart, that this makes the answer less sure."""
    if result.sure:
        return ""
    return "; so far from the test's rate that it is less sure"


def _until_then(result: ConfirmationResult, advice: str) -> str:
    if not result.better:
        return ""
    return f"; {advice} {result.better:.1e} until then"


def next_step(result: ConfirmationResult) -> str:
    """What decides an open race, and what that costs; "" for one that is decided."""
    if result.verdict != "open":
        return ""
    return f"about {about(result.more_steps)} more steps decide"


def about(steps: int) -> str:
    """A number of steps, rounded up to two digits."""
    unit = 10 ** max(0, len(str(steps)) - 2)
    return f"{-(-steps // unit) * unit:,}"


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
