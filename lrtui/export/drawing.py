"""The picture of a record as plain arrays, for every format that draws it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lrtui.analysis.curve import Curve, FloatArray
from lrtui.analysis.trend import Trend, loss_trend
from lrtui.export.content import Content, ExportError
from lrtui.report.compare import value_at
from lrtui.runs.curves import curves_of

Points = tuple[FloatArray, FloatArray]  # rates, and a loss each

_GRID = 400  # points of the band
_ABOVE, _BELOW = 0.45, 0.15  # of the fall, beside the first and the lowest level
_NOISES = 4.0  # differences of neighbouring batches: the least height, and the least room above
_BEGIN = 20  # the first of so many parts of a curve tells where it begins
_LEFT_OUT = 0.005  # of the batches, which may lie below the picture
_SAME = 1e-6  # losses that differ by less of them are those of a flat curve


@dataclass(frozen=True, eq=False)
class Band:
    """The lowest and the highest trend of the repeats, where all of them have one."""

    lr: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is drawn of a record.

    Attributes:
        batches: rates and raw losses of each repeat, the finite ones.
        trend: the common trend of the repeats.
        band: over the repeats; None for a single one.
        log_lr: whether the axis of the rates is logarithmic.
        x: the limits of the rates.
        y: the limits of the losses: a blow-up goes on above them.
        y_label: what the loss is measured on.
    """

    batches: tuple[Points, ...]
    trend: Trend
    band: Band | None
    log_lr: bool
    x: tuple[float, float]
    y: tuple[float, float]
    y_label: str


def drawing_of(content: Content) -> Drawing:
    """The picture of a record.

    Raises:
        ExportError: nothing was measured that could be drawn.
    """
    curves = curves_of(content.record)
    batches = [points for points in map(_finite, curves) if len(points[0])]
    if not batches:
        raise ExportError("no loss was measured, so there is no curve to draw")
    lrs = np.concatenate([lr for lr, _ in batches])
    trend = loss_trend(curves)
    is_linear = value_at(content.record.spec, "range.mode") == "linear"
    return Drawing(
        batches=tuple(batches),
        trend=trend,
        band=_band(curves),
        log_lr=bool(not is_linear and lrs.min() > 0),
        x=_apart(float(lrs.min()), float(lrs.max())),
        y=_limits(batches, trend),
        y_label=_label(content),
    )


def _finite(curve: Curve) -> Points:
    finite = np.isfinite(curve.raw_loss) & np.isfinite(curve.lr)
    return curve.lr[finite], curve.raw_loss[finite]


def _apart(low: float, high: float) -> tuple[float, float]:
    """Limits that differ, also where there is one point only."""
    if low < high:
        return low, high
    return low / 2, low * 2 or 1.0


def _label(content: Content) -> str:
    if value_at(content.record.spec, "range.val") is True:
        return "validation loss"
    return "training loss"


def _band(curves: Sequence[Curve]) -> Band | None:
    trends = [trend for trend in (loss_trend([curve]) for curve in curves) if len(trend.lr) > 1]
    if len(trends) < 2:
        return None
    first = max(trend.lr[0] for trend in trends)
    last = min(trend.lr[-1] for trend in trends)
    if not 0 < first < last:
        return None
    log_lr = np.linspace(np.log10(first), np.log10(last), _GRID)
    values = [np.interp(log_lr, np.log10(trend.lr), trend.value) for trend in trends]
    return Band(10**log_lr, np.min(values, axis=0), np.max(values, axis=0))


def _limits(batches: Sequence[Points], trend: Trend) -> tuple[float, float]:
    """Limits that show the fall: from below the lowest level to above the first one.

    They hold nearly all batches that lie below the first level too: on a short or steep ramp the
    trend is far from them.
    """
    losses = np.concatenate([loss for _, loss in batches])
    value = trend.value[np.isfinite(trend.value)]
    if not len(value):
        value = losses
    begin = [loss[: max(1, len(loss) // _BEGIN)] for _, loss in batches]
    lowest = min(float(value.min()), float(np.quantile(losses, _LEFT_OUT)))
    first = max(_level(value), float(np.median(np.concatenate(begin))))
    noise = _NOISES * _noise(batches)
    height = max(first - lowest, noise)
    if height < _SAME * abs(first):
        height = abs(first) / 2
    height = height or 1.0
    above = max(_ABOVE * height, min(noise, float(losses.max()) - first))
    return lowest - _BELOW * height, first + above


def _level(value: FloatArray) -> float:
    """Where a curve begins."""
    return float(np.median(value[: max(1, len(value) // _BEGIN)]))


def _noise(batches: Sequence[Points]) -> float:
    """How much neighbouring batches differ, by the median: a blow-up does not count."""
    steps = [np.abs(np.diff(loss)) for _, loss in batches if len(loss) > 1]
    if not steps:
        return 0.0
    return float(np.median(np.concatenate(steps)))
