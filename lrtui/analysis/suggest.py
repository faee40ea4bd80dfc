"""Our suggestion: one rate, the interval it is sure of, and silence where a curve does not justify an answer.

The rate is the centre of the valley (see `valley`): a compromise that a constant rate may rather stay below, and the
peak of a one-cycle schedule go above. The interval is where the test held two thirds of its deepest fall, and
reaches to each repeat's own centre: in tests/bench/answers it contains the best rate nine times in ten.
"""

from collections.abc import Sequence
from dataclasses import replace
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from lrtui.analysis import refusals
from lrtui.analysis.answer import Suggestion
from lrtui.analysis.bounds import STARTS
from lrtui.analysis.curve import Curve, FloatArray, as_floats, unsmooth
from lrtui.analysis.evidence import SURE, Reading, read
from lrtui.analysis.smoothed import doubted, hidden_noise
from lrtui.analysis.valley import Valley

HELD = 2 / 3  # the interval is where this share of the deepest fall was held
TOO_LATE = 1.5  # decades; what shows so late cannot be told from its neighbours
APART = 1.5  # decades between two repeats that do not measure the same
TOUCHES = 0.1  # decades; an interval that is no further from the first rate may begin left of it
TURNED = 0.9  # a curve has turned up again once it holds less than this share


def suggest(
    lrs: ArrayLike,
    losses: ArrayLike,
    *,
    smooth_f: float | None = None,
    momentum: float | None = None,
) -> Suggestion:
    """The learning rate that a range test measured by any tool speaks for.

    Args:
        lrs: learning rates in the order they were used: rising, geometric or linear.
        losses: the loss at each of them, unsmoothed if there is a choice: a smoothed one lags behind the rate and hides
            its noise.
        smooth_f: undo this exponential smoothing first; torch_lr_finder's and ignite's default is 0.05.
        momentum: of the optimizer (beta1 of the Adam family, 0 for one without): with it, a rate shows later.

    Raises:
        ValueError: the arrays differ in length, the rates do not rise, or a number that makes no sense.
    """
    curve = Curve.of(as_floats("lrs", lrs), as_floats("losses", losses), momentum=momentum)
    check_ladder(curve.lr)
    for name, value in (("momentum", momentum), ("smooth_f", smooth_f)):
        if not isinstance(value, Real | None):
            raise ValueError(f"{name} must be a number, got {value!r}")
    if momentum is not None and not 0 <= momentum < 1:
        raise ValueError(f"momentum must be at least 0 and below 1, got {momentum}")
    if smooth_f is None:
        reading, hidden = read([curve]), hidden_noise(curve.raw_loss)
        found = judge(reading, [curve])
        return (
            found if hidden is None else doubted(found, surely_falls(reading.loss, SURE * hidden))
        )
    if not 0 < smooth_f <= 1:
        raise ValueError(f"smooth_f must be above 0 and at most 1, got {smooth_f}")
    return suggest_curves([replace(curve, raw_loss=unsmooth(curve.raw_loss, smooth_f))])


def check_ladder(lrs: FloatArray) -> None:
    """Raise ValueError unless the rates are finite, not negative, and rise."""
    if not np.isfinite(lrs).all() or (lrs < 0).any():
        raise ValueError("learning rates must be finite and not negative")
    wrong = np.flatnonzero(np.diff(lrs) <= 0)
    if len(wrong):
        i = int(wrong[0])
        raise ValueError(
            f"learning rates must rise, but {lrs[i]:.3g} is followed by {lrs[i + 1]:.3g} (point {i + 1}): "
            "give one run at a time, its points in the order of their rates"
        )


def suggest_curves(curves: Sequence[Curve]) -> Suggestion:
    """The learning rate that the repeats of a range test speak for. Whatever was measured, it does not raise."""
    return judge(read(curves), curves)


def judge(reading: Reading, curves: Sequence[Curve]) -> Suggestion:
    """An answer, or the first of the reasons not to give one. The curves are what the reading is of."""
    valley, metric = reading.loss, reading.metric
    if valley is None:
        return refusals.too_little(curves)
    if valley.lateness > TOO_LATE and not valley.begins_coarsely:
        return refusals.fast_ramp(valley)
    if valley.significance < SURE:
        return refusals.no_fall(valley, reading.traces)
    if not valley.turned and valley.share[-1] >= TURNED:
        return refusals.still_falling(valley, curves)
    if valley.hurried:
        return refusals.too_fast(valley)
    if fell_at_once(valley):
        return refusals.falling_from_start(valley)
    if apart(valley.centres) > APART:
        return refusals.repeats_disagree(valley)
    if valley.humps is not None:
        return refusals.two_valleys(*valley.humps)
    if metric is not None and not overlap(interval(valley), interval(metric)):
        return refusals.disagree(valley, metric)
    return answer(valley, reading)


def fell_at_once(valley: Valley) -> bool:
    """Whether the fall reaches back to the first rate; on a ladder that begins coarsely, whether it began there."""
    left = (
        valley.earlier(valley.edges(STARTS)[0]) if valley.begins_coarsely else interval(valley)[0]
    )
    return left <= float(valley.log_lr[0]) + TOUCHES


def apart(centres: Sequence[float]) -> float:
    """How far the repeats' centres are apart, by the middle half of them: a few noisy ones may be anywhere."""
    low, high = np.quantile(centres, (0.25, 0.75))
    return 2 * float(high - low)


def surely_falls(valley: Valley | None, errors: float = SURE) -> bool:
    """Whether the fall is so many of its standard errors."""
    return valley is not None and valley.significance >= errors


def interval(valley: Valley) -> tuple[float, float]:
    """Log10 of the outermost rates that held the fall: to the left with the delay taken off, to the right without."""
    left, right = valley.edges(HELD)
    return min(valley.earlier(left), valley.centre, *valley.centres), max(
        right, valley.centre, *valley.centres
    )


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def answer(valley: Valley, reading: Reading) -> Suggestion:
    """The centre of a valley that is there beyond doubt."""
    repeats = len(reading.traces)
    low, lr, high = (
        10**log_lr for log_lr in (interval(valley)[0], valley.centre, interval(valley)[1])
    )
    bottom = 10 ** float(valley.log_lr[valley.deepest])
    errors = f"{valley.significance:.0f}" if valley.significance < 1000 else "over 1000"
    return Suggestion(
        lr=lr,
        low=low,
        high=high,
        verdict="ok",
        reason=f"The loss fell by {valley.depth:.3g}, {errors} standard errors, lowest at {bottom:.1e}.",
        method=f"{refusals.METHOD} of {repeats} repeats" if repeats > 1 else refusals.METHOD,
        advice=next_step(valley, reading),
    )


def next_step(valley: Valley, reading: Reading) -> str:
    """What makes a good answer better: a slower ramp before more repeats, and more repeats before a confirmation."""
    late = valley.delay_in_decades
    if late > refusals.LATE:
        return f"Measure {refusals.slower(valley)} iterations: on so fast a ramp a rate shows {late:.1f} decades late."
    if reading.copies:
        return (
            "Shuffle the data, or vary the initialisation: repeats were the same to the last bit."
        )
    if len(reading.traces) == 1:
        return "Measure 3 repeats: one run does not show how much its seed matters."
    return "Confirm it with short trainings, or train."
