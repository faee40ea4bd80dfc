"""The y window: the range of losses drawn, so that divergence does not flatten the descent."""

import math
from dataclasses import dataclass
from itertools import chain

from lrtui.tui.chart.axis import Tick, nice_step, number
from lrtui.tui.chart.thinning import Line

Point = tuple[float, float]

_LARGEST = 1e150  # beyond it, differences overflow
_MAX_TICKS = 100
_LEAP = 1.78  # ratio of two heights that the window of a growing curve may have
_ROWS_PER_TICK = 3


@dataclass(frozen=True)
class Window:
    """A range of losses whose ends are ticks, so that it changes rarely while a curve grows."""

    low: float
    high: float
    step: float

    def ticks(self) -> list[Tick]:
        """Values and labels."""
        count = round((self.high - self.low) / self.step)
        ticks = []
        for index in range(min(count, _MAX_TICKS) + 1):
            value = self.low + index * self.step
            ticks.append((value, number(value, self.step)))
        return ticks

    def holds(self, point: Point) -> bool:
        """Whether a point is inside."""
        return self.low <= point[1] <= self.high


def window_for(
    lines: list[Line], rows: int, *, settled: bool = False, dots: Line | None = None
) -> Window:
    """A window with the whole descent and only the beginning of what rises above the start.

    While a curve grows, its window grows in leaps, each of which redraws the chart. A settled curve
    gets the window that fits it, and below it the raw losses (`dots`), up to a quarter of the
    descent.
    """
    curves = [_losses(line) for line in lines if line]
    if not curves:
        return Window(0.0, 1.0, 1.0)
    losses = sorted(chain(*curves))
    lowest = losses[0]
    highest = max(map(_highest_before_lowest, curves))
    if settled and dots:
        few = sorted(loss for _, loss in dots)[len(dots) // 50]
        quarter_below = lowest - (highest - lowest) / 4
        lowest = max(min(lowest, few), quarter_below)
    span = highest - lowest
    if not settled:
        span = _leap(span, max(abs(highest), abs(lowest)))
    low = highest - span
    if lowest >= 0:
        low = max(low, 0.0)
    # a quarter of what rises above the start: enough to see that a curve only rises
    typical = losses[(len(losses) * 3) // 4]
    return _with_ticks(low, max(highest + 0.1 * span, typical), max(2, rows // _ROWS_PER_TICK))


def _losses(line: Line) -> list[float]:
    return [min(max(loss, -_LARGEST), _LARGEST) for _, loss in line]


def _highest_before_lowest(losses: list[float]) -> float:
    """Where the descent starts: the highest loss up to the lowest one."""
    return max(losses[: losses.index(min(losses)) + 1])


def _leap(span: float, scale: float) -> float:
    """The smallest allowed height that holds a span: a quarter of the scale, or ever more."""
    height = max(scale, 1e-9) * 0.25
    while height < span:
        height *= _LEAP
    return height


def _with_ticks(low: float, high: float, parts: int) -> Window:
    """The window with its ends moved outwards to ticks."""
    # a least height, so that noise does not fill the chart where the curve is flat
    least = max(abs(low), abs(high)) * 0.1
    if high - low <= least:
        middle, half = (low + high) / 2, max(least / 2, 1e-9)
        low, high = middle - half, middle + half
    step = nice_step(high - low, parts)
    return Window(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step)


def clipped(line: Line, window: Window) -> list[Line]:
    """The stretches of a line inside the window; plotext would walk every cell outside."""
    stretches: list[Line] = []
    stretch: Line = []
    previous: Point | None = None
    for point in line:
        inside = window.holds(point)
        was_inside = previous is not None and window.holds(previous)
        if previous is not None and inside and not was_inside:
            stretch.append(_crossing(point, previous, window))
        if inside:
            stretch.append(point)
        elif previous is not None and was_inside:
            stretch.append(_crossing(previous, point, window))
        if not inside and stretch:
            stretches.append(stretch)
            stretch = []
        previous = point
    if stretch:
        stretches.append(stretch)
    return stretches


def _crossing(inner: Point, outer: Point, window: Window) -> Point:
    """Where the line between a point inside and one outside leaves the window."""
    edge = window.low
    if outer[1] > window.high:
        edge = window.high
    share = 0.0
    if outer[1] != inner[1]:
        share = (edge - inner[1]) / (outer[1] - inner[1])
    return inner[0] + share * (outer[0] - inner[0]), edge
