"""Picture: all that a chart shows, as plain data; and the rows of cells that it is drawn into."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from lrtui.tui.chart.axis import Axis
from lrtui.tui.chart.thinning import Thinned

# what a cell is part of; the theme gives each role its colour
Role = Literal[
    "blank",
    "axis",
    "text",
    "trend",
    "batch",
    "repeat",
    "band",
    "bound",
    "active",
    "answer",
    "limit",
    "cross",
    "metric",
    "bad",
    "run1",
    "run2",
    "run3",
    "run4",
    "run5",
    "run6",
    "run7",
    "run8",
]
RUN_ROLES: tuple[Role, ...] = ("run1", "run2", "run3", "run4", "run5", "run6", "run7", "run8")

Cell = tuple[str, Role]
Row = tuple[Cell, ...]  # one entry a character cell
BLANK: Cell = (" ", "blank")

Standing = Literal["pick", "as good", "worse", "blew up", "running"]
Points = tuple[Sequence[float], Sequence[float]]  # rates, and a loss each; nan or inf is a gap
Band = tuple[Sequence[float], Sequence[float], Sequence[float]]  # rates, lowest, highest loss
NO_POINTS: Points = ((), ())

LABEL = 6  # columns of the y labels


@dataclass(frozen=True)
class Curve:
    """One line, and the raw losses behind it."""

    line: Points = NO_POINTS
    role: Role = "trend"
    dots: Thinned | None = None  # whose raw losses are drawn as dots
    marker: str = ""  # drawn on the line every few columns, and at its end
    name: str = ""  # written at the end of a line with a marker, and in the legend


@dataclass(frozen=True)
class Mark:
    """A vertical line with a name above it."""

    lr: float
    name: str
    role: Role


@dataclass(frozen=True)
class Tried:
    """A rate that was tried in a short training; no loss where it blew up or has none yet."""

    lr: float
    loss: float | None
    standing: Standing


@dataclass(frozen=True)
class Metric:
    """A second panel below the curve, on the same x axis."""

    name: str
    curves: tuple[Curve, ...] = field(compare=False)
    best: float | None = None
    better: Literal["max", "min"] = "max"


@dataclass(frozen=True)
class Picture:
    """All that a chart shows.

    Curves are not compared: `version` has to differ between two pictures whose curves differ.
    """

    axis: Axis  # the visible range
    curves: tuple[Curve, ...] = field(default=(), compare=False)  # later ones lie on top
    version: Hashable = 0
    marks: tuple[Mark, ...] = ()  # later ones lie on top
    interval: tuple[float, float] | None = None
    tried: tuple[Tried, ...] = ()
    tried_title: str = ""  # such as "loss after 233 steps"
    metric: Metric | None = None
    band: Band | None = field(default=None, compare=False)
    band_name: str = "repeats"  # in the legend
    not_finite: tuple[float, ...] = ()  # rates
    y_log: bool = False
    x_name: str = "lr"
    y_name: str = "loss"
    legend: bool = True
    settled: bool = False  # the curves grow no more
    empty: str = ""  # what an empty chart says


def canvas_columns(width: int) -> int:
    """Columns of the curve on a chart of this width."""
    return max(1, width - LABEL - 1)


def canvas_column(picture: Picture, lr: float, width: int) -> int:
    """Column of a learning rate on a chart of this width, labels included."""
    return LABEL + 1 + picture.axis.column(lr, canvas_columns(width))
