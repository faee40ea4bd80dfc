"""The trend of a curve: the average without lag that the answer is computed from.

torch_lr_finder's exponential average looks back only, so it shows a fall up to a decade late. The
trend is the valley's average (see `lrtui.analysis.valley`): symmetric in log(lr). Where the losses
leave the first level upwards, the valley caps them, because they carry no more information for the
answer; there the trend is their running median.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lrtui.analysis.curve import Curve, FloatArray, on_log_axis
from lrtui.analysis.evidence import MIN_POINTS, prepare_all
from lrtui.analysis.prepared_curve import CAP, NEIGHBOURS, running_median
from lrtui.analysis.valley import Valley, find_valley


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """The trend of one or more repeats.

    Attributes:
        lr: learning rates, increasing.
        value: the averaged loss (or metric) at each of them.
    """

    lr: FloatArray
    value: FloatArray

    def at(self, lr: float) -> float | None:
        """The value at a learning rate; None outside of what was measured."""
        if not len(self.lr) or not self.lr[0] <= lr <= self.lr[-1]:
            return None
        return float(np.interp(np.log10(lr), np.log10(self.lr), self.value))

    def slope(self, lr: float) -> float | None:
        """The slope at a learning rate, per decade; None outside of what was measured."""
        if len(self.lr) < 2 or not self.lr[0] <= lr <= self.lr[-1]:
            return None
        slopes = np.gradient(self.value, np.log10(self.lr))
        return float(np.interp(np.log10(lr), np.log10(self.lr), slopes))


EMPTY = Trend(np.empty(0), np.empty(0))


def lowest(trend: Trend) -> tuple[float, float] | None:
    """The rate where a trend is lowest, and its value there; None for an empty one."""
    if not len(trend.value):
        return None
    index = int(np.argmin(trend.value))
    return float(trend.lr[index]), float(trend.value[index])


def loss_trend(curves: Sequence[Curve]) -> Trend:
    """The common trend of the repeats' losses."""
    return _trend([(curve, curve.raw_loss) for curve in curves])


def metric_trend(curves: Sequence[Curve]) -> Trend:
    """The common trend of the repeats' metrics; empty where none was measured."""
    measured = []
    sign = 1.0
    for curve in curves:
        if curve.metric is not None:
            sign = 1.0 if curve.metric_mode == "min" else -1.0
            measured.append((curve, sign * curve.metric))
    trend = _trend(measured)
    return Trend(trend.lr, sign * trend.value)


def _trend(measured: Sequence[tuple[Curve, FloatArray]]) -> Trend:
    # a fault of ours costs the average: the points themselves can still be drawn
    with contextlib.suppress(Exception):
        prepared = prepare_all(measured)
        if prepared:
            return _averaged(find_valley(prepared), measured)
    for curve, values in measured:
        return _as_measured(curve, values)
    return EMPTY


def _as_measured(curve: Curve, values: FloatArray) -> Trend:
    """The points themselves: too few of them to average."""
    log_lr, values = on_log_axis(curve.lr, values)
    finite = np.isfinite(values)
    return Trend(10 ** log_lr[finite], values[finite])


def _averaged(valley: Valley, measured: Sequence[tuple[Curve, FloatArray]]) -> Trend:
    value = valley.level - valley.fall
    medians = _medians(valley.log_lr, measured)
    above = medians > valley.level + CAP * valley.noise
    value = np.where(above, np.maximum(medians, value), value)
    return Trend(10**valley.log_lr, value)


def _medians(grid: FloatArray, measured: Sequence[tuple[Curve, FloatArray]]) -> FloatArray:
    """Mean of the running medians of the repeats that reach each point of a grid of log10(lr)."""
    sums, counts = np.zeros(len(grid)), np.zeros(len(grid))
    for curve, values in measured:
        log_lr, values = on_log_axis(curve.lr, values)
        finite = np.isfinite(values)
        if finite.sum() < MIN_POINTS:
            continue
        log_lr, values = log_lr[finite], _running_median(values[finite])
        reached = grid <= log_lr[-1]
        sums[reached] += np.interp(grid[reached], log_lr, values)
        counts[reached] += 1
    return sums / np.maximum(counts, 1)


def _running_median(values: FloatArray) -> FloatArray:
    """The running median, which a single last value does not move: it would draw a blow-up."""
    medians = running_median(values)
    half = NEIGHBOURS // 2
    for left in range(half):  # values after this one
        medians[-1 - left] = np.median(values[-1 - left - half :])
    return medians
