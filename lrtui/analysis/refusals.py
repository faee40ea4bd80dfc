"""Silence, each kind with its reason and the next thing to do. Every function returns a suggestion without a rate."""

from collections.abc import Sequence
from math import ceil, floor

import numpy as np

from lrtui.analysis.answer import Suggestion, Verdict
from lrtui.analysis.curve import Curve
from lrtui.analysis.evidence import MIN_POINTS, SURE
from lrtui.analysis.prepared_curve import PreparedCurve
from lrtui.analysis.valley import BANDWIDTH, Valley

METHOD = "centre of the valley"
PERHAPS = 3.0  # standard errors of a fall that more repeats may make sure of
HIDDEN = 0.5  # of the first loss: a fall by less than this must not go unseen
DOWN, UP = 1000, 100  # times: so much lower a start, so much higher an end is worth a try
UP_LINEAR = 5
SAFE = 10  # times below where a loss rises
TINY = 1e-6  # a rate that no step is known to come to harm at
MOST = 30  # times the measurements; more is no advice
LATE = 2 * BANDWIDTH  # decades; a ramp on which a rate shows later is a fast one
AT_ONCE = 0.2  # a rise within this share of the axis leaves no room for an answer to its left


def refuse(verdict: Verdict, reason: str, advice: str) -> Suggestion:
    return Suggestion(verdict=verdict, reason=reason, advice=advice, method=METHOD)


def too_little(curves: Sequence[Curve]) -> Suggestion:
    """Fewer finite losses than can be judged: stopped early, or not finite from (nearly) the start."""
    longest = max(curves, key=lambda curve: len(curve.lr), default=None)
    if longest is None or len(longest.lr) == 0:
        return refuse(
            "too_short",
            "Nothing was measured.",
            f"Measure at least {MIN_POINTS} points, better 100.",
        )
    points = int(np.isfinite(longest.raw_loss).sum())
    start_lr, losses = float(longest.lr[0]), longest.raw_loss
    if points == 0 or not np.isfinite(longest.raw_loss[0]):
        return refuse(
            "diverges_from_start",
            f"The loss was not finite at {start_lr:.1e}, before a single step was taken.",
            "Look at the data, the loss and the precision: no learning rate can mend this.",
        )
    if not np.isfinite(losses[-1]) or (
        losses[-1] / 2 > abs(losses[0]) and losses[-1] == losses.max()
    ):
        return refuse(
            "diverges_from_start",
            f"The loss blew up within {len(losses)} iterations, from {start_lr:.1e} on.",
            f"Lower start_lr to {start_lr / DOWN:.0e}."
            if start_lr > TINY
            else "So low a rate can hardly do that: look at the loss of single batches, and raise diverge_th.",
        )
    return refuse(
        "too_short",
        f"{points} finite loss{'es are' if points > 1 else ' is'} too few to tell a fall from noise.",
        f"Measure at least {MIN_POINTS} points, better 100.",
    )


def no_fall(valley: Valley, traces: Sequence[PreparedCurve]) -> Suggestion:
    """No fall to be sure of: the loss rises, or noise may hide a fall, or it is flat."""
    start, end = float(valley.log_lr[0]), float(valley.log_lr[-1])
    rises = valley.diverged or valley.fall[-1] < -SURE * valley.error[-1]
    onset = float(np.median([last_at_level(t) for t in traces]))
    at_once = any(t.at_once for t in traces)
    if at_once and (rises or valley.turned):
        return moved_at_once(traces[0])
    if rises and onset < start + AT_ONCE * (end - start):
        return refuse(
            "diverges_from_start",
            f"The loss rises from {10**onset:.1e} on and never fell before.",
            f"Lower start_lr to {10**start / DOWN:.0e}.",
        )
    smallest = SURE * float(valley.error[valley.deepest])
    if valley.significance >= PERHAPS:
        return perhaps_noise(valley, len(traces))
    if smallest > HIDDEN * valley.level > 0:
        reason = (
            f"In noise of ±{valley.noise:.2g} a fall of less than {smallest:.2g} would not show."
        )
        return too_noisy(reason, len(traces), (smallest / (HIDDEN * valley.level)) ** 2)
    if rises and valley.lateness > LATE:
        return fast_ramp(valley)
    if rises:
        return refuse(
            "already_trained",
            f"No rate brought the loss below {valley.level:.3g}, where it began; from {10**onset:.1e} on it rises.",
            f"Test from a fresh start, or go on training at no more than {10**onset / SAFE:.0e}. If it was fresh, "
            "measure more iterations, or scale its inputs.",
        )
    return refuse(
        "no_descent",
        f"From {10**start:.1e} to {10**end:.1e} the loss stayed within its noise (±{valley.noise:.2g}); a fall of "
        f"{smallest:.2g} would have shown.",
        f"Raise end_lr to {UP * 10**end:.0e}; if that is flat too, see whether the optimizer has the parameters.",
    )


def moved_at_once(t: PreparedCurve) -> Suggestion:
    """A loss that moved before its level could be known, and no fall that can be told from that."""
    first = 10 ** float(t.log_lr[0])
    return refuse(
        "diverges_from_start",
        f"The loss moved at the first rates, from {first:.1e} on, and none of them brought a fall that lasted.",
        begin_lower(t, leaps=times(t) > 10),
    )


def perhaps_noise(valley: Valley, repeats: int) -> Suggestion:
    """A fall that may be one of the noise."""
    fall, error = (float(values[valley.surest]) for values in (valley.fair, valley.error))
    errors = floor(10 * valley.significance) / 10  # 4.0 would be enough
    reason = f"A fall of {fall:.2g} ± {error:.2g} may be noise: {errors:.1f} standard errors, and it takes {SURE:.0f}."
    return too_noisy(reason, repeats, (SURE / valley.significance) ** 2)


def too_noisy(reason: str, repeats: int, times: float) -> Suggestion:
    """Noise that could hide a fall, or be one; it takes so many times the measurements to tell."""
    many = ceil(times)
    return refuse(
        "too_noisy",
        reason,
        f"Measure {ceil(repeats * times)} repeats instead of {repeats}, or take {many} times the iterations or the "
        "batch size."
        if many <= MOST
        else "Take a batch as large as fits, and ten times the iterations.",
    )


def last_at_level(t: PreparedCurve) -> float:
    """Log10 of the last rate at which the loss was not above its first level."""
    at_level = np.flatnonzero(t.fall >= 0)
    if len(at_level) == 0:
        # the mean of equal losses may be rounded to a little below them
        at_level = np.flatnonzero(t.fall >= -t.noise)
    return float(t.log_lr[at_level[-1] if len(at_level) else 0])


def still_falling(valley: Valley, curves: Sequence[Curve]) -> Suggestion:
    """A fall that the test did not see the end of."""
    end_lr = 10 ** float(valley.longest.log_lr[-1])
    if any(curve.num_iter is not None and len(curve.lr) < curve.num_iter for curve in curves):
        return refuse(
            "still_falling",
            f"The loss had not turned up by {end_lr:.1e}, where the test was stopped.",
            "Let it run to its end.",
        )
    return refuse(
        "still_falling",
        f"The loss had not turned up by {end_lr:.1e}, where the test ended.",
        f"Raise end_lr to {(UP_LINEAR if is_linear(valley.longest) else UP) * end_lr:.0e}.",
    )


def is_linear(t: PreparedCurve) -> bool:
    """Whether the steps of a ladder shrink on the axis of log(lr), as those of a linear one do."""
    steps = np.diff(t.log_lr)
    return bool(steps[-1] < steps.mean() / 2)


def falling_from_start(valley: Valley) -> Suggestion:
    """A fall whose beginning is left of the ramp, or within its first step: its centre may be there, too."""
    start_lr = 10 ** float(valley.log_lr[0])
    return refuse(
        "falling_from_start",
        f"The loss fell from {start_lr:.1e}, the first rate, on: lower ones may be as good.",
        begin_lower(valley.longest, leaps=valley.begins_coarsely),
    )


def begin_lower(t: PreparedCurve, *, leaps: bool) -> str:
    """What to do about a ladder that passes over the beginning: with its first step, or by starting above it."""
    if leaps:
        return f"Measure on an exponential ramp: the second rate of this one is {times(t):.0e} times the first."
    return f"Lower start_lr to {10 ** float(t.log_lr[0]) / DOWN:.0e}."


def times(t: PreparedCurve) -> float:
    """How many times the first rate the second one is."""
    return float(10 ** (t.log_lr[1] - t.log_lr[0]))


def two_valleys(left: float, right: float) -> Suggestion:
    """A centre between two valleys, where the loss was high."""
    return refuse(
        "disagree",
        f"The loss fell at two places, around {10**left:.1e} and around {10**right:.1e}, and not between them.",
        f"Test again from {10**left / UP:.0e} to {10 ** ((left + right) / 2):.0e}: the first of them comes from less "
        "training.",
    )


def repeats_disagree(valley: Valley) -> Suggestion:
    """Repeats that speak for rates too far apart to be of one curve."""
    return refuse(
        "disagree",
        f"The repeats speak for rates from {10 ** min(valley.centres):.1e} to {10 ** max(valley.centres):.1e}.",
        "Look at them one by one, or measure more iterations.",
    )


def fast_ramp(valley: Valley) -> Suggestion:
    """A ramp on which a rate shows when others have long taken its place."""
    return refuse(
        "too_short",
        f"A rate shows {valley.longest.delay:.0f} iterations late: on this ramp {valley.lateness:.1f} decades.",
        f"Measure {slower(valley)} iterations.",
    )


def slower(valley: Valley) -> int:
    """Iterations of a ramp on which a rate shows in time."""
    return ceil(len(valley.longest.log_lr) * valley.lateness / BANDWIDTH / 50) * 50


def too_fast(valley: Valley) -> Suggestion:
    """A fall that was over before the rates that brought it can be told."""
    points, late = len(valley.longest.log_lr), valley.longest.delay
    return refuse(
        "too_short",
        f"A rate shows {late:.0f} iterations after its turn, and the loss was lowest before there were so many.",
        f"Measure {max(100, 10 * points)} iterations, or lower start_lr.",
    )


def disagree(valley: Valley, metric: Valley) -> Suggestion:
    """Loss and metric that call for different rates."""
    loss_lr, metric_lr = 10**valley.centre, 10**metric.centre
    return refuse(
        "disagree",
        f"The loss speaks for {loss_lr:.1e}, the metric for {metric_lr:.1e}.",
        f"Train for a while at {loss_lr:.1e} and at {metric_lr:.1e}, and keep the one with the better metric.",
    )
