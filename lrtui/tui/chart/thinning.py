"""Thinning: a curve of any length, kept as a fixed number of columns as it grows.

Thinned by column, not by index, so that a point never moves once it is drawn, and a long run costs no more than a short
one: every point is touched once, when it arrives.
"""

import math
from dataclasses import dataclass, field

from lrtui.tui.chart.axis import Axis

BINS = 1024


@dataclass
class Column:
    """What fell into one column: the range of the raw losses and the last smoothed one."""

    low: float = math.inf
    high: float = -math.inf
    smooth: float = math.nan  # nan: not finite here, so the line has a gap


@dataclass
class Thinned:
    """One curve on an axis, by column."""

    axis: Axis
    columns: dict[int, Column] = field(default_factory=dict)

    def add(self, lr: float, raw: float | None, smooth: float | None) -> None:
        """One more point; None or nan is a gap."""
        position = self.axis.position(lr)
        if not -0.001 <= position <= 1.001:
            return
        place = min(max(round(position * (BINS - 1)), 0), BINS - 1)
        column = self.columns.setdefault(place, Column())
        if raw is not None and math.isfinite(raw):
            column.low = min(column.low, raw)
            column.high = max(column.high, raw)
        column.smooth = smooth if smooth is not None and math.isfinite(smooth) else math.nan

    def folded(self, dots: int) -> list[tuple[float, Column]]:
        """The curve in at most `dots` columns, as (position, column) from left to right."""
        merged: dict[int, Column] = {}
        for place in sorted(self.columns):
            column = self.columns[place]
            target = merged.setdefault(round(place / (BINS - 1) * (dots - 1)), Column())
            target.low = min(target.low, column.low)
            target.high = max(target.high, column.high)
            target.smooth = column.smooth
        return [(dot / max(1, dots - 1), column) for dot, column in merged.items()]


Line = list[tuple[float, float]]


def line_of(folded: list[tuple[float, Column]]) -> list[Line]:
    """The smoothed curve as unbroken stretches."""
    stretches: list[Line] = [[]]
    for position, column in folded:
        if math.isnan(column.smooth):
            stretches.append([])
        else:
            stretches[-1].append((position, column.smooth))
    return [stretch for stretch in stretches if stretch]


def dots_of(folded: list[tuple[float, Column]]) -> Line:
    """The raw curve as dots: the lowest and the highest of every column."""
    return [
        (position, value)
        for position, column in folded
        if column.low <= column.high
        for value in {column.low, column.high}
    ]


def mean_of(curves: list[list[tuple[float, Column]]]) -> list[Line]:
    """The mean of several repeats' smoothed curves, where all of them have been."""
    places: dict[float, list[float]] = {}
    for curve in curves:
        for position, column in curve:
            places.setdefault(position, []).append(column.smooth)
    shared = sorted(position for position, values in places.items() if len(values) == len(curves))
    return line_of([(at, Column(smooth=sum(places[at]) / len(curves))) for at in shared])
