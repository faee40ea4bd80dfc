"""RunView: a fold over a run's events into what the run screen shows. No widgets: the screen asks, the view answers."""

from collections import deque
from typing import Literal

from lrtui.analysis.answer import Bounds
from lrtui.events import Ended, Event, Measured, Notice, Restored, Started, Step, Suggested
from lrtui.spec import RunSpec
from lrtui.tui.axis import Axis, axis_for
from lrtui.tui.lens import AS_MEASURED, Lens
from lrtui.tui.thinning import Thinned

Phase = Literal["building", "running", "ended", "resetting", "reset"]
_RECENT = 12  # points that a trend is read from


class RunView:
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
        self.checking = ""  # what is measured beside the curve now
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
                pass

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
            self.recent.clear()
        self.points[step.repeat].append(step)
        self.curves[step.repeat].add(step.lr, step.raw_loss, step.loss)
        if step.loss is not None:
            self.recent.append(step.loss)
        low, high = self.span or (step.lr, step.lr)
        self.span = min(low, step.lr), max(high, step.lr)
        self.version += 1

    def look(self, lens: Lens) -> None:
        """Look at the curves through another lens: they are drawn anew, and the answer is computed anew."""
        from lrtui.tui.recompute import recomputed, redrawn

        if lens == self.lens or not self.points:
            return
        self.lens = lens
        self.curves = redrawn(self.points, lens, self.axis)
        momentum = self.started.momentum if self.started else None
        self.anew = None if lens == AS_MEASURED else recomputed(self.points, lens, self.spec.range, momentum)
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
        return self.phase in ("building", "running", "resetting")

    @property
    def total(self) -> int:
        """Points in all."""
        return self.started.total_steps if self.started else self.spec.range.num_iter * self.spec.range.repeats

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
        """The answer in force: the run's own, or the one to what the person looks at."""
        return self.anew or self.suggested

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
