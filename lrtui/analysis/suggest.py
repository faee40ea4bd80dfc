"""Our suggestion: one rate, the interval it is sure of, and silence where a curve does not justify an answer.

The rate is the centre of the valley (see `valley`): a compromise that a constant rate may rather stay below, and the
peak of a one-cycle schedule go above. The interval is where the test held two thirds of its deepest fall, and
reaches to each repeat's own centre: in tests/bench/answers it contains the best rate nine times in ten.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import ceil

import numpy as np
from numpy.typing import ArrayLike

from lrtui.analysis import refusal
from lrtui.analysis.answer import Suggestion
from lrtui.analysis.curve import Curve, FloatArray, on_log_axis, unsmooth
from lrtui.analysis.trace import Trace, trace
from lrtui.analysis.valley import BANDWIDTH, Valley, find_valley

MIN_POINTS = 10
SURE = 4.0  # a fall is believed from so many of its standard errors on
HELD = 2 / 3  # the interval is where this share of the deepest fall was held
TURNED = 0.9  # a curve has turned up again once it holds less than this share


def suggest(
    lrs: ArrayLike, losses: ArrayLike, *, smooth_f: float | None = None, momentum: float | None = None
) -> Suggestion:
    """The learning rate that a range test measured by any tool speaks for.

    Args:
        lrs: learning rates in the order they were used: rising, geometric or linear.
        losses: the loss at each of them, unsmoothed if there is a choice: a smoothed one lags behind the rate and hides
            its noise.
        smooth_f: undo this exponential smoothing first; torch_lr_finder's and ignite's default is 0.05.
        momentum: of the optimizer (beta1 of the Adam family, 0 for one without): with it, a rate shows later.

    Raises:
        ValueError: the arrays differ in length, or the rates do not rise.
    """
    curve = Curve.of(lrs, losses, momentum=momentum)
    check_ladder(curve.lr)
    if smooth_f is None:
        return suggest_curves([curve])
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
    traces = loss_traces(curves)
    if not traces:
        return refusal.too_little(curves, MIN_POINTS)
    valley = find_valley(traces)
    if valley.significance < SURE:
        return refusal.no_fall(valley, traces, SURE)
    if not (valley.diverged or valley.share[-1] < TURNED):
        return refusal.still_falling(valley)
    low, high = interval(valley)
    metric = find_metric_valley(curves)
    if metric is not None and not overlap((low, high), interval(metric)):
        return refusal.disagree(valley, metric)
    return answer(valley, low, high, len(traces))


def loss_traces(curves: Sequence[Curve]) -> list[Trace]:
    """Those curves that have enough points to be judged, made ready."""
    return list(traces_of((curve, curve.raw_loss) for curve in curves))


def traces_of(measured: Iterable[tuple[Curve, FloatArray]]) -> Iterator[Trace]:
    for curve, values in measured:
        log_lr, values_there = on_log_axis(curve.lr, values)
        if np.isfinite(values_there).sum() >= MIN_POINTS:
            yield trace(log_lr, values_there, curve.momentum)


def find_metric_valley(curves: Sequence[Curve]) -> Valley | None:
    """The valley of the metric, upside down where more is better; None unless there is one to be sure of."""
    signs = {"max": -1.0, "min": 1.0}
    traces = list(traces_of((c, signs[c.metric_mode] * c.metric) for c in curves if c.metric is not None))
    valley = find_valley(traces) if traces else None
    return valley if valley is not None and valley.significance >= SURE else None


def interval(valley: Valley) -> tuple[float, float]:
    """Log10 of the outermost rates that held the fall: to the left with the delay taken off, to the right without."""
    left, right = valley.edges(HELD)
    return min(valley.earlier(left), valley.centre, *valley.centres), max(right, valley.centre, *valley.centres)


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def answer(valley: Valley, low: float, high: float, repeats: int) -> Suggestion:
    """The centre of a valley that is there beyond doubt."""
    lr = 10**valley.centre
    bottom = 10 ** float(valley.log_lr[valley.deepest])
    return Suggestion(
        lr=lr,
        low=min(lr, 10**low),
        high=max(lr, 10**high),
        verdict="ok",
        reason=(
            f"The loss fell by {valley.depth:.3g}, {valley.significance:.0f} times what noise explains, was lowest at "
            f"{bottom:.1e} and turned; from {10**low:.1e} to {10**high:.1e} two thirds of the fall were held."
        ),
        method=f"{refusal.METHOD} of {repeats} repeats" if repeats > 1 else refusal.METHOD,
        advice=next_step(valley, repeats, f"from {10**low:.1e} to {10**high:.1e}"),
    )


def next_step(valley: Valley, repeats: int, where: str) -> str:
    """What makes a good answer better: a slower ramp before more repeats, and more repeats before a confirmation."""
    late = valley.delay_in_decades
    if late > 2 * BANDWIDTH:
        slower = ceil(len(valley.longest.log_lr) * late / BANDWIDTH / 50) * 50
        return (
            f"Measure with {slower} iterations or more: the ramp is so fast that a rate shows {late:.1f} decades late."
        )
    if repeats == 1:
        return "Measure 3 repeats with different seeds: one run does not show how far the answer depends on its seed."
    return f"Confirm it with short trainings {where}, or train."
