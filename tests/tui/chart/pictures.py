"""Curves and pictures that the tests of the chart draw, and readers of what was drawn."""

import math
from collections.abc import Iterable

from lrtui.tui.chart.axis import Axis, axis_for
from lrtui.tui.chart.layout import layout_of
from lrtui.tui.chart.picture import LABEL, Curve, Mark, Metric, Picture, Row, Tried
from lrtui.tui.chart.thinning import Thinned, band_of, mean_of

AXIS = axis_for(1e-7, 10.0, log=True)
Point = tuple[float, float | None, float | None]  # lr, raw loss, smoothed loss


def thinned(points: Iterable[Point], axis: Axis = AXIS) -> Thinned:
    curve = Thinned(axis)
    for lr, raw, smooth in points:
        curve.add(lr, raw, smooth)
    return curve


def textbook_loss(lr: float) -> float:
    """Falls from 2.3 to 0.3 and blows up to a million."""
    return 2.3 - (1 + math.tanh((math.log10(lr) + 2.5) * 1.5)) + (lr * 1.5) ** 6


def rates(count: int = 100) -> list[float]:
    return [AXIS.rate(i / (count - 1)) for i in range(count)]


def textbook(count: int = 100, times: float = 1.0) -> Thinned:
    return thinned((lr, textbook_loss(lr), times * textbook_loss(lr)) for lr in rates(count))


def flat(loss: float = 1.0) -> Thinned:
    return thinned((lr, loss, loss) for lr in rates())


def plain(*curves: Thinned, **kwargs: object) -> Picture:
    """Curves with their dots, and nothing else."""
    drawn = tuple(Curve(curve, "trend", curve) for curve in curves)
    return Picture(curves[0].axis, drawn, **kwargs)  # type: ignore[arg-type]


def full() -> Picture:
    """All that a run shows."""
    repeats = [textbook(times=times) for times in (1.0, 1.3, 1.6)]
    accuracy = [math.exp(-((math.log10(lr) + 1.5) ** 2)) for lr in rates()]
    return Picture(
        AXIS,
        (*(Curve(role="repeat", dots=own) for own in repeats), Curve(mean_of(repeats), "trend")),
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
