"""Sampling: at most one loss of a line for each column of dots, wherever the axis is zoomed to."""

import math
from collections.abc import Iterator

from lrtui.tui.chart.axis import Axis
from lrtui.tui.chart.picture import Points
from lrtui.tui.chart.thinning import Column, Thinned

Samples = list[tuple[int, float]]  # column of dots and loss, from left to right; nan is a gap
Ranges = list[tuple[int, float, float]]  # column of dots, lowest and highest raw loss


def samples_of(line: Points | Thinned, axis: Axis, width: int) -> Samples:
    """The line in `width` columns of dots, and the nearest sample beyond either end.

    The last loss in a column is the one that counts, so that a growing line does not jitter.
    """
    losses: dict[int, float] = {}
    for position, loss in _positions(line, axis):
        losses[round(position * (width - 1))] = loss
    return _visible(sorted(losses.items()), width)


def ranges_of(curve: Thinned, axis: Axis, width: int) -> Ranges:
    """The range of the raw losses in each of `width` columns of dots."""
    ranges: dict[int, tuple[float, float]] = {}
    for position, column in _placed(curve, axis):
        if not 0 <= position <= 1 or column.low > column.high:
            continue
        x = round(position * (width - 1))
        low, high = ranges.get(x, (math.inf, -math.inf))
        ranges[x] = min(low, column.low), max(high, column.high)
    return [(x, low, high) for x, (low, high) in ranges.items()]


def _positions(line: Points | Thinned, axis: Axis) -> Iterator[tuple[float, float]]:
    """Position and loss of each point; a loss that is not finite is nan."""
    if isinstance(line, Thinned):
        for position, column in _placed(line, axis):
            yield position, column.smooth
        return
    for lr, loss in zip(*line, strict=False):
        position = axis.position(lr)
        if math.isfinite(position):
            yield min(max(position, -10.0), 10.0), loss if math.isfinite(loss) else math.nan


def _placed(curve: Thinned, axis: Axis) -> Iterator[tuple[float, Column]]:
    """The columns of a curve with their positions on the visible axis."""
    columns = [curve.columns[key] for key in sorted(curve.columns)]
    if curve.axis == axis:
        for column in columns:
            yield column.position, column
        return
    for column in columns:
        position = axis.position(curve.axis.rate(column.position))
        yield min(max(position, -10.0), 10.0), column


def _visible(samples: Samples, width: int) -> Samples:
    """The samples from the last one before the canvas to the first one behind it."""
    first, last = 0, len(samples)
    for index, (x, _) in enumerate(samples):
        if x < 0:
            first = index
        elif x >= width:
            last = index + 1
            break
    return samples[first:last]
