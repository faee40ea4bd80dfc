"""Thinning: a curve of any length, kept in a fixed number of columns as it grows.

Points are merged by column, not by index, so a point never moves once it is drawn, and a long run
costs no more to draw than a short one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from lrtui.tui.chart.axis import Axis

BINS = 1024

_LARGEST = 1e300


@dataclass
class Column:
    """What fell into one column: the range of the raw losses, and the last smoothed loss."""

    position: float = 0.0  # on the axis, from 0 to 1
    low: float = math.inf
    high: float = -math.inf
    smooth: float = math.nan  # nan: not finite here, so the line has a gap

    def include(self, low: float, high: float) -> None:
        """Extend the range of the raw losses."""
        self.low = min(self.low, low)
        self.high = max(self.high, high)


@dataclass
class Thinned:
    """One curve on an axis, by column."""

    axis: Axis
    columns: dict[int, Column] = field(default_factory=dict)

    def add(self, lr: float, raw: float | None, smooth: float | None) -> None:
        """Add a point; a loss that is None or not finite is a gap."""
        position = self.axis.position(lr)
        if not -0.001 <= position <= 1.001:  # nan neither
            return
        bin_ = min(max(round(position * (BINS - 1)), 0), BINS - 1)
        column = self.columns.setdefault(bin_, Column(bin_ / (BINS - 1)))
        if raw is not None and math.isfinite(raw):
            column.include(raw, raw)
        column.smooth = math.nan
        if smooth is not None and math.isfinite(smooth):
            column.smooth = smooth

    def rate_of(self, bin_: int) -> float:
        """The learning rate in the middle of a column."""
        return self.axis.rate(bin_ / (BINS - 1))


Points = tuple[list[float], list[float]]  # rates, and a loss each


def mean_of(curves: Sequence[Thinned]) -> Points:
    """The mean of the smoothed losses, where all curves have points; nan where one has a gap."""
    lrs, means = [], []
    for bin_ in _shared_bins(curves):
        losses = [curve.columns[bin_].smooth for curve in curves]
        lrs.append(curves[0].rate_of(bin_))
        means.append(math.fsum(losses) / len(losses) if all(map(_small, losses)) else math.nan)
    return lrs, means


def band_of(curves: Sequence[Thinned]) -> tuple[list[float], list[float], list[float]]:
    """The lowest and the highest of the smoothed losses, where all curves have points."""
    lrs, lows, highs = [], [], []
    for bin_ in _shared_bins(curves):
        losses = [curve.columns[bin_].smooth for curve in curves]
        lrs.append(curves[0].rate_of(bin_))
        has_gap = any(loss != loss for loss in losses)
        lows.append(math.nan if has_gap else min(losses))
        highs.append(math.nan if has_gap else max(losses))
    return lrs, lows, highs


def _shared_bins(curves: Sequence[Thinned]) -> list[int]:
    """The columns in which all curves have points, from left to right."""
    if not curves:
        return []
    first, *others = curves
    return sorted(set(first.columns).intersection(*(curve.columns for curve in others)))


def _small(loss: float) -> bool:
    """Whether a few such losses can be added; False for nan."""
    return abs(loss) < _LARGEST
