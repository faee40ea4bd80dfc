"""An answer beside trials that blew up: neither it nor its interval has such a rate."""

import math
from collections.abc import Sequence

import msgspec

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.race import STEP
from lrtui.events import Result, TrialResult
from lrtui.report.standings import blown_up, leader
from lrtui.report.training import RACE


def without_blown_up(
    measured: Sequence[Result], suggestion: Suggestion | None, bounds: Bounds | None
) -> tuple[Suggestion | None, Bounds | None]:
    """The answer without rates that blew up in trials for its schedule.

    It counts whether the race has ended, runs or was stopped. Where the answer's own rate blew up,
    the best rate so far that did not replaces it; where none is left, there is no rate.
    """
    if suggestion is None or suggestion.lr is None:
        return suggestion, bounds
    trials = []
    for result in measured:
        if isinstance(result, TrialResult) and result.schedule == suggestion.schedule:
            trials.append(result)
    too_high = blown_up(trials)
    if not too_high:
        return suggestion, bounds
    if _is_ruled_out(suggestion.lr, trials):
        suggestion = _instead(suggestion, trials)
    lr = suggestion.lr
    if lr is None:
        return suggestion, _below(bounds, too_high[0] / STEP)
    above = [rate for rate in too_high if rate > lr]
    if above:
        bounds = _below(bounds, math.sqrt(lr * above[0]))
    return _cut(suggestion, lr, too_high), bounds


def _is_ruled_out(lr: float, trials: Sequence[TrialResult]) -> bool:
    """Whether the rate blew up; or a lower one did, and this one was not tried itself."""
    too_high = blown_up(trials)
    if any(math.isclose(lr, rate) for rate in too_high):
        return True
    was_tried = any(math.isclose(lr, trial.lr) for trial in trials)
    return not was_tried and too_high[0] < lr


def _instead(suggestion: Suggestion, trials: Sequence[TrialResult]) -> Suggestion:
    """The answer with the best rate that did not blow up; a refusal where all did."""
    lowest = blown_up(trials)[0]
    lr = leader(trials)
    if lr is None:
        return Suggestion(
            verdict="disagree",
            reason=f"Every training that was tried blew up, the lowest one at {lowest:.1e}.",
            advice=f"Race {lowest / 10:.0e}, or test the range below {lowest:.0e} again.",
            method=RACE,
            schedule=suggestion.schedule,
            steps=suggestion.steps,
            cost=suggestion.cost,
        )
    return msgspec.structs.replace(
        suggestion,
        lr=lr,
        low=lr / STEP,
        high=lr * STEP,
        reason=f"A training at {lowest:.1e} blew up; of those that did not, {lr:.1e} leads.",
        advice="A race that runs to its end decides.",
        method=RACE,
        coverage=None,
        loss_within=None,
    )


def _cut(suggestion: Suggestion, lr: float, too_high: Sequence[float]) -> Suggestion:
    """The interval, half of the way to the nearest rates that blew up on both sides."""
    low, high = suggestion.low, suggestion.high
    above = [rate for rate in too_high if rate > lr]
    below = [rate for rate in too_high if rate < lr]
    if above and high is not None and high >= math.sqrt(lr * above[0]):
        high = math.sqrt(lr * above[0])
    if below and low is not None and low <= math.sqrt(lr * below[-1]):
        low = math.sqrt(lr * below[-1])
    if (low, high) == (suggestion.low, suggestion.high):
        return suggestion
    return msgspec.structs.replace(suggestion, low=low, high=high)


def _below(bounds: Bounds | None, limit: float) -> Bounds | None:
    """The bounds up to a limit; None where nothing is left between them."""
    if bounds is None or bounds.end_lr <= limit:
        return bounds
    if bounds.start_lr >= limit:
        return None
    return Bounds(bounds.start_lr, limit)
