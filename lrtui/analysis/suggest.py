"""Our suggestion: a rate and its interval, or a refusal if the curves do not justify an answer.

The rate is at a fixed distance from the reference rate of the curves (see `valley`). The distance
depends on the planned training; it and the width of the interval are calibrated on short trainings
of many tasks (see `calibration`).
"""

from collections.abc import Sequence
from dataclasses import replace
from math import log10
from numbers import Real
from typing import NamedTuple

import numpy as np

from lrtui.analysis import calibration, refusals
from lrtui.analysis.answer import ANY_PLAN, Plan, Schedule, Suggestion
from lrtui.analysis.bounds import START_SHARE
from lrtui.analysis.curve import Curve, FloatArray, Numbers, as_floats, unsmooth
from lrtui.analysis.evidence import SURE, Evidence, gather_evidence
from lrtui.analysis.plan import LEAST, plan_of
from lrtui.analysis.smoothed import doubt, hidden_noise
from lrtui.analysis.valley import Valley

HELD = 2 / 3  # of the deepest fall: the span of rates that hold at least this much is the valley
TOO_LATE = 1.5  # decades; with a longer delay, neighbouring rates cannot be told apart
APART = 1.5  # decades between repeats that do not measure the same
TOUCHES = 0.1  # decades; an interval this close to the first rate may start below it
LONG = 1000  # iterations; a longer test gives the same answer
USUAL_DECADES = 8  # of a ramp: from 1e-7 to 10
MARGIN = log10(2)  # decades from the answer to rates that blew up: twice too high loses everything
TURNED = 0.9  # share of the fall; a curve that holds less at its end has turned up


class Span(NamedTuple):
    """log10 of a lower and an upper rate."""

    low: float
    high: float


def suggest(
    lrs: Numbers,
    losses: Numbers,
    *,
    smooth_f: float | None = None,
    momentum: float | None = None,
    schedule: Schedule = "constant",
    steps: int | None = None,
    warmup: int = 0,
) -> Suggestion:
    """Suggest a learning rate from a range test that was measured by any tool.

    Args:
        lrs: learning rates in the order they were used: rising, exponential or linear.
        losses: the loss at each of them, preferably raw: a smoothed loss lags behind the rate and
            hides its noise.
        smooth_f: undo this exponential smoothing first; torch_lr_finder's and ignite's default is
            0.05.
        momentum: the optimizer's (beta1 of the Adam family, 0 without); it delays the effect of a
            rate.
        schedule: of the training that the rate is for; for one-cycle and cosine it is the peak.
        steps: optimizer steps of that training; None: not said.
        warmup: steps of its linear warm-up, part of `steps`.

    Raises:
        ValueError: the arrays differ in length, the rates do not rise, or an argument is invalid.
    """
    plan = plan_of(schedule, steps, warmup)
    curve = Curve.of(as_floats("lrs", lrs), as_floats("losses", losses), momentum=momentum)
    check_rates(curve.lr)
    check_momentum(momentum)
    check_smooth_f(smooth_f)
    if smooth_f is not None:
        unsmoothed = replace(curve, raw_loss=unsmooth(curve.raw_loss, smooth_f))
        return suggest_curves([unsmoothed], plan)
    suggestion = suggest_curves([curve], plan)
    hidden = hidden_noise(curve.raw_loss)
    if hidden is None:
        return suggestion
    return doubt(suggestion, sure=falls_by(gather_evidence([curve]).loss, SURE * hidden))


def check_rates(lrs: FloatArray) -> None:
    """Raise ValueError unless the rates are finite, not negative, and rise."""
    if not np.isfinite(lrs).all() or (lrs < 0).any():
        raise ValueError("learning rates must be finite and not negative")
    falling = np.flatnonzero(np.diff(lrs) <= 0)
    if len(falling):
        i = int(falling[0])
        raise ValueError(
            f"learning rates must rise, but {lrs[i]:.3g} is followed by {lrs[i + 1]:.3g}"
            f" (point {i + 1}): pass one run at a time, in the order of its rates"
        )


def check_momentum(momentum: float | None) -> None:
    """Raise ValueError unless the momentum is None, or at least 0 and below 1."""
    check_number("momentum", momentum)
    if momentum is not None and not 0 <= momentum < 1:
        raise ValueError(f"momentum must be at least 0 and below 1, got {momentum}")


def check_smooth_f(smooth_f: float | None) -> None:
    """Raise ValueError unless the smoothing factor is None, or above 0 and at most 1."""
    check_number("smooth_f", smooth_f)
    if smooth_f is not None and not 0 < smooth_f <= 1:
        raise ValueError(f"smooth_f must be above 0 and at most 1, got {smooth_f}")


def check_number(name: str, value: object) -> None:
    """Raise ValueError unless the value is None or a real number."""
    if not isinstance(value, Real | None):
        raise ValueError(f"{name} must be a number, got {value!r}")


def suggest_curves(curves: Sequence[Curve], plan: Plan = ANY_PLAN) -> Suggestion:
    """Suggest a learning rate from the repeats of a range test. Never raises; see `analyse`."""
    try:
        return judge(gather_evidence(curves), curves, plan)
    except Exception as error:  # noqa: BLE001 - it is asked while a run is drawn, too
        return refusals.analysis_failed(error)


def judge(evidence: Evidence, curves: Sequence[Curve], plan: Plan = ANY_PLAN) -> Suggestion:
    """The answer, or the first refusal that applies.

    Args:
        evidence: gathered from `curves`.
        curves: all repeats, as measured.
        plan: the training that the rate is for.
    """
    valley, metric = evidence.loss, evidence.metric
    if valley is None:
        return refusals.too_little(curves)
    if valley.delay_in_decades > TOO_LATE and not valley.starts_with_leap:
        return refusals.fast_ramp(valley)
    if valley.significance < SURE:
        return refusals.no_fall(valley, evidence.repeats, curves)
    if valley.climb is not None and valley.reference > valley.climb:
        return refusals.fell_after_climb(valley)
    if is_still_falling(valley):
        return refusals.still_falling(valley, curves)
    if valley.centre_within_delay:
        return refusals.too_fast(valley)
    if fell_at_once(valley):
        return refusals.falling_from_start(valley)
    if spread(valley.centres) > APART:
        return refusals.repeats_disagree(valley)
    sides = valley.sides_of_hump
    if sides is not None:
        return refusals.two_valleys(*sides)
    if metric is not None and not overlap(held_span(valley), held_span(metric)):
        return refusals.disagree(valley, metric)
    count = planned_iterations(curves, valley)
    if count < LEAST:
        return refusals.too_few_iterations(count)
    if valley.delay_at_centre > refusals.LATE:
        return refusals.fast_ramp(valley)
    return answer(valley, evidence, curves, plan)


def is_still_falling(valley: Valley) -> bool:
    """Whether the test ended before the loss turned up: it ends near its lowest, and never rose."""
    has_turned = valley.turned or valley.climb is not None or not valley.holds_at_end
    return not has_turned and bool(valley.share[-1] >= TURNED)


def fell_at_once(valley: Valley) -> bool:
    """Whether the fall is at the first rate; on a ramp that starts with a leap, its beginning."""
    left = held_span(valley).low
    if valley.starts_with_leap:
        left = valley.before_delay(valley.edges(START_SHARE)[0])
    return left <= float(valley.log_lr[0]) + TOUCHES


def spread(centres: Sequence[float]) -> float:
    """Twice the interquartile range, in decades: a few noisy repeats may be anywhere."""
    low, high = np.quantile(centres, (0.25, 0.75))
    return 2 * float(high - low)


def falls_by(valley: Valley | None, standard_errors: float) -> bool:
    """Whether the fall is at least so many standard errors."""
    return valley is not None and valley.significance >= standard_errors


def held_span(valley: Valley) -> Span:
    """The rates that held the fall, widened to each repeat's centre.

    The delay is removed on the left only: what it shifts may, but need not, be due to lower rates.
    """
    left, right = valley.edges(HELD)
    low = min(valley.before_delay(left), valley.centre, *valley.centres)
    high = max(right, valley.centre, *valley.centres)
    return Span(low, high)


def overlap(one: Span, other: Span) -> bool:
    """Whether two intervals have a rate in common."""
    return one.low <= other.high and other.low <= one.high


def answer(valley: Valley, evidence: Evidence, curves: Sequence[Curve], plan: Plan) -> Suggestion:
    """The suggestion for a plan, with its calibrated interval."""
    reach = calibration.reach(plan, planned_iterations(curves, valley))
    log_lr = min(valley.reference + calibration.shift(plan), valley.ceiling - MARGIN)
    span = measured_span(valley, log_lr, reach.half_width)
    lowest_at = 10 ** float(valley.log_lr[valley.deepest])
    method = refusals.METHOD
    if len(evidence.repeats) > 1:
        method = f"{refusals.METHOD}, of {len(evidence.repeats)} repeats"
    return Suggestion(
        lr=10 ** min(max(log_lr, span.low), span.high),
        low=10**span.low,
        high=10**span.high,
        verdict="ok",
        reason=f"The loss fell by {valley.depth:.3g}, lowest at {lowest_at:.1e}.",
        method=method,
        advice=next_step(valley, evidence, curves),
        schedule=plan.schedule,
        steps=plan.steps or None,
        coverage=reach.coverage,
        loss_within=reach.loss_within,
        cost=sum(len(curve.lr) for curve in curves),
        calibration=reach.calibration,
    )


def measured_span(valley: Valley, log_lr: float, half_width: float) -> Span:
    """The interval around a rate, without rates that blew up or that were not measured."""
    first, last = float(valley.log_lr[0]), valley.ceiling
    low = min(max(log_lr - half_width, first), last)
    high = max(min(log_lr + half_width, last), first)
    return Span(low, high)


def planned_iterations(curves: Sequence[Curve], valley: Valley) -> int:
    """Iterations of the longest ramp.

    Of a curve that diverged, measured by a tool that does not say how many were planned: as many as
    the usual range would have had at its density.
    """
    known = max(curve.planned for curve in curves)
    if not valley.diverged or any(curve.num_iter is not None for curve in curves):
        return known
    return max(known, round(valley.longest.density(valley.measured_centre) * USUAL_DECADES))


def next_step(valley: Valley, evidence: Evidence, curves: Sequence[Curve]) -> str:
    """How to improve a good answer."""
    if evidence.copies:
        return (
            "Shuffle the data or vary the initialisation:"
            " the repeats were the same to the last bit."
        )
    if planned_iterations(curves, valley) < LONG:
        return f"Race it with short trainings, or measure {LONG:,} iterations."
    return "Race it with short trainings, or train."
