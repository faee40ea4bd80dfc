"""The y window: what of the losses is drawn, so that the blow-up at the end does not flatten the descent before it."""

import math
from dataclasses import dataclass

from lrtui.tui.chart.axis import Tick, nice_step, number
from lrtui.tui.chart.thinning import Line

_MOST = 1e150  # beyond it, differences overflow


@dataclass(frozen=True)
class Window:
    """A range of losses whose ends are ticks, so that it moves rarely while a curve grows."""

    low: float
    high: float
    step: float

    def ticks(self) -> list[Tick]:
        """Values and labels."""
        count = round((self.high - self.low) / self.step)
        values = [self.low + n * self.step for n in range(min(count, 100) + 1)]
        return [(value, number(value, self.step)) for value in values]


def window_for(
    lines: list[Line], rows: int, *, settled: bool = False, dots: Line | None = None
) -> Window:
    """Show the descent whole, and of what rises beyond the start only the beginning.

    While a curve grows its window falls in leaps, each of which redraws the chart, and not with every point; a settled
    curve has the window that fits it, and below it so much of the raw losses (`dots`) as a quarter of the descent.
    """
    values = [[min(max(y, -_MOST), _MOST) for _, y in line] for line in lines if line]
    if not values:
        return Window(0.0, 1.0, 1.0)
    ordered = sorted(value for line in values for value in line)
    lowest = ordered[0]
    before = max(max(line[: line.index(min(line)) + 1]) for line in values)
    span = before - lowest
    if not settled:
        span = _leap(span, max(abs(before), abs(lowest)))
    elif dots:
        few = sorted(value for _, value in dots)[len(dots) // 50]
        lowest = max(min(lowest, few), lowest - span / 4)
        span = before - lowest
    # The first quarter of what rises beyond the start: enough for a curve that only rises to be seen to rise.
    typical = ordered[(len(ordered) * 3) // 4]
    low = before - span if lowest < 0 else max(before - span, 0.0)
    return _snapped(low, max(before + 0.1 * span, typical), max(2, rows // 3))


def _leap(span: float, scale: float) -> float:
    """The first of a few spans that a span fits into: a quarter of the scale, then ever more."""
    leap = max(scale, 1e-9) * 0.25
    while leap < span:
        leap *= 1.78
    return leap


def _snapped(low: float, high: float, parts: int) -> Window:
    least = (
        max(abs(low), abs(high)) * 0.1
    )  # so that noise does not fill the chart where the curve is flat
    if high - low <= least:
        middle, half = (low + high) / 2, max(least / 2, 1e-9)
        low, high = middle - half, middle + half
    step = nice_step(high - low, parts)
    return Window(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step)


def clipped(line: Line, window: Window) -> list[Line]:
    """A line cut at the window's edges: plotext would walk every cell that lies outside."""
    stretches: list[Line] = [[]]
    for before, point in zip([None, *line], line, strict=False):
        inside = window.low <= point[1] <= window.high
        if before is not None and (inside or window.low <= before[1] <= window.high):
            stretches[-1].append(point if inside else _crossing(before, point, window))
        if before is not None and inside and not window.low <= before[1] <= window.high:
            stretches[-1].insert(-1, _crossing(point, before, window))
        if before is None and inside:
            stretches[-1].append(point)
        if not inside:
            stretches.append([])
    return [stretch for stretch in stretches if stretch]


def _crossing(
    inner: tuple[float, float], outer: tuple[float, float], window: Window
) -> tuple[float, float]:
    """Where the way from a point inside to one outside leaves the window."""
    edge = window.high if outer[1] > window.high else window.low
    share = (edge - inner[1]) / (outer[1] - inner[1]) if outer[1] != inner[1] else 0.0
    return inner[0] + share * (outer[0] - inner[0]), edge
