"""Axes: where a learning rate stands on the canvas, and which ticks are labelled."""

import math
from dataclasses import dataclass

Tick = tuple[float, str]


@dataclass(frozen=True)
class Axis:
    """The x axis. A log axis is linear in log10: plotext's own log scale breaks on a second build."""

    low: float
    high: float
    log: bool = True

    @property
    def decades(self) -> float:
        """How many powers of ten a log axis spans."""
        return math.log10(self.high) - math.log10(self.low)

    def position(self, lr: float) -> float:
        """Where a learning rate stands: 0 at the low end, 1 at the high end."""
        if self.log:
            if lr <= 0:
                return 0.0
            return (math.log10(lr) - math.log10(self.low)) / self.decades
        return (lr - self.low) / (self.high - self.low)

    def rate(self, position: float) -> float:
        """The learning rate at a position; both ends are exact."""
        if position <= 0:
            return self.low
        if position >= 1:
            return self.high
        if self.log:
            return float(10.0 ** (math.log10(self.low) + position * self.decades))
        return self.low + position * (self.high - self.low)

    def column(self, lr: float, columns: int) -> int:
        """The column of a learning rate on a canvas."""
        return min(max(round(self.position(lr) * (columns - 1)), 0), columns - 1)

    def rate_of(self, column: int, columns: int) -> float:
        """The learning rate of a column; the first and the last are the ends."""
        return self.rate(column / max(1, columns - 1))

    def ticks(self, columns: int) -> list[Tick]:
        """Positions and labels, as many as fit: decades on a log axis."""
        return _log_ticks(self, columns) if self.log else _linear_ticks(self, columns)


def axis_for(low: float, high: float, log: bool) -> Axis:
    """An axis that can be drawn whatever the ends are: a range that is none becomes a small one."""
    if log and not 0 < low < high:
        low, high = 1e-7, 10.0
    return Axis(low, high, log) if high > low else Axis(low, low + max(1.0, abs(low)), log)


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5 × 10^k that cuts a span into at most so many parts."""
    rough = span / max(1, most)
    base = 10.0 ** max(math.floor(math.log10(rough)), -300) if rough > 0 else 1e-300
    return next((base * factor for factor in (1, 2, 5) if base * factor >= rough), base * 10)


def number(value: float, step: float) -> str:
    """A tick's label, at most six characters wide."""
    if value == 0 or abs(value) < step / 2:
        return "0"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    text = f"{value:.{decimals}f}"
    return text if len(text) <= 6 else decade(value)


def decade(value: float) -> str:
    """A number in the shortest e-notation: `1e-4`."""
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _log_ticks(axis: Axis, columns: int) -> list[Tick]:
    low, high = math.log10(axis.low), math.log10(axis.high)
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    if last - first < 1:
        return _mantissa_ticks(axis, columns)
    room = columns / (high - low)  # of one decade
    stride = next(
        (stride for stride in (1, 2, 3, 4, 5, 10, 20, 50, 100) if room * stride >= 7), 1000
    )
    start = first + (-first) % stride if last - first >= stride else first
    return [
        ((power - low) / (high - low), f"1e{power}") for power in range(start, last + 1, stride)
    ]


def _mantissa_ticks(axis: Axis, columns: int) -> list[Tick]:
    """Less than a decade with two powers of ten in it: 1-2-5, or the ends."""
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    rates = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    inside = [rate for rate in rates if axis.low * (1 - 1e-9) <= rate <= axis.high * (1 + 1e-9)]
    if len(inside) < 2 or columns < 8 * len(inside):
        return [(0.0, f"{axis.low:.3g}"), (1.0, f"{axis.high:.3g}")] if columns >= 24 else []
    return [(axis.position(rate), decade(rate)) for rate in inside]


def _linear_ticks(axis: Axis, columns: int) -> list[Tick]:
    step = nice_step(axis.high - axis.low, max(1, columns // 10))
    count = math.floor((axis.high - axis.low) / step + 1e-9)
    first = math.ceil(axis.low / step - 1e-9)
    values = [(first + n) * step for n in range(min(count, 100) + 1)]
    return [
        (axis.position(value), number(value, step))
        for value in values
        if value <= axis.high + step * 1e-6
    ]
