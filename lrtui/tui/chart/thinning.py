"""Thinning: the losses of a run of any length, kept in a fixed number of columns as they come.

Points are merged by column, not by index, so a dot never moves once it is drawn, and a long run
costs no more to draw than a short one.
"""

import math
from dataclasses import dataclass, field

from lrtui.tui.chart.axis import Axis

BINS = 1024


@dataclass
class Column:
    """What fell into one column: the range of the losses."""

    position: float  # on the axis, from 0 to 1
    low: float = math.inf
    high: float = -math.inf


@dataclass
class Thinned:
    """Losses over learning rates on an axis, by column."""

    axis: Axis
    columns: dict[int, Column] = field(default_factory=dict)

    def add(self, lr: float, loss: float | None) -> None:
        """Add a point; a loss that is None or not finite leaves no dot."""
        position = self.axis.position(lr)
        if not -0.001 <= position <= 1.001:  # nan neither
            return
        bin_ = min(max(round(position * (BINS - 1)), 0), BINS - 1)
        column = self.columns.setdefault(bin_, Column(bin_ / (BINS - 1)))
        if loss is not None and math.isfinite(loss):
            column.low = min(column.low, loss)
            column.high = max(column.high, loss)
