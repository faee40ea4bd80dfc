"""The answer and the curves under view options, computed from the measured points.

The only module of the run screen that needs numpy: it is imported after the curve is measured.
"""

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np

from lrtui.analysis.analyse import analyse
from lrtui.analysis.answer import ANY_PLAN, Obstacle, Plan, Suggestion
from lrtui.analysis.curve import Curve, FloatArray, exponential_average
from lrtui.events import Step, Suggested
from lrtui.spec import RangeSpec
from lrtui.tui.chart.axis import Axis
from lrtui.tui.chart.thinning import Thinned
from lrtui.tui.run.view_options import ViewOptions

Points = Sequence[Sequence[Step]]  # the steps of each repeat


def recompute_answer(
    points: Points,
    options: ViewOptions,
    ramp: RangeSpec,
    momentum: float | None,
    obstacle: Obstacle | None = None,
    plan: Plan = ANY_PLAN,
) -> Suggested:
    """The answer for the plan that the curves give under these view options."""
    curves = []
    for steps in _shown(points, options):
        curves.append(_curve(steps, options, ramp, momentum))
    answer = analyse(curves, obstacle, plan)
    return Suggested(
        suggestion=_blame_trimming(answer.suggestion, options),
        by_schedule=dict(answer.by_schedule),
        suggestions=dict(answer.suggestions),
        bounds=answer.bounds,
    )


def redraw_curves(points: Points, options: ViewOptions, axis: Axis) -> list[Thinned]:
    """The curves under these view options; trimmed points keep only their raw loss."""
    curves = []
    for steps in _shown(points, options):
        curve = Thinned(axis)
        losses = smoothed(steps, options).tolist()
        end = len(steps) - options.skip_end
        for index, step in enumerate(steps):
            trimmed = not options.skip_start <= index < end
            curve.add(step.lr, step.raw_loss, None if trimmed else losses[index])
        curves.append(curve)
    return curves


def smoothed(steps: Sequence[Step], options: ViewOptions) -> FloatArray:
    """Smoothed losses of one repeat: the run's own, or recomputed from the raw ones."""
    if options.smooth_f is not None:
        return exponential_average(_raw(steps), options.smooth_f)
    return _floats([step.loss for step in steps])


def _curve(
    steps: Sequence[Step], options: ViewOptions, ramp: RangeSpec, momentum: float | None
) -> Curve:
    measured = len(steps)
    kept = slice(options.skip_start, measured - options.skip_end)
    losses = smoothed(steps, options)[kept]
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


def _raw(steps: Sequence[Step]) -> FloatArray:
    return np.array([step.measured_loss for step in steps])


def _metric(steps: Sequence[Step]) -> FloatArray | None:
    if all(step.metric is None for step in steps):
        return None
    return _floats([step.metric for step in steps])


def _floats(values: Sequence[float | None]) -> FloatArray:
    """The values as an array, with nan for None."""
    return np.array(values, dtype=np.float64)


def _shown(points: Points, options: ViewOptions) -> list[Sequence[Step]]:
    """The repeats that are not left out."""
    shown = []
    for repeat, steps in enumerate(points):
        if repeat not in options.without:
            shown.append(steps)
    return shown


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
