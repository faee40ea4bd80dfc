"""Curves and pictures that the tests of the chart draw, and readers of what was drawn."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lrtui.tui.chart.axis import Axis, axis_for
from lrtui.tui.chart.layout import layout_of
from lrtui.tui.chart.picture import LABEL, Band, Curve, Mark, Metric, Picture, Points, Row, Tried
from lrtui.tui.chart.thinning import Thinned

AXIS = axis_for(1e-7, 10.0, log=True)
Point = tuple[float, float | None, float | None]  # lr, raw loss, smoothed loss


class Measured(NamedTuple):
    """A line, and the losses that are dots behind it."""

    line: Points
    dots: Thinned


def measured(points: Iterable[Point], axis: Axis = AXIS) -> Measured:
    dots = Thinned(axis)
    lrs, losses = [], []
    for lr, raw, smooth in points:
        dots.add(lr, raw)
        lrs.append(lr)
        losses.append(math.nan if smooth is None else smooth)
    return Measured((lrs, losses), dots)


def textbook_loss(lr: float) -> float:
    """Falls from 2.3 to 0.3 and blows up to a million."""
    return 2.3 - (1 + math.tanh((math.log10(lr) + 2.5) * 1.5)) + (lr * 1.5) ** 6


def rates(count: int = 100) -> list[float]:
    return [AXIS.rate(i / (count - 1)) for i in range(count)]


def textbook(count: int = 100, times: float = 1.0) -> Measured:
    return measured((lr, textbook_loss(lr), times * textbook_loss(lr)) for lr in rates(count))


def flat(loss: float = 1.0) -> Measured:
    return measured((lr, loss, loss) for lr in rates())


def plain(*curves: Measured, **kwargs: object) -> Picture:
    """Curves with their dots, and nothing else."""
    drawn = tuple(Curve(curve.line, "trend", curve.dots) for curve in curves)
    return Picture(curves[0].dots.axis, drawn, **kwargs)  # type: ignore[arg-type]


def mean_of(curves: Sequence[Measured]) -> Points:
    """The mean of lines over the same rates."""
    losses = zip(*(curve.line[1] for curve in curves), strict=True)
    return curves[0].line[0], [sum(at_lr) / len(at_lr) for at_lr in losses]


def band_of(curves: Sequence[Measured]) -> Band:
    """The lowest and the highest of lines over the same rates."""
    losses = list(zip(*(curve.line[1] for curve in curves), strict=True))
    return curves[0].line[0], list(map(min, losses)), list(map(max, losses))


def full() -> Picture:
    """All that a run shows."""
    repeats = [textbook(times=times) for times in (1.0, 1.3, 1.6)]
    accuracy = [math.exp(-((math.log10(lr) + 1.5) ** 2)) for lr in rates()]
    return Picture(
        AXIS,
        (*(Curve(role="repeat", dots=own.dots) for own in repeats), Curve(mean_of(repeats))),
        marks=(
            Mark(4.8e-2, "end", "bound"),
            Mark(6e-4, "▸start", "active"),
            Mark(2e-2, "lr", "answer"),
        ),
        interval=(8e-3, 5e-2),
        tried=(
            Tried(1e-3, 2.1, "worse"),
            Tried(1e-2, 0.3, "as good"),
            Tried(2e-2, 0.28, "pick"),
            Tried(0.3, None, "blew up"),
        ),
        tried_title="loss after 233 steps",
        metric=Metric("accuracy", (Curve((rates(), accuracy), "metric"),), max(accuracy)),
        band=band_of(repeats),
        band_name="3 repeats",
        not_finite=(9.0,),
        settled=True,
    )


def text(rows: Iterable[Row]) -> list[str]:
    return ["".join(char for char, _ in row) for row in rows]


def canvas(picture: Picture, rows: tuple[Row, ...]) -> list[Row]:
    """The rows of the canvas, without the y labels."""
    layout = layout_of(picture, len(rows[0]), len(rows))
    return [row[LABEL + 1 :] for row in rows[layout.top : layout.axis]]


def rows_with(rows: Iterable[Row], role: str) -> list[int]:
    return [y for y, row in enumerate(rows) if any(own == role for _, own in row)]


def roles_at(rows: Iterable[Row], column: int) -> set[str]:
    return {row[column][1] for row in rows}
