"""Refusals: verdicts without a rate, each with reason and advice."""

import traceback
from collections.abc import Sequence
from math import ceil
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from lrtui.analysis.answer import Suggestion, Verdict
from lrtui.analysis.curve import Curve
from lrtui.analysis.evidence import SURE
from lrtui.analysis.plan import LEAST
from lrtui.analysis.prepared_curve import PreparedCurve
from lrtui.analysis.valley import Valley

METHOD = "centre of the valley, calibrated"
MAYBE = 3.0  # standard errors of a fall that more repeats may confirm
HIDDEN = 0.5  # share of the first loss; noise that could hide a larger fall is too much
LOWER = 1000  # times lower: the advised start_lr
HIGHER = 100  # times higher: the advised end_lr
HIGHER_LINEAR = 5  # the same for a linear ramp, whose first steps grow with its end
SAFE = 10  # times below the rate at which the loss rises
TINY = 1e-6  # a rate too low for any step to diverge
MAX_TIMES = 30  # times the measurements; advice to measure more than that is useless
LATE = 0.2  # decades; a ramp with a longer delay is a fast one
USUAL = 400  # iterations to advise
EARLY_RISE = 0.2  # share of the axis; a rise within it leaves no rates below it to choose from
COARSE_STEP = 10  # times; a ramp whose second rate is further from the first skips the beginning
FEW_POINTS = 20  # a test with fewer says which setting ended it
NARROW = 3  # times; the least that a ramp should span
ENOUGH_POINTS = f"Measure at least {LEAST} iterations, better {USUAL}."


def refuse(verdict: Verdict, reason: str, advice: str) -> Suggestion:
    """A suggestion without a rate."""
    return Suggestion(verdict=verdict, reason=reason, advice=advice, method=METHOD)


def analysis_failed(error: Exception) -> Suggestion:
    """A fault of ours, in one line: it costs the answer, not the curve."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return refuse(
        "analysis_failed",
        f"lrtui cannot analyse this curve, which is a fault of its own:"
        f" {type(error).__name__} at {place}.",
        "The curve is kept. Please report this, with the run's record.",
    )


def too_little(curves: Sequence[Curve]) -> Suggestion:
    """Too few finite losses: the test stopped early, or the loss is not finite from the start."""
    longest = max(curves, key=lambda curve: len(curve.lr), default=None)
    if longest is None or len(longest.lr) == 0:
        return refuse("too_short", "Nothing was measured.", ENOUGH_POINTS)
    if not np.isfinite(longest.raw_loss[0]):
        return refuse(
            "diverges_from_start",
            f"The loss was not finite at {longest.lr[0]:.1e}, before the first optimizer step.",
            "Check the data, the loss function and the precision: no learning rate can fix this.",
        )
    if ends_in_blow_up(longest):
        return blew_up(longest)
    finite = int(np.isfinite(longest.raw_loss).sum())
    losses_are = "finite loss is" if finite == 1 else "finite losses are"
    return refuse(
        "too_short",
        f"{finite} {losses_are} too few to tell a fall from noise.",
        ENOUGH_POINTS,
    )


def with_cause(suggestion: Suggestion, curves: Sequence[Curve]) -> Suggestion:
    """The refusal of a short test or a narrow range, with the setting that made it so."""
    longest = max(curves, key=lambda curve: len(curve.lr), default=None)
    if longest is not None and len(longest.lr) > 1 and longest.lr[-1] <= longest.lr[0]:
        return not_rising(longest)
    if suggestion.lr is not None or longest is None or len(longest.lr) == 0:
        return suggestion
    cause = narrow(longest)
    if len(longest.lr) < FEW_POINTS:
        cause = cause_of_few_points(longest) or cause
    if not cause or cause in suggestion.advice:
        return suggestion
    return replace(suggestion, advice=f"{cause} {suggestion.advice}".strip())


def not_rising(curve: Curve) -> Suggestion:
    """A ramp that falls, or stays at one rate (torch_lr_finder runs both)."""
    start, end = float(curve.lr[0]), float(curve.lr[-1])
    return refuse(
        "too_short",
        f"The rates do not rise: start_lr is {start:.1e}, and end_lr {end:.1e}.",
        "Set end_lr above start_lr, by some decades.",
    )


def cause_of_few_points(curve: Curve) -> str:
    """What to change where a test has only a handful of points; "" if that is not known."""
    points = len(curve.lr)
    if curve.num_iter is not None and points >= curve.num_iter:
        return f"Raise num_iter: it is {curve.num_iter}."
    if curve.ended.startswith("out of time"):
        return f"Raise max_seconds: it ended the test after {iterations(points)}."
    if curve.ended.startswith("out of data"):
        return (
            f"The loader ended after {iterations(points)}: give a loader that can be iterated"
            " again, or TrainDataLoaderIter with auto_reset=True."
        )
    if curve.ended.startswith("the loss diverged") and not ends_in_blow_up(curve):
        return (
            f"Raise diverge_th: it ended the test after {iterations(points)}, though the loss had"
            " hardly risen; a smooth_f of 0 makes that likely."
        )
    return ""


def narrow(curve: Curve) -> str:
    """What to say of a ramp whose ends are close together; "" for any other."""
    low, high = float(curve.lr.min()), float(curve.lr.max())
    is_whole = curve.num_iter is None or len(curve.lr) >= curve.num_iter
    if not is_whole or low <= 0 or high >= NARROW * low:
        return ""
    return (
        f"The range is narrow, a factor of {high / low:.2g} from start_lr to end_lr: lower start_lr"
        " and raise end_lr, until they are some decades apart."
    )


def ends_in_blow_up(curve: Curve) -> bool:
    """Whether the last loss is not finite, or the highest and over twice the first."""
    losses = curve.raw_loss
    if not np.isfinite(losses[-1]):
        return True
    return bool(losses[-1] / 2 > abs(losses[0]) and losses[-1] == losses.max())


def blew_up(curve: Curve) -> Suggestion:
    """A loss that diverged within a few iterations."""
    start_lr = float(curve.lr[0])
    if start_lr > TINY:
        advice = f"Lower start_lr to {start_lr / LOWER:.0e}."
    else:
        advice = (
            "A rate this low should not diverge:"
            " check the loss of single batches, and raise diverge_th."
        )
    return refuse(
        "diverges_from_start",
        f"The loss blew up within {len(curve.lr)} iterations, from {start_lr:.1e} on.",
        advice,
    )


def no_fall(
    valley: Valley, repeats: Sequence[PreparedCurve], curves: Sequence[Curve]
) -> Suggestion:
    """No certain fall: the loss rises, it is flat, or noise may hide a fall."""
    rises = bool(valley.diverged or valley.fall[-1] < -SURE * valley.error[-1])
    moves_at_once = any(repeat.moves_at_once for repeat in repeats)
    if moves_at_once and (rises or valley.turned):
        return moved_at_once(repeats[0])
    onset = float(np.median([last_at_level(repeat) for repeat in repeats]))
    start, end = float(valley.log_lr[0]), float(valley.log_lr[-1])
    if rises and onset < start + EARLY_RISE * (end - start):
        return rises_early(onset, start)
    if not rises and any(stopped_early(curve) for curve in curves):
        return stopped_before_a_fall(end)
    if valley.significance >= MAYBE:
        return perhaps_noise(valley, len(repeats))
    detectable = SURE * float(valley.error[valley.deepest])
    if detectable > HIDDEN * valley.level > 0:
        return too_noisy(
            f"With noise of ±{valley.noise:.2g}, a fall smaller than {detectable:.2g} cannot be"
            " detected.",
            len(repeats),
            squared(detectable / (HIDDEN * valley.level)),
        )
    if not rises:
        return flat(valley, detectable)
    if valley.delay_in_decades > LATE:
        return fast_ramp(valley)
    return already_trained(valley, onset)


def last_at_level(repeat: PreparedCurve) -> float:
    """log10 of the last rate at which the loss is not above its first level."""
    at_level = np.flatnonzero(repeat.fall >= 0)
    if len(at_level) == 0:
        # the mean of equal losses may be rounded to a little below them
        at_level = np.flatnonzero(repeat.fall >= -repeat.noise)
    if len(at_level) == 0:
        return float(repeat.log_lr[0])
    return float(repeat.log_lr[at_level[-1]])


def moved_at_once(repeat: PreparedCurve) -> Suggestion:
    """A loss that changed before its first level was known, without a certain fall."""
    first = 10 ** float(repeat.log_lr[0])
    return refuse(
        "diverges_from_start",
        f"The loss changed from the first rate, {first:.1e}, on, and no rate gave a lasting fall.",
        start_lower(repeat, skips_beginning=first_step(repeat) > COARSE_STEP),
    )


def rises_early(onset: float, start: float) -> Suggestion:
    """A loss that rises near the start of the ramp; both arguments are log10 of rates."""
    return refuse(
        "diverges_from_start",
        f"The loss rises from {10**onset:.1e} on, without a fall before that.",
        f"Lower start_lr to {10**start / LOWER:.0e}.",
    )


def perhaps_noise(valley: Valley, repeats: int) -> Suggestion:
    """A fall that may be noise."""
    fall = float(valley.unbiased_fall[valley.surest])
    needed = SURE * float(valley.error[valley.surest])
    return too_noisy(
        f"The loss fell by {fall:.2g}, which may be noise:"
        f" with batches that differ so much only a fall of {needed:.2g} counts.",
        repeats,
        squared(SURE / valley.significance),
    )


def squared(ratio: float) -> float:
    """The square, infinite where `ratio ** 2` raises OverflowError."""
    return ratio * ratio


def too_noisy(reason: str, repeats: int, times: float) -> Suggestion:
    """Noise that may hide a fall or look like one; `times` the measurements would decide."""
    advice = "Use the largest batch that fits, and ten times the iterations."
    if times <= MAX_TIMES:  # nor where it is infinite or nan
        advice = (
            f"Measure {ceil(repeats * times)} repeats instead of {repeats}, or use {ceil(times)}"
            " times the iterations or the batch size."
        )
    return refuse("too_noisy", reason, advice)


def already_trained(valley: Valley, onset: float) -> Suggestion:
    """A loss that no rate lowered, and that rises from `onset`, log10 of a rate, on."""
    return refuse(
        "already_trained",
        f"No rate lowered the loss below its first level, {valley.level:.3g};"
        f" it rises from {10**onset:.1e} on.",
        f"Test an untrained model, or continue training at no more than {10**onset / SAFE:.0e}."
        " If the model is untrained, measure more iterations, or scale its inputs.",
    )


def flat(valley: Valley, detectable: float) -> Suggestion:
    """A loss that stayed at its first level; a fall of `detectable` would have been certain."""
    start, end = 10 ** float(valley.log_lr[0]), 10 ** float(valley.log_lr[-1])
    return refuse(
        "no_descent",
        f"From {start:.1e} to {end:.1e} the loss stayed within its noise (±{valley.noise:.2g});"
        f" a fall of {detectable:.2g} would have been detected.",
        f"Raise end_lr to {HIGHER * end:.0e}; if the loss stays flat, check that the optimizer has"
        " the model's parameters.",
    )


def stopped_before_a_fall(end: float) -> Suggestion:
    """A test that was stopped before the loss moved; `end` is log10 of the last rate."""
    return refuse(
        "no_descent",
        f"The loss had not fallen by {10**end:.1e}, where the test was stopped.",
        "Let the test run to its end.",
    )


def still_falling(valley: Valley, curves: Sequence[Curve]) -> Suggestion:
    """A fall whose end the test did not reach."""
    end_lr = 10 ** float(valley.longest.log_lr[-1])
    if any(stopped_early(curve) for curve in curves):
        return refuse(
            "still_falling",
            f"The loss had not turned up by {end_lr:.1e}, where the test was stopped.",
            "Let the test run to its end.",
        )
    factor = HIGHER
    if is_linear(valley.longest):
        factor = HIGHER_LINEAR
    return refuse(
        "still_falling",
        f"The loss had not turned up by {end_lr:.1e}, where the test ended.",
        f"Raise end_lr to {factor * end_lr:.0e}.",
    )


def stopped_early(curve: Curve) -> bool:
    """Whether the curve has fewer points than were planned."""
    return curve.num_iter is not None and len(curve.lr) < curve.num_iter


def is_linear(repeat: PreparedCurve) -> bool:
    """Whether the steps of the ramp shrink in log(lr), as those of a linear ramp do."""
    steps = np.diff(repeat.log_lr)
    return bool(steps[-1] < steps.mean() / 2)


def falling_from_start(valley: Valley) -> Suggestion:
    """A fall that begins at the first rate or within the first step: its centre may be lower."""
    start_lr = 10 ** float(valley.log_lr[0])
    return refuse(
        "falling_from_start",
        f"The loss fell from the first rate, {start_lr:.1e}, on: lower rates may work as well.",
        start_lower(valley.longest, skips_beginning=valley.starts_with_leap),
    )


def start_lower(repeat: PreparedCurve, *, skips_beginning: bool) -> str:
    """The advice for a ramp that starts too high, or whose first step skips the beginning."""
    if skips_beginning:
        return (
            "Measure on an exponential ramp:"
            f" the second rate of this one is {first_step(repeat):.0e} times the first."
        )
    return f"Lower start_lr to {10 ** float(repeat.log_lr[0]) / LOWER:.0e}."


def first_step(repeat: PreparedCurve) -> float:
    """The second rate divided by the first."""
    return float(10 ** (repeat.log_lr[1] - repeat.log_lr[0]))


def fell_after_climb(valley: Valley) -> Suggestion:
    """A loss that blew up and then fell further: the rates below have to be tested alone."""
    assert valley.climb is not None
    climb, lowest = 10**valley.climb, 10 ** float(valley.log_lr[valley.deepest])
    return refuse(
        "disagree",
        f"The loss climbed far above its first level from {climb:.1e} on, and fell again up to"
        f" {lowest:.1e}: after the climb it says nothing of a training from the start.",
        f"Test again up to {climb:.0e}, on an exponential ramp of at least {LEAST} iterations from"
        f" {climb / 1e5:.0e}.",
    )


def two_valleys(left: float, right: float) -> Suggestion:
    """A centre between two valleys, where the loss was high; log10 of the deepest rates of both."""
    return refuse(
        "disagree",
        f"The loss fell around {10**left:.1e} and around {10**right:.1e}, and not between them.",
        f"Test again from {10**left / HIGHER:.0e} to {10 ** ((left + right) / 2):.0e}:"
        " the first of the two falls needed less training.",
    )


def repeats_disagree(valley: Valley) -> Suggestion:
    """Repeats whose centres are too far apart to measure the same."""
    low, high = 10 ** min(valley.centres), 10 ** max(valley.centres)
    return refuse(
        "disagree",
        f"The repeats suggest rates from {low:.1e} to {high:.1e}.",
        "Look at the repeats one by one, or measure more iterations.",
    )


def fast_ramp(valley: Valley) -> Suggestion:
    """A ramp that is decades further before a rate shows in the loss."""
    return refuse(
        "too_short",
        f"A rate shows in the loss {iterations(valley.longest.delay_in_iterations)} later:"
        f" {valley.delay_in_decades:.1f} decades on this ramp.",
        f"Measure {slow_enough(valley)} iterations.",
    )


def too_few_iterations(count: int) -> Suggestion:
    """A test too short for an answer that a longer one would confirm."""
    return refuse(
        "too_short",
        f"{iterations(count)} are too few: tests of fewer than {LEAST} suggest other rates than"
        " longer ones do.",
        f"Measure at least {LEAST} iterations, better {USUAL}.",
    )


def slow_enough(valley: Valley) -> int:
    """Iterations of a ramp on which the delay is short enough, in steps of 50."""
    longest = valley.longest
    count = len(longest.log_lr) * longest.iterations_per_lr
    return max(LEAST, ceil(count * valley.delay_in_decades / LATE / 50) * 50)


def too_fast(valley: Valley) -> Suggestion:
    """A loss that was lowest before any rate could show in it."""
    points = len(valley.longest.log_lr)
    return refuse(
        "too_short",
        f"A rate shows in the loss {iterations(valley.longest.delay_in_iterations)} later,"
        " and the loss was lowest before that.",
        f"Measure {max(USUAL, 10 * points)} iterations, or lower start_lr.",
    )


def iterations(count: float) -> str:
    """A rounded number of iterations, in words."""
    if round(count) == 1:
        return "1 iteration"
    return f"{count:.0f} iterations"


def disagree(valley: Valley, metric: Valley) -> Suggestion:
    """Loss and metric that suggest different rates."""
    loss_lr, metric_lr = 10**valley.centre, 10**metric.centre
    return refuse(
        "disagree",
        f"The loss suggests {loss_lr:.1e}, the metric {metric_lr:.1e}.",
        f"Train briefly at {loss_lr:.1e} and at {metric_lr:.1e}, and keep the rate with the better"
        " metric.",
    )
