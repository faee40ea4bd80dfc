"""Thinning: a curve of any length, kept in a fixed number of columns as it grows.

Points are merged by column, not by index, so a point never moves once it is drawn, and a long run
costs no more to draw than a short one.
"""

import math
from dataclasses import dataclass, field
from operator import attrgetter

from lrtui.tui.chart.axis import Axis

BINS = 1024

Line = list[tuple[float, float]]  # points (position, y)


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
        if not -0.001 <= position <= 1.001:
            return
        bin_ = min(max(round(position * (BINS - 1)), 0), BINS - 1)
        column = self.columns.setdefault(bin_, Column(bin_ / (BINS - 1)))
        if raw is not None and math.isfinite(raw):
            column.include(raw, raw)
        column.smooth = math.nan
        if smooth is not None and math.isfinite(smooth):
            column.smooth = smooth

    def folded(self, count: int) -> list[Column]:
        """The curve in at most `count` columns, from left to right."""
        last = max(1, count - 1)
        merged: dict[int, Column] = {}
        for column in sorted(self.columns.values(), key=attrgetter("position")):
            index = round(column.position * (count - 1))
            target = merged.setdefault(index, Column(index / last))
            target.include(column.low, column.high)
            target.smooth = column.smooth
        return list(merged.values())


def line_of(columns: list[Column]) -> list[Line]:
    """The smoothed curve as unbroken stretches."""
    stretches: list[Line] = [[]]
    for column in columns:
        if math.isnan(column.smooth):
            stretches.append([])
        else:
            stretches[-1].append((column.position, column.smooth))
    return [stretch for stretch in stretches if stretch]


def dots_of(columns: list[Column]) -> Line:
    """The raw curve as dots: the lowest and the highest loss of every column."""
    dots = []
    for column in columns:
        if column.low <= column.high:
            dots.append((column.position, column.low))
        if column.low < column.high:
            dots.append((column.position, column.high))
    return dots


def mean_of(curves: list[list[Column]]) -> list[Line]:
    """The mean of the smoothed curves, where all of them have points."""
    values: dict[float, list[float]] = {}  # by position
    for columns in curves:
        for column in columns:
            values.setdefault(column.position, []).append(column.smooth)
    means = []
    for position in sorted(values):
        if len(values[position]) == len(curves):
            mean = sum(values[position]) / len(curves)
            means.append(Column(position, smooth=mean))
    return line_of(means)
