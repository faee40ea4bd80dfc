"""CurveView: the curves of a run as the person looks at them, and what is computed from them.

Two kinds of choice: view options change what the answer is computed from, the display does not.
Everything computed is cached until points come or a choice changes.
"""

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from lrtui.analysis.answer import Suggestion
from lrtui.events import Suggested
from lrtui.tui.chart.axis import Axis, panned, zoomed
from lrtui.tui.chart.thinning import Thinned
from lrtui.tui.run.boundaries import Side
from lrtui.tui.run.display import USUAL, Display
from lrtui.tui.run.state import Repeat, RunState
from lrtui.tui.run.view_options import AS_MEASURED, ViewOptions, trim_step

if TYPE_CHECKING:
    from lrtui.analysis.curve import Curve
    from lrtui.analysis.trend import Trend
    from lrtui.tui.run.trends import Line, RepeatsSoFar, SteadyLines, Trends

ZOOM = 2.0  # one key press makes the visible part so many times smaller
PAN = 0.25  # of the visible part
_UPDATES = 200  # of the trend, while a run grows
_STEADY_RATE = 0.2  # of its logarithm: a smaller change of the rate so far is not shown
_CHEAP_SECONDS = 0.02
_SHARE = 0.1  # of the time, at the most, is spent on what grows with the number of points
_FEWEST = 12  # points that a trend is drawn from


class CurveView:
    """The curves of one state. `changes` grows with every choice."""

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.changes = 0
        self.forget()

    def forget(self) -> None:
        """Back to the curves as measured, drawn as usual: another run begins."""
        self.options = AS_MEASURED
        self.display = USUAL
        self.answer: Suggested | None = None  # under the view options; None: as measured
        self.provisional: Suggestion | None = None  # of a test that still runs
        self._trends: Trends | None = None
        self._trends_of: tuple[int, ViewOptions] | None = None
        self._so_far: RepeatsSoFar | None = None
        self._rest_until = 0.0  # a run that grows is not computed again before
        self._dots: list[_Dots] = []
        self._steady: SteadyLines | None = None
        self.changes += 1

    # what is drawn

    @property
    def axis(self) -> Axis:
        """The visible part of the axis of the learning rate."""
        return self.display.zoom or self.state.axis

    @property
    def repeats(self) -> list[Repeat]:
        """The repeats that are not left out."""
        shown = []
        for index, repeat in enumerate(self.state.repeats):
            if index not in self.options.without:
                shown.append(repeat)
        return shown

    @property
    def dots(self) -> list[Thinned]:
        """The losses as measured of each shown repeat, thinned on the visible axis."""
        repeats = self.repeats
        if [dots.repeat for dots in self._dots] != repeats or self._is_rezoomed():
            self._dots = [_Dots(repeat, self.axis) for repeat in repeats]
        for dots in self._dots:
            dots.update()
        return [dots.thinned for dots in self._dots]

    def _is_rezoomed(self) -> bool:
        return any(dots.thinned.axis != self.axis for dots in self._dots)

    @property
    def trends(self) -> "Trends | None":
        """The trends of the shown repeats; None while there are too few points."""
        if self.state.points < _FEWEST:
            return None
        # the trend is of the losses as measured: smoothing changes nothing in it
        key = (self._grown, replace(self.options, smooth_f=None))
        grows_only = self._trends_of is not None and key[1] == self._trends_of[1]
        if grows_only and self.state.phase == "running" and time.monotonic() < self._rest_until:
            return self._trends
        if key != self._trends_of:
            self._trends_of = key
            self._compute()
        return self._trends

    @property
    def averages(self) -> "list[Trend]":
        """The exponential averages of the shown repeats."""
        from lrtui.tui.run.trends import averages_of

        return averages_of(self._curves())

    def steady(self, name: str, line: "Line") -> "Line":
        """The line itself; while the run grows with changes around its newest point only."""
        last = self.state.last
        if self.state.phase != "running" or last is None or last.lr <= 0:
            return line
        if self._steady is None:
            from lrtui.tui.run.trends import SteadyLines

            self._steady = SteadyLines()
        return self._steady.updated(name, line, last.lr, self.state.axis)

    @property
    def answer_with_rules(self) -> Suggested | None:
        """The answer under the view options and what the published rules suggest then."""
        if self.options == AS_MEASURED:
            return None
        return self._recomputed(rules=True)

    @property
    def _grown(self) -> int:
        """How far the run has grown, in at most `_UPDATES` leaps while it runs."""
        points = self.state.points
        if self.state.phase != "running":
            return -points
        return points // max(1, self.state.total_steps // _UPDATES)

    def _curves(self) -> "list[Curve]":
        points = [repeat.steps for repeat in self.state.repeats]
        ramp, momentum = self.state.spec.range, self.state.momentum
        return self._kept().curves(points, self.options, ramp, momentum)

    def _compute(self) -> None:
        began = time.process_time()
        state, curves = self.state, self._curves()
        so_far = self._kept()
        self._trends = so_far.trends(curves)
        before = self.provisional
        self.answer, self.provisional = None, None
        if state.phase == "running" and state.obstacle is None:
            now = so_far.provisional(_finished(curves), state.plan)
            self.provisional = _steadied(before, now)
        elif self.options != AS_MEASURED:
            self.answer = self._recomputed(rules=False)
        self._rest_until = _end_of_rest(time.process_time() - began)

    def _kept(self) -> "RepeatsSoFar":
        if self._so_far is None:
            from lrtui.tui.run.trends import RepeatsSoFar

            self._so_far = RepeatsSoFar()
        return self._so_far

    def _recomputed(self, *, rules: bool) -> Suggested:
        from lrtui.tui.run.trends import recompute_answer

        state = self.state
        return recompute_answer(
            self._curves(), self.options, state.obstacle, state.plan, rules=rules
        )

    # view options

    def smooth(self, by: int) -> None:
        """Smooth the exponential average more (-1) or less (1), and draw it."""
        self.display = replace(self.display, line="average")
        self._take(self.options.smoothed(by, self.state.spec.range.smooth_f))

    def trim(self, side: Side, by: int) -> None:
        """Leave out a few more points at one side (1), or fewer (-1)."""
        count = min((len(repeat.steps) for repeat in self.state.repeats), default=0)
        self._take(self.options.trimmed(side, by * trim_step(count), count))

    def toggle_repeat(self, repeat: int) -> None:
        """Leave a repeat out, or include it again."""
        self._take(self.options.toggled(repeat, len(self.state.repeats)))

    def undo(self) -> None:
        """Go back to the curves as measured, drawn as usual."""
        self.display = USUAL
        self._take(AS_MEASURED)

    def _take(self, options: ViewOptions) -> None:
        self.options = options
        self.changes += 1
        if self.state.points >= _FEWEST:
            _ = self.trends  # and the answer with them

    @property
    def is_changed(self) -> bool:
        """Whether there is something to undo."""
        return self.options != AS_MEASURED or self.display != replace(
            USUAL, limit=self.display.limit
        )

    # display

    def show(self, display: Display) -> None:
        """Draw the curves in another way."""
        self.display = display
        self.changes += 1

    def zoom(self, centre: float, factor: float) -> None:
        """Show a part of the axis that is `factor` times smaller, around a learning rate."""
        whole = self.state.axis
        self._see(zoomed(self.axis, centre, factor, whole))

    def pan(self, share: float) -> None:
        """Move the visible part by a share of its width."""
        self._see(panned(self.axis, share, self.state.axis))

    def columns_of_axis(self, columns: int) -> int:
        """Columns that the whole axis would have where its visible part has `columns`."""
        low, high = map(self.state.axis.position, (self.axis.low, self.axis.high))
        return 1 + round((columns - 1) / max(high - low, 1e-6))

    def keep_in_sight(self, lr: float) -> None:
        """Pan until a learning rate is visible."""
        position = self.axis.position(lr)
        if position < 0:
            self.pan(position - PAN)
        elif position > 1:
            self.pan(position - 1 + PAN)

    def _see(self, axis: Axis) -> None:
        zoom = None if axis == self.state.axis else axis
        if zoom != self.display.zoom:
            self.show(replace(self.display, zoom=zoom))


def _end_of_rest(cost: float) -> float:
    """When a run that grows may be computed again, which took so many seconds."""
    if cost < _CHEAP_SECONDS:
        return 0.0
    return time.monotonic() + cost / _SHARE


def _finished(curves: "list[Curve]") -> "list[Curve]":
    """The repeats that have ended: the one in progress would make them look cut off."""
    return curves[:-1] or curves


def _steadied(before: Suggestion | None, now: Suggestion | None) -> Suggestion | None:
    """The rate so far, as it was while it changes little: its line goes through the whole chart."""
    if before is None or now is None or not before.lr or not now.lr:
        return now
    if abs(math.log(now.lr / before.lr)) <= _STEADY_RATE:
        return before
    return now


class _Dots:
    """The losses of one repeat, thinned as they come."""

    def __init__(self, repeat: Repeat, axis: Axis) -> None:
        self.repeat = repeat
        self.thinned = Thinned(axis)
        self._count = 0

    def update(self) -> None:
        """Take in the points that came."""
        steps = self.repeat.steps
        for step in steps[self._count :]:
            self.thinned.add(step.lr, step.raw_loss)
        self._count = len(steps)
