"""Sampling: at most one loss of a line for each column of dots, wherever the axis is zoomed to."""

import math

from lrtui.tui.chart.axis import Axis
from lrtui.tui.chart.picture import Points
from lrtui.tui.chart.thinning import Column, Thinned

_BEYOND = 10.0  # widths of the axis; what is farther away is taken to be there

Samples = list[tuple[int, float]]  # column of dots and loss, from left to right; nan is a gap
Ranges = list[tuple[int, float, float]]  # column of dots, lowest and highest raw loss


def samples_of(line: Points, axis: Axis, width: int) -> Samples:
    """The line in `width` columns of dots, and the nearest sample beyond either end.

    The last loss in a column is the one that counts, so that a growing line does not jitter.
    """
    last = width - 1
    losses = {round(at * last): loss for at, loss in zip(*_placed(line, axis), strict=True)}
    return _visible(sorted(losses.items()), width)


def ranges_of(curve: Thinned, axis: Axis, width: int) -> Ranges:
    """The range of the raw losses in each of `width` columns of dots."""
    columns = [curve.columns[key] for key in sorted(curve.columns)]
    ranges: Ranges = []
    reached, lowest, highest = -1, math.inf, -math.inf
    for position, column in zip(_positions(curve, columns, axis), columns, strict=True):
        if not 0 <= position <= 1 or column.low > column.high:
            continue
        x = round(position * (width - 1))
        if x != reached:
            if reached >= 0:
                ranges.append((reached, lowest, highest))
            reached, lowest, highest = x, column.low, column.high
            continue
        if column.low < lowest:
            lowest = column.low
        if column.high > highest:
            highest = column.high
    if reached >= 0:
        ranges.append((reached, lowest, highest))
    return ranges


def _placed(line: Points, axis: Axis) -> tuple[list[float], list[float]]:
    """Position and loss of each point; a loss that is not finite is nan."""
    lrs, losses = line
    positions, finite = [], []
    for position, loss in zip(axis.positions(lrs), losses, strict=False):
        if position - position == 0:  # neither nan nor inf
            positions.append(min(max(position, -_BEYOND), _BEYOND))
            finite.append(loss if loss - loss == 0 else math.nan)
    return positions, finite


def _positions(curve: Thinned, columns: list[Column], axis: Axis) -> list[float]:
    """Where the columns of a curve are on the visible axis."""
    positions = [column.position for column in columns]
    if curve.axis == axis:
        return positions
    lrs = [curve.axis.rate(position) for position in positions]
    return [min(max(position, -_BEYOND), _BEYOND) for position in axis.positions(lrs)]


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
