"""ViewOptions: smoothing, trimming and left-out repeats. Immutable, so an old value undoes."""

from dataclasses import dataclass, replace
from typing import Literal

from lrtui.events import ViewResult

Side = Literal["start", "end"]

# weights of the newest loss; 1 is the raw curve
SMOOTHINGS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_MIN_POINTS = 10  # trimming leaves at least these: fewer cannot be judged


@dataclass(frozen=True)
class ViewOptions:
    """Changes to the curves as measured. `smooth_f` is None for the run's own smoothing."""

    smooth_f: float | None = None
    skip_start: int = 0
    skip_end: int = 0
    without: frozenset[int] = frozenset()  # repeats, 0-based

    def smoothed(self, by: int, run_smooth_f: float) -> "ViewOptions":
        """Go to the next smoothing: smoother with -1, rougher with 1.

        The run's own smoothing is one of the steps, and counts as no change.
        """
        own = run_smooth_f or 1.0
        steps = sorted({*SMOOTHINGS, own})
        target = steps.index(self.smooth_f or own) + by
        chosen = steps[min(max(target, 0), len(steps) - 1)]
        if chosen == own:
            return replace(self, smooth_f=None)
        return replace(self, smooth_f=chosen)

    def trimmed(self, side: Side, by: int, count: int) -> "ViewOptions":
        """Leave out `by` more points (fewer if negative) at one side of `count` points."""
        start, end = self.skip_start, self.skip_end
        if side == "start":
            start = max(0, start + by)
        else:
            end = max(0, end + by)
        if by > 0 and start + end > count - _MIN_POINTS:
            return self
        return replace(self, skip_start=start, skip_end=end)

    def toggled(self, repeat: int, count: int) -> "ViewOptions":
        """Leave out a repeat, or include it again; one of the `count` repeats always stays."""
        without = self.without ^ {repeat}
        if repeat >= count or len(without) == count:
            return self
        return replace(self, without=without)

    @property
    def leaves_out(self) -> bool:
        """Whether points or repeats are left out, which changes the answer."""
        return bool(self.skip_start or self.skip_end or self.without)

    @property
    def description(self) -> str:
        """The changes as a line of text; empty where there are none."""
        changes = []
        if self.smooth_f == 1:
            changes.append("no smoothing")
        elif self.smooth_f is not None:
            changes.append(f"smoothing {self.smooth_f:.2f}")
        if self.skip_start:
            changes.append(f"first {self.skip_start} left out")
        if self.skip_end:
            changes.append(f"last {self.skip_end} left out")
        if self.without:
            changes.append(f"without {_named(self.without)}")
        return " · ".join(changes)

    @property
    def result(self) -> ViewResult:
        """The changes as a record stores them."""
        return ViewResult(
            smooth_f=self.smooth_f,
            skip_start=self.skip_start,
            skip_end=self.skip_end,
            without_repeats=sorted(self.without),
        )


AS_MEASURED = ViewOptions()


def trim_step(count: int) -> int:
    """Points that one key press leaves out: enough that a few presses are visible."""
    return max(1, count // 80)


def _named(repeats: frozenset[int]) -> str:
    """`repeat 2`, or `repeats 1, 3`."""
    numbers = ", ".join(str(repeat + 1) for repeat in sorted(repeats))
    if len(repeats) == 1:
        return f"repeat {numbers}"
    return f"repeats {numbers}"
