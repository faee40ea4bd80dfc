"""The y window: the range of losses drawn, so that divergence does not flatten the descent.

A window is linear in the loss, or in its log10. Its ticks stand in the middle of rows, two or
three rows apart.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from lrtui.tui.chart.axis import compact, number
from lrtui.tui.chart.picture import LABEL
from lrtui.tui.chart.raster import DOTS_DOWN, FAR

YTick = tuple[int, str]  # row from the top, and label

_LARGEST = 1e150  # beyond it, differences overflow
_LEAP = 1.78  # ratio of two heights that the window of a growing curve may have
_MIDDLE_DOT = 1.5  # of a row
# steps between two ticks, and rows for one step
_STEPS = (1.0, 2.0, 2.5, 5.0)
_ROWS_PER_STEP = (2, 3)
_MIN_ROWS_PER_TICK = 2
_MANTISSAS = ((1, 2, 5), (1, 3), (1,))


@dataclass(frozen=True)
class Window:
    """A range of losses. `low` is in the middle of the lowest row."""

    low: float
    per_row: float
    rows: int
    step: float  # between two ticks of a linear window
    log: bool = False

    @property
    def high(self) -> float:
        """What is in the middle of the highest row."""
        return self.low + (self.rows - 1) * self.per_row

    def dots(self, losses: Sequence[float]) -> list[float]:
        """Rows of dots of losses, from the top; nan for one that has no place on a log scale."""
        heights: Sequence[float] = losses
        if self.log:
            heights = [scaled(loss, log=True) for loss in losses]
        per_loss = DOTS_DOWN / self.per_row
        zero = DOTS_DOWN * (self.rows - 1) + _MIDDLE_DOT + self.low * per_loss
        return [min(max(zero - height * per_loss, -FAR), FAR) for height in heights]  # nan stays

    def ticks(self) -> list[YTick]:
        """Rows and labels, no two the same."""
        ticks = _linear_ticks(self)
        if self.log:
            ticks = _log_ticks(self) or ticks
        labels: set[str] = set()
        distinct = []
        for row, label in ticks:
            if label not in labels:
                distinct.append((row, label))
            labels.add(label)
        return distinct


def scaled(loss: float, log: bool) -> float:
    """The loss, or its log10 (nan where it has none), within what can be computed with."""
    if loss != loss:
        return math.nan
    if not log:
        return min(max(loss, -_LARGEST), _LARGEST)
    if loss <= 0:
        return math.nan
    return math.log10(min(loss, _LARGEST))


def window_for(
    curves: Sequence[Sequence[float]],
    rows: int,
    *,
    dots: Sequence[float] = (),
    settled: bool = False,
    log: bool = False,
) -> Window:
    """A window with the whole descent and only the beginning of what rises above the start.

    While a curve grows, its window grows in leaps, each of which redraws the chart. A settled curve
    gets the window that fits it, and below it the raw losses (`dots`), up to a quarter of the
    descent.
    """
    shown = [own for own in (_finite(curve, log) for curve in curves) if own]
    if not shown:
        return _fitting(0.0, 1.0, rows, log)
    losses = sorted(chain(*shown))
    lowest = losses[0]
    highest = max(map(_highest_before_lowest, shown))
    if settled:
        lowest = _with_dots(lowest, highest, _finite(dots, log))
    span = highest - lowest
    if not settled:
        span = _leap(span, 1.0 if log else max(abs(highest), abs(lowest)))
    low = highest - span
    if lowest >= 0 and not log:
        low = max(low, 0.0)
    # a quarter of what rises above the start: enough to see that a curve only rises
    typical = losses[(len(losses) * 3) // 4]
    return _fitting(low, max(highest + 0.1 * span, typical), rows, log)


def _finite(losses: Sequence[float], log: bool) -> list[float]:
    values = [scaled(loss, log) for loss in losses]
    return [value for value in values if value == value]


def _with_dots(lowest: float, highest: float, dots: list[float]) -> float:
    """The low end of a window that holds most of the raw losses below the curve."""
    if not dots:
        return lowest
    few = sorted(dots)[len(dots) // 50]
    quarter_below = lowest - (highest - lowest) / 4
    return max(min(lowest, few), quarter_below)


def _highest_before_lowest(losses: list[float]) -> float:
    """Where the descent starts: the highest loss up to the lowest one."""
    return max(losses[: losses.index(min(losses)) + 1])


def _leap(span: float, scale: float) -> float:
    """The smallest allowed height that holds a span: a quarter of the scale, or ever more."""
    height = max(scale, 1e-9) * 0.25
    while height < span:
        height *= _LEAP
    return height


def _fitting(low: float, high: float, rows: int, log: bool) -> Window:
    """The lowest window that holds a range and has its ticks in the middle of rows."""
    # a least height, so that noise does not fill the chart where the curve is flat
    least = 0.1 if log else max(abs(low), abs(high)) * 0.1
    if high - low <= least:
        middle, half = (low + high) / 2, max(least / 2, 1e-9)
        low, high = middle - half, middle + half
    gaps = max(1, rows - 1)
    base = 10.0 ** (math.floor(math.log10((high - low) / gaps)) - 1)
    for factor in (1.0, 10.0, 100.0):
        for per_row, step in _HEIGHTS:
            per_row, step = per_row * base * factor, step * base * factor
            bottom = math.floor(low / per_row + 1e-9) * per_row
            if bottom + gaps * per_row >= high - 1e-9 * per_row:
                return Window(bottom, per_row, rows, step, log)
    raise AssertionError("a thousand times the least height holds the range")


def _heights() -> list[tuple[float, float]]:
    """Losses a row, rising, with the step between the ticks."""
    heights: dict[float, float] = {}
    for step in (*_STEPS, 10.0, 20.0, 25.0):
        for rows in _ROWS_PER_STEP:
            if 1.0 <= step / rows < 10.0:
                heights.setdefault(step / rows, step)
    return sorted(heights.items())


_HEIGHTS = _heights()


def _linear_ticks(window: Window) -> list[YTick]:
    """Multiples of the step; on a log window the log10 of evenly spaced losses."""
    if window.log:
        return _even_ticks(window)
    first = math.ceil(window.low / window.step - 1e-6)
    ticks = []
    for index in range(window.rows):
        value = (first + index) * window.step
        row = window.rows - 1 - round((value - window.low) / window.per_row)
        if row < 0:
            break
        ticks.append((row, number(value, window.step)))
    return ticks


def _log_ticks(window: Window) -> list[YTick]:
    """1-2-5, 1-3 or powers of ten, as many as fit; none where fewer than two are in sight."""
    for mantissas in _MANTISSAS:
        ticks = _ticks_at(window, _values(window, mantissas))
        if len(ticks) < 2:
            return []
        if _apart(ticks):
            return ticks
    ticks = _ticks_at(window, _values(window, (1,)))
    stride = 1
    while not _apart(ticks[::stride]):
        stride += 1
    return ticks[::stride]


def _values(window: Window, mantissas: tuple[int, ...]) -> list[float]:
    values = []
    for power in range(math.floor(window.low), math.ceil(window.high) + 1):
        for mantissa in mantissas:
            y = power + math.log10(mantissa)
            if window.low - window.per_row / 2 <= y <= window.high + window.per_row / 2:
                values.append(y)
    return values


def _even_ticks(window: Window) -> list[YTick]:
    """Every third row, with the loss that is there."""
    ticks = []
    for row in range(window.rows - 1, -1, -3):
        y = window.low + (window.rows - 1 - row) * window.per_row
        ticks.append((row, _log_label(y, 3)))
    return ticks


def _ticks_at(window: Window, values: list[float]) -> list[YTick]:
    ticks = []
    for y in values:
        row = window.rows - 1 - round((y - window.low) / window.per_row)
        if 0 <= row < window.rows:
            ticks.append((row, _log_label(y, 1)))
    return ticks


def _log_label(y: float, digits: int) -> str:
    value = 10.0**y
    text = f"{value:.{digits}g}"
    if "e" in text or len(text) > LABEL:
        return compact(value)
    return text


def _apart(ticks: list[YTick]) -> bool:
    """Whether no two ticks are in rows next to each other."""
    rows = [row for row, _ in ticks]
    return all(a - b >= _MIN_ROWS_PER_TICK for a, b in pairwise(rows))
