"""The two boundaries: which one is in hand, and where its next column is. They are values, so a resize moves none."""

from dataclasses import dataclass, replace
from typing import Literal

from lrtui.analysis.answer import Bounds
from lrtui.tui.chart.axis import Axis

Side = Literal["start", "end"]


@dataclass(frozen=True)
class Boundaries:
    """Where the boundaries stand. `touched`: a person has moved them, so no proposal may."""

    start: float
    end: float
    active: Side = "start"
    touched: bool = False

    def choose(self, side: Side) -> "Boundaries":
        """Take one of them in hand."""
        return replace(self, active=side)

    def moved(self, by: int, axis: Axis, columns: int) -> "Boundaries":
        """The one in hand, so many columns further; it stays on the axis and on its own side of the other."""
        here, other = (
            axis.column(getattr(self, self.active), columns),
            axis.column(self.other, columns),
        )
        low, high = (0, other - 1) if self.active == "start" else (other + 1, columns - 1)
        target = min(max(here + by, low), max(low, high))
        if target == here or not 0 <= target < columns:
            return self
        value = axis.rate_of(target, columns)
        if self.active == "start":
            return replace(self, start=value, touched=True)
        return replace(self, end=value, touched=True)

    def proposed(self, bounds: Bounds) -> "Boundaries":
        """At a proposal, unless a person has placed them."""
        return self if self.touched else replace(self, start=bounds.start_lr, end=bounds.end_lr)

    def adopted(self, bounds: Bounds) -> "Boundaries":
        """At a proposal because a person took it; from then on they follow it again."""
        return replace(self, start=bounds.start_lr, end=bounds.end_lr, touched=False)

    def ending(self, lr: float) -> "Boundaries":
        """With the end at a rate that a person took; the start stays below it."""
        return replace(self, start=self.start if self.start < lr else lr / 10, end=lr, touched=True)

    @property
    def held(self) -> float:
        """The value of the one in hand."""
        return self.start if self.active == "start" else self.end

    @property
    def other(self) -> float:
        """The value of the one that is not in hand."""
        return self.end if self.active == "start" else self.start

    @property
    def bounds(self) -> Bounds:
        """As the record keeps them."""
        return Bounds(self.start, self.end)
