"""RunState: the events of a run, folded into what the run screen shows. Plain data, no widgets."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from lrtui.analysis.answer import ANY_PLAN, Obstacle, Plan
from lrtui.events import (
    Check,
    ConfirmationResult,
    Ended,
    Event,
    Extended,
    Machine,
    Measured,
    Notice,
    Passing,
    Racing,
    Restored,
    Result,
    Saving,
    StabilityResult,
    Started,
    Step,
    Suggested,
    TrialResult,
    ends_check,
    obstacle_among,
)
from lrtui.report.race import latest
from lrtui.report.standings import Standing, standings
from lrtui.spec import RunSpec
from lrtui.tui.chart.axis import Axis, axis_for

Phase = Literal["building", "running", "ended", "resetting", "reset"]
LOAD_SAMPLES = 24  # seconds of the machine's load that are drawn
_TREND_POINTS = 12  # the trend is read from this many smoothed losses
_FLAT = 0.01  # a smaller relative change of the loss is no trend


@dataclass(eq=False)
class Repeat:
    """One repeat of the range test: its points."""

    steps: list[Step] = field(default_factory=list)


class RunState:
    """What the events of a run say so far. `version` grows whenever the chart has to change."""

    def __init__(self, spec: RunSpec) -> None:
        self.version = 0
        self.begin(spec)

    def begin(self, spec: RunSpec) -> None:
        """Forget the last run: a new one was asked for."""
        self.spec = spec
        ramp = spec.range
        self.axis: Axis = axis_for(ramp.start_lr, ramp.end_lr, ramp.mode == "exp")
        self.initial_digest = ""
        self.started: Started | None = None
        self._forget("building")

    def clear(self) -> None:
        """Forget what was measured: a reset was asked for. Events of the old run are ignored."""
        self._forget("resetting")

    def _forget(self, phase: Phase) -> None:
        self.phase: Phase = phase
        self.repeats: list[Repeat] = []
        self.points = 0  # of all repeats
        self.not_finite: list[float] = []  # rates at which the loss was not finite
        self.metric_best: float | None = None
        self.lr_range: tuple[float, float] | None = None
        self.events: list[Event] = []
        self.steps = 0
        self._total_steps = 0  # of an extended range
        self.extension_problem = ""  # why the range could not be extended
        self.last: Step | None = None
        self.suggested: Suggested | None = None
        self.ended: Ended | None = None
        self.restored: Restored | None = None
        self.notice = ""
        self.saving_problem = ""  # why not all of it is on the disk
        self.measured: list[Result] = []
        self.checking: Check | None = None
        self.racing: Racing | None = None  # how far the race in progress is
        self.machine: Machine | None = None  # the newest sample
        self.load: deque[float] = deque(maxlen=LOAD_SAMPLES)  # utilisation, in per cent
        self._recent_losses: deque[float] = deque(maxlen=_TREND_POINTS)
        self.version += 1

    def start_check(self, check: Check) -> None:
        """Note that a race or a stability measurement was asked for."""
        self.checking, self.racing = check, None
        self.version += 1

    def feed(self, event: Event) -> None:
        """Take in one more event."""
        if self.phase == "resetting" and not _matters_to_reset(event):
            return
        if not isinstance(event, Passing):
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
                self.ended = event
                self.phase = "ended"
            case Restored():
                self._restore(event)
            case Extended():
                self._extend(event)
            case Measured():
                self._measure(event)
            case Racing():
                self.racing = event
                self.version += 1
            case Machine():
                self.machine = event
                self.load.append(event.utilisation)
            case Saving():
                self.saving_problem = event.problem

    def _start(self, event: Started) -> None:
        notices = [earlier for earlier in self.events if isinstance(earlier, Notice)]
        self.begin(event.spec)
        self.phase = "running"
        self.started = event
        self.initial_digest = event.digest
        self.events = [event, *notices]

    def _extend(self, event: Extended) -> None:
        """Take in the new end of the range; a run that has ended goes on."""
        self.extension_problem = event.problem
        self.version += 1
        if event.problem:
            return
        ramp = msgspec.structs.replace(
            self.spec.range, end_lr=event.end_lr, num_iter=event.num_iter
        )
        self.spec = msgspec.structs.replace(self.spec, range=ramp)
        self.axis = axis_for(ramp.start_lr, ramp.end_lr, ramp.mode == "exp")
        self._total_steps = event.total_steps
        if self.phase == "ended":
            self.phase, self.ended, self.suggested = "running", None, None

    def _step(self, step: Step) -> None:
        self.steps += 1
        self.last = step
        if step.skipped:
            return
        while len(self.repeats) <= step.repeat:
            self.repeats.append(Repeat())
            self._recent_losses.clear()
        self.repeats[step.repeat].steps.append(step)
        self.points += 1
        if step.raw_loss is None:
            self.not_finite.append(step.lr)
        self.lr_range = _extended(self.lr_range, step.lr)
        if step.loss is not None:
            self._recent_losses.append(step.loss)
        if step.metric is not None and math.isfinite(step.metric):
            self._metric(step.metric)
        self.version += 1

    def _metric(self, value: float) -> None:
        """Note the best value of the metric."""
        better = max if self.spec.range.metric_mode == "max" else min
        best = self.metric_best
        self.metric_best = value if best is None else better(best, value)

    def _measure(self, event: Measured) -> None:
        self.measured.append(event.result)
        if isinstance(event.result, TrialResult) and self.phase == "ended":
            self.checking = "confirmation"  # which another process may have started
        if ends_check(event):
            self.checking, self.racing = None, None
        self.version += 1

    def _restore(self, event: Restored) -> None:
        if self.phase == "resetting":
            self._forget("reset")
        self.restored = event

    @property
    def busy(self) -> bool:
        """Whether something is being built, measured or restored, as far as the events say."""
        return self.phase in ("building", "running", "resetting") or self.checking is not None

    @property
    def failed(self) -> bool:
        """Whether the run ended with a failure."""
        return self.ended is not None and self.ended.status == "failed"

    @property
    def seconds_per_step(self) -> float | None:
        """Mean time of a step so far; None before the first."""
        if self.last is None or not self.last.seconds:
            return None
        return self.last.seconds / self.steps

    @property
    def can_stop(self) -> bool:
        """Whether something is running that can be stopped: anything but a reset."""
        return self.busy and self.phase != "resetting"

    @property
    def total_steps(self) -> int:
        """Steps of the whole run, over all repeats."""
        if self._total_steps:
            return self._total_steps
        if self.started is not None:
            return self.started.total_steps
        return self.spec.range.num_iter * self.spec.range.repeats

    @property
    def seconds_left(self) -> float | None:
        """Time left at the pace so far; None unless steps are being measured."""
        if self.phase != "running" or self.last is None:
            return None
        steps_left = max(0, self.total_steps - self.steps)
        return self.last.seconds / self.steps * steps_left

    @property
    def trend(self) -> str:
        """Direction of the smoothed loss: falling, rising or flat; empty while points are few."""
        if len(self._recent_losses) < _TREND_POINTS // 2:
            return ""
        first, last = self._recent_losses[0], self._recent_losses[-1]
        if abs(last - first) <= _FLAT * max(abs(first), abs(last)):
            return "flat"
        if last < first:
            return "falling"
        return "rising"

    @property
    def plan(self) -> Plan:
        """The training that the answer is for, where the run said it."""
        if self.started is None:
            return ANY_PLAN
        return self.started.plan

    @property
    def momentum(self) -> float | None:
        """Momentum of the optimizer, where the run said it."""
        if self.started is None:
            return None
        return self.started.momentum

    @property
    def obstacle(self) -> Obstacle | None:
        """What makes rates of the curve unusable, where the run said so."""
        return obstacle_among(self.events)

    @property
    def trials(self) -> list[TrialResult]:
        """Trials of the race that is running, or else of the last one."""
        trials, result = latest(self.measured)
        if self.checking == "confirmation" and result is not None:
            return []  # of the race before
        return trials

    @property
    def confirmation(self) -> ConfirmationResult | None:
        """Result of the last race; None while one is running."""
        if self.checking == "confirmation":
            return None
        _, result = latest(self.measured)
        return result

    @property
    def standings(self) -> list[Standing]:
        """Where each rate of that race stands, from the lowest to the highest."""
        running = None if self.racing is None or self.racing.round < 0 else self.racing.lr
        return standings(self.trials, self.confirmation, running)

    @property
    def stability(self) -> StabilityResult | None:
        """Result of the last stability measurement."""
        for result in reversed(self.measured):
            if isinstance(result, StabilityResult):
                return result
        return None

    @property
    def limit(self) -> float | None:
        """The stability limit, where one was measured."""
        if self.stability is None:
            return None
        return self.stability.limit or None  # UNSET where the measurement failed


def _matters_to_reset(event: Event) -> bool:
    """Whether a reset waits for this event; others belong to the run that was reset."""
    if isinstance(event, Ended):
        return event.status == "failed"
    return isinstance(event, Started | Restored)


def _extended(span: tuple[float, float] | None, value: float) -> tuple[float, float]:
    """The range with one more value in it."""
    if span is None:
        return value, value
    low, high = span
    return min(low, value), max(high, value)
