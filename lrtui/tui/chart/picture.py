"""Picture: all that a chart shows, as plain data; and the rows of cells that it is drawn into."""

from dataclasses import dataclass, field
from typing import Literal

from lrtui.tui.chart.axis import Axis
from lrtui.tui.chart.thinning import Thinned

# what a cell is part of; the theme gives each role its colour
Role = Literal[
    "blank", "raw", "smooth", "repeat", "axis", "bound", "active", "suggestion", "limit", "metric"
]
Cell = tuple[str, Role]
Row = tuple[Cell, ...]  # one entry a character cell

LABEL = 6  # columns of the y labels
_MIN_WIDTH, _MIN_HEIGHT = LABEL + 12, 6


@dataclass(frozen=True)
class Mark:
    """A vertical line with a name above it."""

    lr: float
    name: str
    role: Role


@dataclass(frozen=True)
class Picture:
    """All that a chart shows. `version` distinguishes two pictures of the same growing curves."""

    axis: Axis
    curves: tuple[Thinned, ...] = field(default=(), compare=False)
    version: int = 0
    marks: tuple[Mark, ...] = ()  # later ones lie on top
    interval: tuple[float, float] | None = None
    settled: bool = False  # the curves grow no more
    roles: tuple[Role, ...] = ()  # of each curve; empty for repeats of one curve
    metric: tuple[Thinned, ...] = field(default=(), compare=False)  # scaled to the window
    empty: str = ""  # what an empty chart says


def can_be_drawn(width: int, height: int) -> bool:
    """Whether a chart of this size has room for a curve."""
    return width >= _MIN_WIDTH and height >= _MIN_HEIGHT


def canvas_columns(width: int) -> int:
    """Columns of the curve on a chart of this width."""
    return max(1, width - LABEL - 1)


def canvas_column(picture: Picture, lr: float, width: int) -> int:
    """Column of a learning rate on a chart of this width, labels included."""
    return LABEL + 1 + picture.axis.column(lr, canvas_columns(width))
