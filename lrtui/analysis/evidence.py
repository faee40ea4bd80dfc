"""What the repeats of a range test say, before anybody judges it: the valley of the loss, and that of the metric."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lrtui.analysis.curve import Curve, FloatArray, on_log_axis
from lrtui.analysis.prepared_curve import PreparedCurve, trace
from lrtui.analysis.valley import Valley, find_valley

MIN_POINTS = 10  # a curve with fewer has no say
SURE = 4.0  # a fall is believed from so many of its standard errors on


@dataclass(frozen=True, slots=True)
class Reading:
    """The loss of each repeat with enough points, their common valley, and the metric's where it is sure.

    `copies` are the repeats that are one another's, to the last bit: they say nothing more.
    """

    traces: Sequence[PreparedCurve]
    loss: Valley | None
    metric: Valley | None
    copies: int = 0


def read(curves: Sequence[Curve]) -> Reading:
    """Read one or more repeats. Whatever was measured, it does not raise."""
    different = list({(one.lr.tobytes(), one.raw_loss.tobytes()): one for one in curves}.values())
    traces = list(traces_of((curve, curve.raw_loss) for curve in different))
    loss = find_valley(traces) if traces else None
    return Reading(traces, loss, metric_valley(different), len(curves) - len(different))


def metric_valley(curves: Sequence[Curve]) -> Valley | None:
    """The valley of the metric, upside down where more is better; None unless it is there for sure."""
    signs = {"max": -1.0, "min": 1.0}
    traces = list(
        traces_of((c, signs[c.metric_mode] * c.metric) for c in curves if c.metric is not None)
    )
    valley = find_valley(traces) if traces else None
    return valley if valley is not None and valley.significance >= SURE else None


def traces_of(measured: Iterable[tuple[Curve, FloatArray]]) -> Iterator[PreparedCurve]:
    for curve, values in measured:
        log_lr, values_there = on_log_axis(curve.lr, values)
        if np.isfinite(values_there).sum() >= MIN_POINTS:
            yield trace(log_lr, values_there, curve.momentum)
