"""The answer, anew, from the points that are there: what a worker said of them is said again of what a lens shows.

This is the one place of the front end that needs numpy: it is imported when somebody changes something, not before.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from lrtui.analysis.analyse import analyse
from lrtui.analysis.answer import Suggestion
from lrtui.analysis.curve import Curve, FloatArray, exponential_average
from lrtui.events import Step, Suggested
from lrtui.spec import RangeSpec
from lrtui.tui.chart.axis import Axis
from lrtui.tui.chart.thinning import Thinned
from lrtui.tui.run.view_options import ViewOptions

Points = Sequence[Sequence[Step]]  # of each repeat


def recomputed(
    points: Points, lens: ViewOptions, test: RangeSpec, momentum: float | None
) -> Suggested:
    """The answer to what the lens shows of the curves."""
    found = analyse([_curve(steps, lens, test, momentum) for steps in _taken(points, lens)])
    suggestion = _of_a_view(found.suggestion, lens)
    return Suggested(
        suggestion=suggestion, suggestions=dict(found.suggestions), bounds=found.bounds
    )


def _of_a_view(suggestion: Suggestion, lens: ViewOptions) -> Suggestion:
    """What is missing from a curve that a person has trimmed is not the test's to measure."""
    for verdict, left_out, where in (
        ("still_falling", lens.skip_end, "last"),
        ("falling_from_start", lens.skip_start, "first"),
    ):
        if suggestion.verdict == verdict and left_out:
            return msgspec.structs.replace(
                suggestion,
                reason=f"The loss falls right to where the {where} {left_out} points are left out.",
                advice="Leave out fewer of them.",
            )
    return suggestion


def redrawn(points: Points, lens: ViewOptions, axis: Axis) -> list[Thinned]:
    """The curves as the lens shows them; the raw losses of trimmed points stay in sight."""
    curves = []
    for steps in _taken(points, lens):
        curve = Thinned(axis)
        losses, last = smoothed(steps, lens).tolist(), len(steps) - lens.skip_end
        for place, (step, loss) in enumerate(zip(steps, losses, strict=True)):
            curve.add(step.lr, step.raw_loss, loss if lens.skip_start <= place < last else None)
        curves.append(curve)
    return curves


def smoothed(steps: Sequence[Step], lens: ViewOptions) -> FloatArray:
    """The smoothed losses of one repeat: the run's own, or from the raw ones."""
    if lens.smooth_f is not None:
        return exponential_average(np.array([step.measured_loss for step in steps]), lens.smooth_f)
    return np.array([np.nan if step.loss is None else step.loss for step in steps])


def _curve(
    steps: Sequence[Step], lens: ViewOptions, test: RangeSpec, momentum: float | None
) -> Curve:
    kept = slice(lens.skip_start, len(steps) - lens.skip_end)
    metric = [step.metric for step in steps[kept]]
    return Curve.of(
        [step.lr for step in steps[kept]],
        [step.measured_loss for step in steps[kept]],
        smoothed(steps, lens)[kept],
        None if all(value is None for value in metric) else np.array(metric, dtype=np.float64),
        metric_mode=test.metric_mode,
        num_iter=None if lens.skip_end else test.num_iter,
        momentum=momentum,
    )


def _taken(points: Points, lens: ViewOptions) -> list[Sequence[Step]]:
    return [steps for repeat, steps in enumerate(points) if repeat not in lens.without]
