"""ViewOptions: how the curves are looked at (smoothing, trimming, repeats left out). Values, so undoing is easy."""

from dataclasses import dataclass, replace
from typing import Literal

from lrtui.events import ViewResult

Side = Literal["start", "end"]

SMOOTHINGS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # weight of the newest loss; 1 is the raw curve
_LEAST = 10  # points that trimming leaves: fewer have no say


@dataclass(frozen=True)
class ViewOptions:
    """What is changed of the curves as they were measured. `smooth_f` is None where the run's own is kept."""

    smooth_f: float | None = None
    skip_start: int = 0
    skip_end: int = 0
    without: frozenset[int] = frozenset()  # repeats, counted from 0

    def smoothed(self, by: int, own: float) -> "ViewOptions":
        """The next smoothing: smoother with -1, closer to the raw losses with 1; at the run's own none is changed."""
        own = own or 1.0
        steps = sorted({*SMOOTHINGS, own})
        here = steps.index(self.smooth_f or own)
        chosen = steps[min(max(here + by, 0), len(steps) - 1)]
        return replace(self, smooth_f=None if chosen == own else chosen)

    def trimmed(self, side: Side, by: int, count: int) -> "ViewOptions":
        """Some points more (or fewer, where `by` is negative) left out at one side of curves of `count` points."""
        start = self.skip_start + by if side == "start" else self.skip_start
        end = self.skip_end + by if side == "end" else self.skip_end
        if start < 0 or end < 0:
            start, end = max(0, start), max(0, end)
        return (
            self
            if by > 0 and start + end > count - _LEAST
            else replace(self, skip_start=start, skip_end=end)
        )

    def toggled(self, repeat: int, count: int) -> "ViewOptions":
        """A repeat left out, or taken in again; the last one stays."""
        without = self.without ^ {repeat}
        return replace(self, without=without) if repeat < count and len(without) < count else self

    @property
    def words(self) -> str:
        """What is changed, in words; empty where nothing is."""
        smoothing = (
            ""
            if self.smooth_f is None
            else "no smoothing"
            if self.smooth_f == 1
            else f"{self.smooth_f:.2f}"
        )
        start, end = self.skip_start, self.skip_end
        many = "repeats" if len(self.without) > 1 else "repeat"
        return " · ".join(
            part
            for part in (
                f"smoothing {smoothing}" if smoothing[:1].isdigit() else smoothing,
                f"first {start} left out" if start else "",
                f"last {end} left out" if end else "",
                f"without {many} {', '.join(str(n + 1) for n in sorted(self.without))}"
                if self.without
                else "",
            )
            if part
        )

    @property
    def result(self) -> ViewResult:
        """What is changed, as a record keeps it."""
        return ViewResult(
            smooth_f=self.smooth_f,
            skip_start=self.skip_start,
            skip_end=self.skip_end,
            without_repeats=sorted(self.without),
        )


AS_MEASURED = ViewOptions()


def trim_step(count: int) -> int:
    """How many points one key leaves out: enough that a few presses are seen."""
    return max(1, count // 80)
