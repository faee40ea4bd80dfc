"""The two boundaries, and which is active. They hold learning rates, so a resize moves none."""

from dataclasses import dataclass, replace
from typing import Literal

from lrtui.analysis.answer import Bounds
from lrtui.tui.chart.axis import Axis

Side = Literal["start", "end"]


@dataclass(frozen=True)
class Boundaries:
    """Two learning rates. `touched` means that the person moved one, so no proposal may."""

    start: float
    end: float
    active: Side = "start"
    touched: bool = False

    @property
    def active_lr(self) -> float:
        """Learning rate of the active boundary."""
        if self.active == "start":
            return self.start
        return self.end

    @property
    def bounds(self) -> Bounds:
        """The boundaries as a record stores them."""
        return Bounds(self.start, self.end)

    def activate(self, side: Side) -> "Boundaries":
        """Make one of them the boundary that the arrows move."""
        return replace(self, active=side)

    def moved(self, by: int, axis: Axis, columns: int) -> "Boundaries":
        """Move the active boundary by columns, within the axis and on its side of the other."""
        here = axis.column(self.active_lr, columns)
        lowest, highest = self._columns_allowed(axis, columns)
        target = min(max(here + by, lowest), max(lowest, highest))
        if target == here or target >= columns:
            return self
        lr = axis.rate_of(target, columns)
        if self.active == "start":
            return replace(self, start=lr, touched=True)
        return replace(self, end=lr, touched=True)

    def proposed(self, bounds: Bounds) -> "Boundaries":
        """Follow a proposal, unless the person moved a boundary."""
        if self.touched:
            return self
        return replace(self, start=bounds.start_lr, end=bounds.end_lr)

    def adopted(self, bounds: Bounds) -> "Boundaries":
        """Take a proposal on the person's request, and follow later proposals again."""
        return replace(self, start=bounds.start_lr, end=bounds.end_lr, touched=False)

    def _columns_allowed(self, axis: Axis, columns: int) -> tuple[int, int]:
        """First and last column that the active boundary may have."""
        if self.active == "start":
            return 0, axis.column(self.end, columns) - 1
        return axis.column(self.start, columns) + 1, columns - 1
