"""Display: how the curves of a run are drawn. Nothing of it changes the answer."""

from dataclasses import dataclass, replace
from typing import Literal

from lrtui.tui.chart.axis import Axis

Line = Literal["trend", "average", "batches"]
LINES: tuple[Line, ...] = ("trend", "average", "batches")
LINE_NAMES: dict[Line, str] = {
    "trend": "trend",
    "average": "exponential average",
    "batches": "batches as measured",
}


@dataclass(frozen=True)
class Display:
    """What is drawn.

    Attributes:
        line: the bold line: the trend that the answer is computed from, torch_lr_finder's
            exponential average, or the losses as measured.
        y_log: whether the axis of the loss is logarithmic.
        limit: whether a measured stability limit is marked.
        zoom: the visible part of the axis; None: all of it.
        cross: the crosshair's learning rate; None: there is no crosshair.
    """

    line: Line = "trend"
    y_log: bool = False
    limit: bool = True
    zoom: Axis | None = None
    cross: float | None = None

    def next_line(self) -> "Display":
        """The next kind of line; the first follows the last."""
        index = LINES.index(self.line) + 1
        return replace(self, line=LINES[index % len(LINES)])

    @property
    def description(self) -> str:
        """What differs from the usual picture, as text; empty where nothing does."""
        changes = []
        if self.line != "trend":
            changes.append(f"line: {LINE_NAMES[self.line]}")
        if self.zoom is not None:
            changes.append(f"zoomed to {self.zoom.low:.1e} … {self.zoom.high:.1e}")
        return " · ".join(changes)


USUAL = Display()
