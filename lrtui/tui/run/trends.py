"""The trends that are drawn, and the answer under view options, from the measured points.

With what it imports, the only part of the run screen that needs numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec
import numpy as np

from lrtui.analysis.analyse import analyse
from lrtui.analysis.answer import ANY_PLAN, Obstacle, Plan, Suggestion
from lrtui.analysis.curve import Curve, FloatArray, exponential_average
from lrtui.analysis.suggest import suggest_curves
from lrtui.analysis.trend import Trend, loss_trend, metric_trend
from lrtui.analysis.valley import BANDWIDTH
from lrtui.events import Step, Suggested
from lrtui.spec import RangeSpec
from lrtui.tui.chart.axis import Axis
from lrtui.tui.run.view_options import ViewOptions

Points = Sequence[Sequence[Step]]  # the steps of each repeat
Line = tuple[Sequence[float], Sequence[float]]  # rates and values

_STEADY = 512  # points of a steady line
_REACH = 3 * BANDWIDTH  # decades around the newest point in which an average still changes


@dataclass(frozen=True)
class Trends:
    """Trends of the repeats that are not left out.

    Attributes:
        loss: of all of them together: the average that the answer is computed from.
        each: of each repeat alone, where there are several.
        metric: of all of them together; empty where none was measured.
    """

    loss: Trend
    each: tuple[Trend, ...]
    metric: Trend


class RepeatsSoFar:
    """The curves of the repeats of a run, and what follows from them.

    A repeat that has ended costs nothing more: only the one in progress is computed again.
    """

    def __init__(self) -> None:
        self._curves: dict[int, tuple[object, Curve]] = {}  # by repeat, with what they depend on
        self._trends: dict[int, tuple[Curve, Trend]] = {}  # by the id of the curve
        self._provisional: tuple[list[Curve], Suggestion | None] = [], None

    def curves(
        self, points: Points, options: ViewOptions, ramp: RangeSpec, momentum: float | None
    ) -> list[Curve]:
        """Those that are not left out, trimmed and smoothed as the view says."""
        curves = []
        for repeat, steps in enumerate(points):
            if repeat in options.without or not steps:
                continue
            key = (len(steps), replace(options, without=frozenset()), ramp, momentum)
            kept = self._curves.get(repeat)
            if kept is None or kept[0] != key:
                kept = self._curves[repeat] = key, _curve(steps, options, ramp, momentum)
            curves.append(kept[1])
        return curves

    def trends(self, curves: Sequence[Curve]) -> Trends:
        """The trends of one or more of these curves."""
        each = {}
        if len(curves) > 1:
            for curve in curves:
                each[id(curve)] = self._trends.get(id(curve)) or (curve, loss_trend([curve]))
        self._trends = each
        own = tuple(trend for _, trend in each.values())
        return Trends(loss_trend(curves), own, metric_trend(curves))

    def provisional(self, curves: Sequence[Curve], plan: Plan) -> Suggestion | None:
        """See `provisional`: of repeats that have ended it stays the same."""
        before, answer = self._provisional
        if len(before) != len(curves) or any(
            one is not other for one, other in zip(before, curves, strict=True)
        ):
            answer = provisional(curves, plan)
            self._provisional = list(curves), answer
        return answer


def averages_of(curves: Sequence[Curve]) -> list[Trend]:
    """The exponential average of each curve."""
    averages = []
    for curve in curves:
        if curve.loss is not None:
            averages.append(Trend(curve.lr, curve.loss))
    return averages


def band_of(each: Sequence[Trend]) -> tuple[list[float], list[float], list[float]]:
    """Rates, and the lowest and highest of several trends there, as far as all of them reach."""
    each = [trend for trend in each if len(trend.lr)]  # one without a finite loss has none
    if not each:
        return [], [], []
    lrs = each[0].lr
    last = min(float(trend.lr[-1]) for trend in each)
    lrs = lrs[lrs <= last]
    values = [np.interp(np.log10(lrs), np.log10(trend.lr), trend.value) for trend in each]
    return lrs.tolist(), np.min(values, axis=0).tolist(), np.max(values, axis=0).tolist()


def provisional(curves: Sequence[Curve], plan: Plan) -> Suggestion | None:
    """The answer of a test that still runs, as soon as the curve justifies one."""
    suggestion = suggest_curves(curves, plan)
    if suggestion.lr is None:
        return None
    return suggestion


def recompute_answer(
    curves: Sequence[Curve],
    options: ViewOptions,
    obstacle: Obstacle | None = None,
    plan: Plan = ANY_PLAN,
    *,
    rules: bool = True,
) -> Suggested:
    """The answer for the plan that these curves give; see `analyse` for the arguments."""
    answer = analyse(curves, obstacle, plan, rules=rules)
    return Suggested(
        suggestion=_blame_trimming(answer.suggestion, options),
        by_schedule=dict(answer.by_schedule),
        suggestions=dict(answer.suggestions),
        bounds=answer.bounds,
    )


def _curve(
    steps: Sequence[Step], options: ViewOptions, ramp: RangeSpec, momentum: float | None
) -> Curve:
    measured = len(steps)
    kept = slice(options.skip_start, measured - options.skip_end)
    losses = _smoothed(steps, options)[kept]
    steps = steps[kept]
    curve = Curve.of(
        [step.lr for step in steps],
        _raw(steps),
        losses,
        _metric(steps),
        metric_mode=ramp.metric_mode,
        num_iter=None if options.skip_end else ramp.num_iter,
        momentum=momentum,
    )
    return replace(curve, trimmed=measured - len(steps))


def _smoothed(steps: Sequence[Step], options: ViewOptions) -> FloatArray:
    """Exponential average of one repeat: the run's own, or recomputed from the raw losses."""
    if options.smooth_f is not None:
        return exponential_average(_raw(steps), options.smooth_f)
    return _floats([step.loss for step in steps])


def _raw(steps: Sequence[Step]) -> FloatArray:
    return np.array([step.measured_loss for step in steps])


def _metric(steps: Sequence[Step]) -> FloatArray | None:
    if all(step.metric is None for step in steps):
        return None
    return _floats([step.metric for step in steps])


def _floats(values: Sequence[float | None]) -> FloatArray:
    """The values as an array, with nan for None."""
    return np.array(values, dtype=np.float64)


def _blame_trimming(suggestion: Suggestion, options: ViewOptions) -> Suggestion:
    """Say so where a verdict comes from the points that the person left out, not from the test."""
    if suggestion.verdict == "still_falling" and options.skip_end:
        left_out = f"last {options.skip_end}"
    elif suggestion.verdict == "falling_from_start" and options.skip_start:
        left_out = f"first {options.skip_start}"
    else:
        return suggestion
    return msgspec.structs.replace(
        suggestion,
        reason=f"The loss falls right up to where the {left_out} points are left out.",
        advice="Leave out fewer of them.",
    )


class SteadyLines:
    """Lines of a run that grows, which change only around the newest point.

    A trend is computed again with every poll, on a grid that grows with the curve. Far from the
    newest point it stays the same but for rounding, which would redraw dots all along the line.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def updated(self, name: str, line: Line, newest: float, axis: Axis) -> Line:
        """A line as it is drawn: new around the rate of the newest point, elsewhere as before.

        Args:
            name: of the line.
            line: rates, increasing, and values.
            newest: the rate of the newest point.
            axis: of the whole test; a line of another axis is forgotten.
        """
        rates, values = map(np.asarray, line)
        if not len(rates):
            return line
        kept = self._kept.get(name)
        if kept is None or kept.axis != axis:
            grid = np.array([axis.rate(index / (_STEADY - 1)) for index in range(_STEADY)])
            kept = self._kept[name] = _Kept(axis, grid, np.full(_STEADY, np.nan))
        inside = (kept.rates >= rates[0]) & (kept.rates <= rates[-1]) & (kept.rates > 0)
        near = np.zeros(_STEADY, dtype=bool)
        near[inside] = np.abs(np.log10(kept.rates[inside] / newest)) <= _REACH
        changes = inside & (near | np.isnan(kept.values))
        kept.values[changes] = np.interp(np.log10(kept.rates[changes]), np.log10(rates), values)
        known = np.isfinite(kept.values)
        # and the end itself, which lies between two points of the grid
        return (
            [*kept.rates[known].tolist(), float(rates[-1])],
            [*kept.values[known].tolist(), float(values[-1])],
        )


class _Kept(NamedTuple):
    """A line as it was drawn last."""

    axis: Axis
    rates: FloatArray
    values: FloatArray  # nan where nothing was measured yet
