"""Axes: the column of a learning rate, and the ticks that are labelled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Tick = tuple[float, str]  # where it stands, and its label

_MAX_TICKS = 100
_STRIDES = (1, 2, 3, 4, 5, 10, 20, 50, 100, 1000)  # decades between two labels
_DECADE_COLUMNS = 7  # room for a label such as 1e-7
_RATE_COLUMNS = 8  # room for a label inside a decade
_ENDS_COLUMNS = 24  # room for labels at both ends only

_LABEL_WIDTH, _MAX_DECIMALS = 6, 6
_DEEPEST = 1 / 256  # of the test's range: fewer columns of dots than that would show steps

NARROWEST = 1e-9  # of the ends; columns of a narrower axis cannot be told apart


@dataclass(frozen=True)
class Axis:
    """The visible range of the x axis. A log axis is linear in log10."""

    low: float
    high: float
    log: bool = True

    @property
    def decades(self) -> float:
        """How many powers of ten a log axis spans."""
        return math.log10(self.high) - math.log10(self.low)

    def position(self, lr: float) -> float:
        """Position of a learning rate: 0 at the low end, 1 at the high end."""
        if not self.log:
            return (lr - self.low) / (self.high - self.low)
        if lr <= 0:
            return 0.0
        return (math.log10(lr) - math.log10(self.low)) / self.decades

    def positions(self, lrs: Sequence[float]) -> list[float]:
        """Positions of many learning rates; the same numbers as one by one."""
        if not self.log:
            return [(lr - self.low) / (self.high - self.low) for lr in lrs]
        low, decades, log10 = math.log10(self.low), self.decades, math.log10
        return [(log10(lr) - low) / decades if lr > 0 else self.position(lr) for lr in lrs]

    def rate(self, position: float) -> float:
        """The learning rate at a position; both ends are exact."""
        if position <= 0:
            return self.low
        if position >= 1:
            return self.high
        if not self.log:
            return self.low + position * (self.high - self.low)
        return float(10.0 ** (math.log10(self.low) + position * self.decades))

    def column(self, lr: float, columns: int) -> int:
        """Column of a learning rate on a canvas of so many columns; an end where it is outside."""
        position = self.position(lr)
        if position != position:
            return 0
        return round(min(max(position, 0.0), 1.0) * (columns - 1))

    def shows(self, lr: float) -> bool:
        """Whether a learning rate is in sight; False for nan."""
        return -0.001 <= self.position(lr) <= 1.001

    def rate_of(self, column: int, columns: int) -> float:
        """Learning rate of a column; the first and the last column are the ends."""
        return self.rate(column / max(1, columns - 1))

    def ticks(self, columns: int) -> list[Tick]:
        """Positions and labels, as many as fit: decades on a log axis."""
        if not self.log:
            return _linear_ticks(self, columns)
        first = math.ceil(math.log10(self.low) - 1e-9)
        last = math.floor(math.log10(self.high) + 1e-9)
        if first >= last:
            return _mantissa_ticks(self, columns)
        return _decade_ticks(self, columns, first, last)


def axis_for(low: float, high: float, log: bool) -> Axis:
    """An axis that can be drawn whatever the ends are: a range that is too narrow is widened."""
    if log and not 0 < low < high:
        return Axis(1e-7, 10.0, log)
    if high - low > NARROWEST * max(abs(low), abs(high)):
        return Axis(low, high, log)
    if log:
        return Axis(low, 2 * low, log)
    return Axis(low, low + max(1.0, abs(low)), log)


def zoomed(axis: Axis, centre_lr: float, factor: float, within: Axis) -> Axis:
    """The axis around a rate, `factor` times as narrow; never beyond the axis `within`.

    The rate keeps its place on the screen, unless an end is reached.
    """
    centre = min(max(axis.position(centre_lr), 0.0), 1.0)
    widest = _span(within) / _span(axis)
    width = min(max(1 / factor, _DEEPEST * widest), widest)
    return _moved_into(axis, centre * (1 - width), width, within)


def panned(axis: Axis, share: float, within: Axis) -> Axis:
    """The axis moved by a share of its width, to the right if positive; never beyond `within`."""
    return _moved_into(axis, share, 1.0, within)


def _moved_into(axis: Axis, left: float, width: float, within: Axis) -> Axis:
    """The part of an axis from position `left` on, moved to lie within another axis.

    Positions may lie outside of 0 to 1; the ends of `within` are exact.
    """
    scale = _span(axis) / _span(within)
    first = _at(axis, 0.0, within) + left * scale
    share = width * scale
    if share >= 1 - 1e-9:
        return within
    first = min(max(first, 0.0), 1 - share)
    return Axis(within.rate(first), within.rate(first + share), within.log)


def _at(axis: Axis, position: float, within: Axis) -> float:
    return within.position(axis.rate(position))


def _span(axis: Axis) -> float:
    """What an axis spans: decades on a log axis."""
    if axis.log:
        return axis.decades
    return axis.high - axis.low


def nice_step(span: float, parts: int) -> float:
    """The smallest of 1, 2, 5 × 10^k that cuts a span into at most so many parts."""
    smallest = span / max(1, parts)
    base = 1e-300
    if smallest > 0:
        base = 10.0 ** max(math.floor(math.log10(smallest)), -300)
    for factor in (1, 2, 5):
        if base * factor >= smallest:
            return base * factor
    return base * 10


def number(value: float, step: float) -> str:
    """A tick's label, at most six characters wide (seven if it is negative)."""
    if value == 0 or abs(value) < step / 2:
        return "0"
    decimals = _decimals(step)
    if decimals > _MAX_DECIMALS:
        return compact(value)
    text = f"{value:.{decimals}f}"
    if len(text) > _LABEL_WIDTH:
        return compact(value)
    return text


def _decimals(step: float) -> int:
    """Decimals that show multiples of a step exactly: 1 for 0.2, 2 for 0.25."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if decimals <= _MAX_DECIMALS and abs(round(step, decimals) - step) > step * 1e-6:
        return decimals + 1
    return decimals


def compact(value: float) -> str:
    """A number in the longest e-notation that is at most six characters wide: `1.25e4`."""
    for digits in (2, 1):
        mantissa, exponent = f"{value:.{digits}e}".split("e")
        text = f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
        if len(text) <= _LABEL_WIDTH:
            return text
    return decade(value)


def decade(value: float) -> str:
    """A number in the shortest e-notation: `1e-4`."""
    mantissa, exponent = f"{value:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _decade_ticks(axis: Axis, columns: int, first: int, last: int) -> list[Tick]:
    """Powers of ten from `first` to `last`, every so many decades."""
    room = columns / axis.decades
    stride = _STRIDES[-1]
    for candidate in reversed(_STRIDES):
        if room * candidate >= _DECADE_COLUMNS:
            stride = candidate
    if last - first >= stride:
        first += -first % stride
    ticks = []
    for power in range(first, last + 1, stride):
        position = (power - math.log10(axis.low)) / axis.decades
        ticks.append((position, f"1e{power}"))
    return ticks


def _mantissa_ticks(axis: Axis, columns: int) -> list[Tick]:
    """Ticks where fewer than two powers of ten are on the axis: 1-2-5, or the ends."""
    rates = _mantissa_rates(axis)
    if len(rates) >= 2 and columns >= _RATE_COLUMNS * len(rates):
        return [(axis.position(rate), decade(rate)) for rate in rates]
    if columns >= _ENDS_COLUMNS:
        return [(0.0, f"{axis.low:.3g}"), (1.0, f"{axis.high:.3g}")]
    return []


def _mantissa_rates(axis: Axis) -> list[float]:
    """1, 2 and 5 times every power of ten, as far as they are on the axis."""
    first, last = math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high))
    rates = []
    for power in range(first, last + 1):
        for factor in (1, 2, 5):
            rate = factor * 10.0**power
            if axis.low * (1 - 1e-9) <= rate <= axis.high * (1 + 1e-9):
                rates.append(rate)
    return rates


def _linear_ticks(axis: Axis, columns: int) -> list[Tick]:
    step = nice_step(axis.high - axis.low, max(1, columns // 10))
    count = math.floor((axis.high - axis.low) / step + 1e-9)
    first = math.ceil(axis.low / step - 1e-9)
    ticks = []
    for index in range(min(count, _MAX_TICKS) + 1):
        value = (first + index) * step
        if value <= axis.high + step * 1e-6:
            ticks.append((axis.position(value), number(value, step)))
    return ticks
