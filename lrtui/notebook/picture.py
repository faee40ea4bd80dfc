"""A curve, or an interval of learning rates, as a small inline SVG.

Text and axes have the colour of the notebook's text, so that they are read in dark and light
themes; the two colours of data are of middle brightness. There are no ids: several pictures may be
in one page.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from lrtui.notebook.ticks import nice_ticks, tick_texts

WIDTH, HEIGHT = 460, 170
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 8, 22
CURVE, RATE = "#3f8fd2", "#e0662b"
MOST_POINTS = 600  # of a line
HEADROOM = 0.1  # of the losses that are shown, above and below them

Numbers = Sequence[float]


@dataclass(frozen=True)
class Frame:
    """Where learning rates and losses are in the picture."""

    lrs: tuple[float, float]
    losses: tuple[float, float]
    height: int = HEIGHT

    def x(self, lr: float) -> float:
        """The column of a rate, on a logarithmic axis."""
        first, last = map(math.log10, self.lrs)
        return LEFT + (math.log10(lr) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(self, loss: float) -> float:
        """The row of a loss."""
        low, high = self.losses
        inner = self.height - TOP - BOTTOM
        return TOP + (high - loss) / (high - low) * inner


def curve_svg(
    lrs: Numbers,
    losses: Numbers,
    raw_losses: Numbers,
    marked: float | None,
    interval: tuple[float, float] | None,
) -> str:
    """Loss over learning rate: smoothed, as measured, and the suggestion with its interval."""
    points = [(lr, loss) for lr, loss in zip(lrs, losses, strict=True) if _is_drawn(lr, loss)]
    rates = [lr for lr, _ in points]
    if len(points) < 2 or min(rates) == max(rates):
        return ""
    raw = [(lr, loss) for lr, loss in zip(lrs, raw_losses, strict=True) if _is_drawn(lr, loss)]
    lowest = min(loss for _, loss in (*raw, *points))
    frame = Frame((min(rates), max(rates)), _window([loss for _, loss in points], lowest))
    parts = [*_interval(frame, interval), *_rate(frame, marked)]
    parts.append(_inside(frame, [_line(frame, raw, 1, 0.45), _line(frame, points, 2, 1)]))
    return _svg([*parts, *_lr_axis(frame), *_loss_axis(frame)], frame.height, "loss over lr")


def interval_svg(lr: float, low: float, high: float) -> str:
    """A rate within its interval, on an axis of whole decades around it."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    frame = Frame((10.0**first, 10.0 ** max(last, first + 1)), (0, 1), height=58)
    parts = [*_interval(frame, (low, high)), *_rate(frame, lr), *_lr_axis(frame)]
    return _svg(parts, frame.height, "the rate and its interval")


def _svg(parts: Sequence[str], height: int, label: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}"'
        f' width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="sans-serif" font-size="11" fill="currentColor">'
        f"{''.join(parts)}</svg>"
    )


def _is_drawn(lr: float, loss: float) -> bool:
    return lr > 0 and math.isfinite(loss)


def _window(losses: Numbers, lowest: float) -> tuple[float, float]:
    """From the lowest loss to the highest before the best one, or the median: a blow-up is cut."""
    before = losses[: losses.index(min(losses)) + 1]
    span = max(*before, median(losses)) - lowest
    span = span or max(losses) - lowest or abs(lowest) or 1.0
    return lowest - HEADROOM * span, lowest + (1 + HEADROOM) * span


def _inside(frame: Frame, lines: Sequence[str]) -> str:
    """Lines that are cut off at the edges of the frame: an svg in an svg is."""
    width, height = WIDTH - LEFT - RIGHT, frame.height - TOP - BOTTOM
    place = f'x="{LEFT}" y="{TOP}" width="{width}" height="{height}"'
    return f'<svg {place} viewBox="{LEFT} {TOP} {width} {height}">{"".join(lines)}</svg>'


def _line(frame: Frame, points: Sequence[tuple[float, float]], width: int, opacity: float) -> str:
    stride = -(-len(points) // MOST_POINTS)
    low, high = frame.losses
    far = 2 * (high - low)  # some renderers draw nothing of a line that goes on for kilometres
    places = []
    for lr, loss in points[::stride]:
        row = frame.y(min(max(loss, low - far), high + far))
        places.append(f"{frame.x(lr):.1f},{row:.1f}")
    return (
        f'<polyline points="{" ".join(places)}" fill="none" stroke="{CURVE}"'
        f' stroke-width="{width}" stroke-opacity="{opacity}" stroke-linejoin="round"/>'
    )


def _interval(frame: Frame, interval: tuple[float, float] | None) -> Iterator[str]:
    if interval is None:
        return
    low, high = (min(max(lr, frame.lrs[0]), frame.lrs[1]) for lr in interval)
    x, width = frame.x(low), frame.x(high) - frame.x(low)
    height = frame.height - TOP - BOTTOM
    yield (
        f'<rect x="{x:.1f}" y="{TOP}" width="{width:.1f}" height="{height}"'
        f' fill="{RATE}" fill-opacity="0.18"/>'
    )


def _rate(frame: Frame, lr: float | None) -> Iterator[str]:
    if lr is None or not frame.lrs[0] <= lr <= frame.lrs[1]:
        return
    x, bottom = frame.x(lr), frame.height - BOTTOM
    yield (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"'
        f' stroke="{RATE}" stroke-width="2"/>'
    )


def _lr_axis(frame: Frame) -> Iterator[str]:
    bottom = frame.height - BOTTOM
    yield (
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"'
        ' stroke="currentColor" stroke-opacity="0.5"/>'
    )
    first, last = (math.log10(lr) for lr in frame.lrs)
    decades = range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)
    for decade in decades[:: -(-len(decades) // 9)]:
        x = frame.x(10.0**decade)
        yield f'<text x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">1e{decade}</text>'


def _loss_axis(frame: Frame) -> Iterator[str]:
    ticks = nice_ticks(*frame.losses)
    for loss, text in zip(ticks, tick_texts(ticks), strict=True):
        y = frame.y(loss) + 4
        yield f'<text x="{LEFT - 6}" y="{y:.1f}" text-anchor="end">{text}</text>'
