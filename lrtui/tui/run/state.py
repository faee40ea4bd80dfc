"""RunState: a fold over the events of a run into what the run screen shows. It has no widgets."""

import math
from bisect import bisect_left
from collections import deque
from typing import Literal

import msgspec

from lrtui.analysis.answer import Bounds
from lrtui.events import (
    Check,
    ConfirmationResult,
    Ended,
    Event,
    Measured,
    Notice,
    Restored,
    Result,
    StabilityResult,
    Started,
    Step,
    Suggested,
    TrialResult,
    ends_check,
)
from lrtui.report.confirmation import latest
from lrtui.spec import RunSpec
from lrtui.tui.chart.axis import Axis, axis_for
from lrtui.tui.chart.thinning import Thinned
from lrtui.tui.run.view_options import AS_MEASURED, ViewOptions

Phase = Literal["building", "running", "ended", "resetting", "reset"]
_RECENT = 12  # points that a trend is read from


class RunState:
    """What is known of the run so far. `version` changes with whatever the chart shows."""

    def __init__(self, spec: RunSpec) -> None:
        self.version = 0
        self.spec = spec
        self.begin(spec)

    def begin(self, spec: RunSpec) -> None:
        """Nothing is known yet: a run was asked for."""
        self.spec = spec
        self.axis: Axis = axis_for(spec.range.start_lr, spec.range.end_lr, spec.range.mode == "exp")
        self.initial = ""
        self.started: Started | None = None
        self._forget("building")

    def clear(self) -> None:
        """A reset was asked for: what was measured goes at once, whatever still arrives from it."""
        self._forget("resetting")

    def _forget(self, phase: Phase) -> None:
        self.phase: Phase = phase
        self.curves: list[Thinned] = []
        self.points: list[list[Step]] = []  # of each repeat
        self.metrics: list[Thinned] = []  # of each repeat, where there is one
        self.metric_range: tuple[float, float] | None = None
        self.lens = AS_MEASURED
        self.anew: Suggested | None = None  # the answer to what the lens shows
        self.events: list[Event] = []
        self.steps = 0
        self.last: Step | None = None
        self.recent: deque[float] = deque(maxlen=_RECENT)
        self.span: tuple[float, float] | None = None
        self.suggested: Suggested | None = None
        self.ended: Ended | None = None
        self.restored: Restored | None = None
        self.notice = ""
        self.measured: list[Result] = []  # beside the curve
        self.checking: Check | None = None  # what is being measured beside it now
        self.limit_shown = True
        self.taken_lr: float | None = (
            None  # a rate that short trainings found better, and the person took
        )
        self.version += 1

    def feed(self, event: Event) -> None:
        """One more event."""
        if self.phase == "resetting" and not isinstance(event, Started | Restored):
            if isinstance(event, Ended) and event.status == "failed":
                self._end(event)
            return
        self.events.append(event)
        match event:
            case Started():
                self._start(event)
            case Step():
                self._step(event)
            case Suggested():
                self.suggested = event
                self.version += 1
            case Notice():
                self.notice = event.text
            case Ended():
                self._end(event)
            case Restored():
                self._restore(event)
            case Measured():
                self._measure(event)

    def _start(self, event: Started) -> None:
        heard = [earlier for earlier in self.events if isinstance(earlier, Notice)]
        self.begin(event.spec)
        self.phase = "running"
        self.started = event
        self.initial = event.digest
        self.events = [event, *heard]

    def _step(self, step: Step) -> None:
        self.steps += 1
        self.last = step
        if step.skipped:
            return
        while len(self.curves) <= step.repeat:
            self.curves.append(Thinned(self.axis))
            self.points.append([])
            self.metrics.append(Thinned(self.axis))
            self.recent.clear()
        self.points[step.repeat].append(step)
        self.curves[step.repeat].add(step.lr, step.raw_loss, step.loss)
        if step.loss is not None:
            self.recent.append(step.loss)
        if step.metric is not None and math.isfinite(step.metric):
            self.metrics[step.repeat].add(step.lr, None, step.metric)
            lowest, highest = self.metric_range or (step.metric, step.metric)
            self.metric_range = min(lowest, step.metric), max(highest, step.metric)
        low, high = self.span or (step.lr, step.lr)
        self.span = min(low, step.lr), max(high, step.lr)
        self.version += 1

    def _measure(self, event: Measured) -> None:
        self.measured.append(event.result)
        if ends_check(event):
            self.checking = None
        self.version += 1

    def check(self, name: Check) -> None:
        """Something beside the curve was asked for."""
        self.checking = name
        self.version += 1

    def take(self, lr: float) -> None:
        """The person takes a rate that short trainings found better."""
        self.taken_lr = lr
        self.version += 1

    def look(self, lens: ViewOptions) -> None:
        """Look at the curves through another lens: they are drawn anew, and the answer is computed anew."""
        from lrtui.tui.run.recompute import recomputed, redrawn

        if lens == self.lens or not self.points:
            return
        self.lens = lens
        self.curves = redrawn(self.points, lens, self.axis)
        momentum = self.started.momentum if self.started else None
        self.anew = (
            None
            if lens == AS_MEASURED
            else recomputed(self.points, lens, self.spec.range, momentum)
        )
        self.version += 1

    def _end(self, event: Ended) -> None:
        self.ended = event
        self.phase = "ended"

    def _restore(self, event: Restored) -> None:
        if self.phase == "resetting":
            self._forget("reset")
        self.restored = event

    @property
    def busy(self) -> bool:
        """A run is being built or measured, as far as its events tell."""
        return self.phase in ("building", "running", "resetting") or bool(self.checking)

    @property
    def total(self) -> int:
        """Points in all."""
        return (
            self.started.total_steps
            if self.started
            else self.spec.range.num_iter * self.spec.range.repeats
        )

    @property
    def seconds_left(self) -> float | None:
        """Time left at the pace so far."""
        if self.phase != "running" or self.last is None or not self.steps:
            return None
        return self.last.seconds / self.steps * max(0, self.total - self.steps)

    @property
    def trend(self) -> str:
        """Where the smoothed curve is heading, in a word."""
        if len(self.recent) < _RECENT // 2:
            return ""
        first, last = self.recent[0], self.recent[-1]
        slack = 0.01 * max(abs(first), abs(last))
        return "flat" if abs(last - first) <= slack else "falling" if last < first else "rising"

    @property
    def answer(self) -> Suggested | None:
        """The answer in force: the run's own, or the one to what the person looks at, and with the rate they took."""
        found = self.anew or self.suggested
        return found if found is None or self.taken_lr is None else _with_rate(found, self.taken_lr)

    @property
    def shown_metrics(self) -> tuple[Thinned, ...]:
        """The metric of the repeats that are not left out."""
        return tuple(
            one for n, one in enumerate(self.metrics) if one.columns and n not in self.lens.without
        )

    def at(self, lr: float) -> Step | None:
        """The point of the first repeat that is looked at that is nearest to a rate."""
        steps = next(
            (steps for n, steps in enumerate(self.points) if n not in self.lens.without), []
        )
        place = bisect_left(steps, lr, key=lambda step: step.lr)
        near = steps[max(0, place - 1) : place + 1]
        return min(near, key=lambda step: abs(step.lr - lr), default=None)

    @property
    def trials(self) -> list[TrialResult]:
        """The trials of the last confirmation, or of the one that is going on."""
        trials, result = latest(self.measured)
        return [] if result is not None and self.checking == "confirmation" else trials

    @property
    def confirmation(self) -> ConfirmationResult | None:
        """What the last trials came to; None while they are going on."""
        return None if self.checking == "confirmation" else latest(self.measured)[1]

    @property
    def stability(self) -> StabilityResult | None:
        """The last stability measurement."""
        results = [result for result in self.measured if isinstance(result, StabilityResult)]
        return results[-1] if results else None

    @property
    def limit(self) -> float | None:
        """The stability limit, where one was measured."""
        return (self.stability.limit or None) if self.stability else None

    @property
    def proposal(self) -> Bounds | None:
        """The boundaries as proposed: the analysis' own, else the interval that it is sure of."""
        if self.answer is None:
            return None
        answer = self.answer.suggestion
        if self.answer.bounds is not None:
            return self.answer.bounds
        if answer.low is not None and answer.high is not None and answer.low < answer.high:
            return Bounds(answer.low, answer.high)
        return None

    @property
    def resting(self) -> Bounds:
        """Where the boundaries stand without a proposal: at the ends of the curve, or of the axis while it grows."""
        if self.phase == "ended" and self.span and self.span[0] < self.span[1]:
            return Bounds(*self.span)
        return Bounds(self.axis.low, self.axis.high)


def _with_rate(found: Suggested, lr: float) -> Suggested:
    """The same answer with a rate that was found by training; its interval reaches to it."""
    old = found.suggestion
    new = msgspec.structs.replace(
        old,
        lr=lr,
        low=min(old.low or lr, lr),
        high=max(old.high or lr, lr),
        verdict="ok",
        reason=f"It trained better than {old.lr:.1e}."
        if old.lr
        else "Short trainings speak for it.",
        advice="",
        method="short trainings",
    )
    return msgspec.structs.replace(found, suggestion=new)
