"""The picture of the HTML page as inline SVG. It needs no matplotlib, and takes the page's colours.

The curve is above; the trials of a race, if there was one, are on an axis of their own below it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lrtui.analysis.curve import FloatArray
from lrtui.export.content import Content
from lrtui.export.drawing import Drawing
from lrtui.notebook.ticks import nice_ticks, tick_texts

WIDTH, CURVE_HEIGHT, TRIALS_HEIGHT = 900, 400, 130
LEFT, RIGHT, TOP, BOTTOM = 84, 20, 26, 46
_MOST = 4000  # points of a repeat that are drawn


@dataclass(frozen=True)
class Frame:
    """Where rates and losses are on the page, in units of the SVG."""

    x: tuple[float, float]
    y: tuple[float, float]
    log_lr: bool
    top: float
    bottom: float

    def at_x(self, lr: FloatArray) -> FloatArray:
        """Columns of learning rates."""
        first, last = self._ends
        positions = np.log10(lr) if self.log_lr else lr
        return LEFT + (positions - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def at_y(self, value: FloatArray) -> FloatArray:
        """Rows of losses, cut a little outside of the frame."""
        low, high = self.y
        rows = self.bottom - (value - low) / (high - low) * (self.bottom - self.top)
        return np.clip(rows, self.top - 1000, self.bottom + 1000)

    def column(self, lr: float) -> float:
        """The column of one rate."""
        return float(self.at_x(np.array([lr]))[0])

    def row(self, value: float) -> float:
        """The row of one loss."""
        return float(self.at_y(np.array([value]))[0])

    def holds(self, lr: float) -> bool:
        """Whether a rate is within the axis."""
        return self.x[0] <= lr <= self.x[1]

    @property
    def _ends(self) -> tuple[float, float]:
        if self.log_lr:
            return math.log10(self.x[0]), math.log10(self.x[1])
        return self.x


def curve_frame(drawing: Drawing) -> Frame:
    """The frame of the curve."""
    return Frame(drawing.x, drawing.y, drawing.log_lr, TOP, CURVE_HEIGHT - BOTTOM)


def svg_of(content: Content, drawing: Drawing) -> str:
    """The picture, with classes that the page's style sheet colours."""
    height = CURVE_HEIGHT + (TRIALS_HEIGHT if content.standings else 0)
    size = f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="loss over learning rate"'
    frame = curve_frame(drawing)
    lines = [f'<svg id="chart" xmlns="http://www.w3.org/2000/svg" {size}>', *_clip(frame)]
    lines += _axes(frame, drawing.y_label)
    lines += _answer(content, frame)
    lines.append('<g clip-path="url(#inside)">')
    lines += _curves(drawing, frame)
    lines.append("</g>")
    if content.standings:
        lines += _trials(content, frame)
    lines.append('<line id="cross" class="cross" visibility="hidden"/></svg>')
    return "\n".join(lines)


def _clip(frame: Frame) -> Iterator[str]:
    box = f'width="{WIDTH - LEFT - RIGHT}" height="{frame.bottom - frame.top:g}"'
    rectangle = f'<rect x="{LEFT}" y="{frame.top:g}" {box}/>'
    yield f'<clipPath id="inside">{rectangle}</clipPath>'


def _curves(drawing: Drawing, frame: Frame) -> Iterator[str]:
    for lr, loss in drawing.batches:
        step = -(-len(lr) // _MOST)
        yield f'<path class="batches" d="{_dots(frame, lr[::step], loss[::step])}"/>'
    if drawing.band is not None:
        band = drawing.band
        lr = np.concatenate([band.lr, band.lr[::-1]])
        edge = np.concatenate([band.low, band.high[::-1]])
        yield f'<polygon class="band" points="{_points(frame, lr, edge)}"/>'
    trend = drawing.trend
    if len(trend.lr):
        yield f'<polyline class="trend" points="{_points(frame, trend.lr, trend.value)}"/>'


def _answer(content: Content, frame: Frame) -> Iterator[str]:
    suggestion, height = content.suggestion, frame.bottom - frame.top
    if suggestion is not None and suggestion.low is not None and suggestion.high is not None:
        low = frame.column(max(suggestion.low, frame.x[0]))
        high = frame.column(min(suggestion.high, frame.x[1]))
        box = f'x="{low:.1f}" y="{frame.top:g}" width="{max(0.0, high - low):.1f}"'
        yield f'<rect class="interval" {box} height="{height:g}"/>'
    if content.lr is not None:
        yield from _mark(frame, content.lr, "answer", f"lr {content.lr:.1e}")
    if content.bounds is not None:
        yield from _mark(frame, content.bounds.start_lr, "bound", "")
        yield from _mark(frame, content.bounds.end_lr, "bound", "")


def _mark(frame: Frame, lr: float, kind: str, label: str) -> Iterator[str]:
    if not frame.holds(lr):
        return
    x = f"{frame.column(lr):.1f}"
    yield f'<line class="{kind}" x1="{x}" x2="{x}" y1="{frame.top:g}" y2="{frame.bottom:g}"/>'
    if label:
        yield f'<text class="{kind}" x="{x}" y="{frame.top - 8:g}">{label}</text>'


def _trials(content: Content, above: Frame) -> Iterator[str]:
    rows = content.standings
    losses = [row.loss for row in rows if row.loss is not None] or [0.0]
    margin = 0.15 * (max(losses) - min(losses)) or 0.1 * abs(max(losses)) or 1.0
    limits = min(losses) - margin, max(losses) + margin
    bottom = float(CURVE_HEIGHT + TRIALS_HEIGHT - BOTTOM / 2)
    frame = Frame(above.x, limits, above.log_lr, CURVE_HEIGHT + 14, bottom)
    yield from _losses(frame, [min(losses), max(losses)], "loss of trials")
    for row in rows:
        if not frame.holds(row.lr):
            continue
        x = f"{frame.column(row.lr):.1f}"
        if row.loss is None:
            yield f'<text class="blown" x="{x}" y="{frame.top + 8:g}">×</text>'
            continue
        kind = row.standing.replace(" ", "-")
        yield f'<circle class="{kind}" cx="{x}" cy="{frame.row(row.loss):.1f}" r="5"/>'


# axes


def _axes(frame: Frame, label: str) -> Iterator[str]:
    yield from _losses(frame, nice_ticks(*frame.y), label)
    for lr in rate_ticks(frame):
        x = f"{frame.column(lr):.1f}"
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{frame.top:g}" y2="{frame.bottom:g}"/>'
        text = f"{lr:.0e}" if frame.log_lr else f"{lr:.3g}"
        yield f'<text class="x" x="{x}" y="{frame.bottom + 18:g}">{text}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text class="x" x="{middle:g}" y="{frame.bottom + 38:g}">learning rate</text>'


def _losses(frame: Frame, ticks: Sequence[float], label: str) -> Iterator[str]:
    values = list(dict.fromkeys(ticks))
    for value, text in zip(values, tick_texts(values), strict=True):
        y = f"{frame.row(value):.1f}"
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="y" x="{LEFT - 8}" y="{y}" dy="0.35em">{text}</text>'
    middle = (frame.top + frame.bottom) / 2
    place = f'transform="translate(16 {middle:g}) rotate(-90)"'
    yield f'<text class="x" {place}>{label}</text>'


def rate_ticks(frame: Frame) -> list[float]:
    """The decades of a logarithmic axis, or a few round rates."""
    low, high = frame.x
    if not frame.log_lr:
        return nice_ticks(low, high)
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    decades = [10.0**exponent for exponent in range(first, last + 1)]
    return decades or [low, high]


# paths


def _points(frame: Frame, lr: FloatArray, value: FloatArray) -> str:
    finite = np.isfinite(value)
    xs, ys = frame.at_x(lr[finite]), frame.at_y(value[finite])
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))


def _dots(frame: Frame, lr: FloatArray, loss: FloatArray) -> str:
    """Lines without length, which round caps make dots of."""
    xs, ys = frame.at_x(lr), frame.at_y(loss)
    inside = (ys >= frame.top) & (ys <= frame.bottom)
    pairs = zip(xs[inside], ys[inside], strict=True)
    return "".join(f"M{x:.1f} {y:.1f}h0" for x, y in pairs)
