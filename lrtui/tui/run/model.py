"""RunModel: what the run screen and its dialogs share. It knows no Textual, torch or files.

It holds a driver, the state that its events add up to, and what the person chose: the two
boundaries, and how the curves are looked at. Screens draw it and bind keys to its methods.
"""

from bisect import bisect_left
from dataclasses import replace
from operator import attrgetter
from typing import Literal

import msgspec

from lrtui.analysis.answer import Bounds, Schedule, Suggestion
from lrtui.events import Step, Suggested
from lrtui.launch.driver import Driver
from lrtui.protocol import Confirm
from lrtui.report import training
from lrtui.report.race import corrected
from lrtui.spec import RunSpec
from lrtui.tui.run.boundaries import Boundaries, Side
from lrtui.tui.run.budget import Budget, Candidate
from lrtui.tui.run.curve_view import ZOOM, CurveView
from lrtui.tui.run.state import RunState

EVENTS_PER_POLL = 20_000  # so that a backlog cannot freeze the keys

_NOTHING = ("", 0, 0)
Pointer = tuple[Literal["start", "end", "cross"], float]  # what the arrows move, and its rate


class RunModel:
    """One driver's runs, one after the other.

    `state` is folded from events. The rest is the person's choice, which is forgotten when a run
    begins or is reset.
    """

    def __init__(self, driver: Driver, spec: RunSpec) -> None:
        self.driver = driver
        self.state = RunState(spec)
        self.view = CurveView(self.state)
        self.events_read = 0
        self._written = _NOTHING
        self._forget_choices()

    def _forget_choices(self) -> None:
        axis = self.state.axis
        self.boundaries = Boundaries(axis.low, axis.high)
        self.view.forget()

    def start(self) -> None:
        """Run the spec, unless the driver has run something already."""
        if not self.driver.busy and not self.driver.events:
            self.driver.run(self.state.spec)
        self._place_boundaries()

    def poll(self) -> bool:
        """Take in the driver's new events; False when there are none."""
        end = self.events_read + EVENTS_PER_POLL
        new_events = self.driver.events[self.events_read : end]
        if not new_events:
            return False
        self.events_read += len(new_events)
        for event in new_events:
            self.state.feed(event)
        self._place_boundaries()
        return True

    @property
    def version(self) -> int:
        """Grows whenever the chart has to change."""
        return self.state.version + self.view.changes

    @property
    def log_path(self) -> str:
        """Path of the log with tracebacks and the user's prints; empty where there is none."""
        if self.state.started is not None:
            return self.state.started.log
        return str(getattr(self.driver, "log", ""))

    # whether it is kept

    @property
    def not_saved(self) -> str:
        """Why not all that was measured is in a file; "" where it is."""
        if not self.state.saving_problem or self._measured == self._written:
            return ""
        return self.state.saving_problem

    def note_written(self) -> None:
        """What was measured so far is in a file that the person named."""
        self._written = self._measured

    @property
    def _measured(self) -> tuple[str, int, int]:
        """Changes with everything that is measured: the run, its steps, its results."""
        started = self.state.started
        run_id = "" if started is None else started.id
        return run_id, self.state.steps, len(self.state.measured)

    # what the person sees

    @property
    def answer(self) -> Suggested | None:
        """The answer under the view options, after the races."""
        answer = self.test_answer
        if answer is None:
            return None
        suggestion, bounds = corrected(self.state.measured, answer.suggestion, answer.bounds)
        return msgspec.structs.replace(answer, suggestion=suggestion, bounds=bounds)

    @property
    def test_answer(self) -> Suggested | None:
        """The answer of the range test alone, under the view options."""
        return self.view.answer or self.state.suggested

    @property
    def answer_with_rules(self) -> Suggested | None:
        """The answer of the test alone, with what the published rules suggest."""
        return self.view.answer_with_rules or self.state.suggested

    @property
    def suggestion(self) -> Suggestion | None:
        """The answer's suggestion; its `lr` is None where no rate can be recommended."""
        if self.answer is None:
            return None
        return self.answer.suggestion

    @property
    def suggested_lr(self) -> float | None:
        """The learning rate that the answer recommends, if it does."""
        if self.suggestion is None:
            return None
        return self.suggestion.lr

    @property
    def shown_lr(self) -> float | None:
        """The recommended rate; while a test runs the one that its curve justifies so far."""
        if self.view.provisional is not None and self.state.phase == "running":
            return self.view.provisional.lr
        return self.suggested_lr

    @property
    def rates(self) -> dict[Schedule, float | None]:
        """Rates for lines of code, by their schedule."""
        answer = self.answer
        if answer is None:
            return {}
        return training.rates(answer.suggestion, answer.by_schedule, self.state.measured)

    @property
    def proposal(self) -> Bounds | None:
        """Boundaries that the answer proposes: its bounds, or else its interval."""
        answer = self.answer
        if answer is None:
            return None
        if answer.bounds is not None:
            return answer.bounds
        low, high = answer.suggestion.low, answer.suggestion.high
        if low is None or high is None or low >= high:
            return None
        return Bounds(low, high)

    @property
    def bounds(self) -> Bounds | None:
        """The boundaries that are shown, as a record stores them."""
        if not self.has_boundaries:
            return None
        return self.boundaries.bounds

    @property
    def schedule_bounds(self) -> Bounds | None:
        """The boundaries for lines of code; None unless the person or the analysis chose them."""
        if self.boundaries.touched or self.suggested_lr is not None:
            return self.bounds
        return None

    @property
    def pointer(self) -> Pointer | None:
        """What the arrows move: the crosshair, or else the active boundary."""
        if self.view.display.cross is not None:
            return "cross", self.view.display.cross
        if not self.has_boundaries:
            return None
        return self.boundaries.active, self.boundaries.active_lr

    def step_near(self, lr: float) -> Step | None:
        """The point nearest to a learning rate, in the first repeat that is not left out."""
        shown = self.view.repeats
        if not shown:
            return None
        steps = shown[0].steps
        index = bisect_left(steps, lr, key=attrgetter("lr"))
        neighbours = steps[max(0, index - 1) : index + 1]
        return min(neighbours, key=lambda step: abs(step.lr - lr), default=None)

    # what may be asked for now

    @property
    def has_curve(self) -> bool:
        """Whether a run has ended and left a curve to judge."""
        return self.state.ended is not None and bool(self.state.repeats)

    @property
    def has_boundaries(self) -> bool:
        """There is a curve that boundaries can stand on, or one may come."""
        if self.state.ended is not None:
            return bool(self.state.repeats)
        return self.state.phase in ("building", "running")

    @property
    def can_adopt(self) -> bool:
        """The boundaries stand elsewhere than the answer proposes."""
        return self.bounds is not None and self.proposal not in (None, self.bounds)

    @property
    def can_check(self) -> bool:
        """There is a curve, and the objects it was measured on still exist."""
        return self.has_curve and not self.state.failed and not self.driver.read_only

    @property
    def can_start_check(self) -> bool:
        """A check is possible and nothing else is running."""
        return self.can_check and not self.state.busy

    @property
    def can_extend(self) -> bool:
        """The range can go on: the test is running, or ran to its end without blowing up.

        Of repeats only the last one's model is left, so all of them cannot go on.
        """
        state = self.state
        if self.driver.read_only or state.spec.range.repeats > 1:
            return False
        if state.phase == "running":
            return True
        ended = state.ended
        return ended is not None and ended.status == "completed" and not state.busy

    @property
    def extended_end(self) -> float:
        """Where the range goes on to: ten times the end, or twice that of a linear ramp."""
        ramp = self.state.spec.range
        return ramp.end_lr * (10.0 if ramp.mode == "exp" else 2.0)

    @property
    def extra_steps(self) -> int:
        """Steps that this takes, with as many to a decade, or to a unit of a linear ramp."""
        ramp = self.state.spec.range
        if ramp.mode == "exp":
            return round((ramp.num_iter - 1) / self.state.axis.decades)
        return round((ramp.num_iter - 1) * ramp.end_lr / (ramp.end_lr - ramp.start_lr))

    @property
    def can_undo_view(self) -> bool:
        """The person changed how the curves are looked at."""
        return self.view.is_changed

    # runs

    def run_again(self) -> None:
        """Run the same spec again."""
        if self.state.busy or self.driver.read_only:
            return
        self.events_read = len(self.driver.events)
        self.state.begin(self.state.spec)
        self._forget_choices()
        self.driver.run(self.state.spec)
        self._place_boundaries()

    def extend(self) -> None:
        """Go on beyond the end of the range, without starting again."""
        if self.can_extend:
            self.driver.extend(self.extended_end)

    def reset(self) -> bool:
        """Have model and optimizer restored and empty the chart; False when no model was built."""
        if not self.state.initial_digest or self.driver.read_only:
            return False
        self.state.clear()
        self._forget_choices()
        self.driver.reset()
        return True

    # boundaries

    def activate(self, side: Side) -> None:
        """Make one boundary the one that the arrows move."""
        self.boundaries = self.boundaries.activate(side)
        self.view.show(replace(self.view.display, cross=None))

    def move(self, by: int, columns: int) -> None:
        """Move the crosshair, or else the active boundary, by `by` of the chart's `columns`."""
        axis, display = self.state.axis, self.view.display
        columns = self.view.columns_of_axis(columns)
        if display.cross is None:
            self.boundaries = self.boundaries.moved(by, axis, columns)
            self.view.keep_in_sight(self.boundaries.active_lr)
            return
        column = axis.column(display.cross, columns) + by
        cross = axis.rate_of(min(max(column, 0), columns - 1), columns)
        self.view.show(replace(display, cross=cross))
        self.view.keep_in_sight(cross)

    def move_to(self, lr: float, columns: int) -> None:
        """Move the crosshair, or else the active boundary, to a visible learning rate."""
        if self.pointer is None:
            return
        axis, finer = self.state.axis, self.view.columns_of_axis(columns)
        by = axis.column(lr, finer) - axis.column(self.pointer[1], finer)
        self.move(by, columns)

    def adopt(self) -> None:
        """Put both boundaries where the answer proposes them."""
        if self.proposal is not None:
            self.boundaries = self.boundaries.adopted(self.proposal)

    def _place_boundaries(self) -> None:
        """Move untouched boundaries to the proposal."""
        self.boundaries = self.boundaries.proposed(self.proposal or self._default_bounds())

    def _default_bounds(self) -> Bounds:
        """The ends of the finished curve, or of the axis while it grows."""
        span = self.state.lr_range
        if self.state.phase == "ended" and span is not None and span[0] < span[1]:
            return Bounds(*span)
        return Bounds(self.state.axis.low, self.state.axis.high)

    # how the curves are looked at

    def smooth(self, by: int) -> None:
        """Smooth the exponential average more (-1) or less (1)."""
        if self.has_curve:
            self.view.smooth(by)
            self._place_boundaries()

    def trim(self, side: Side, by: int) -> None:
        """Leave out a few more points at one side (1), or fewer (-1)."""
        if self.has_curve:
            self.view.trim(side, by)
            self._place_boundaries()

    def toggle_repeat(self, repeat: int) -> None:
        """Leave a repeat out, or include it again."""
        if self.has_curve:
            self.view.toggle_repeat(repeat)
            self._place_boundaries()

    def undo_view(self) -> None:
        """Go back to the curves as measured, drawn as usual."""
        self.view.undo()
        self._place_boundaries()

    def toggle_cross(self) -> None:
        """Show the crosshair at the suggestion or the middle of the axis, or hide it."""
        display, axis = self.view.display, self.view.axis
        cross = None
        if display.cross is None:
            cross = self.suggested_lr or axis.rate(0.5)
        self.view.show(replace(display, cross=cross))

    def zoom(self, times: int) -> None:
        """Zoom in (1) or out (-1) around what the arrows move."""
        centre = self.view.axis.rate(0.5)
        if self.pointer is not None:
            centre = self.pointer[1]
        self.view.zoom(centre, ZOOM**times)

    # checks: the race and the stability limit

    @property
    def candidate(self) -> Candidate | None:
        """The rate to race, the suggestion or else the active boundary; None: there is none."""
        suggestion = self.suggestion
        if suggestion is not None and suggestion.lr is not None:
            return Candidate(suggestion.lr, "the suggestion")
        boundaries = self.boundaries
        if not self.has_boundaries or boundaries.active_lr <= 0:
            return None
        return Candidate(boundaries.active_lr, f"the {boundaries.active} boundary")

    def confirm(self, budget: Budget) -> bool:
        """Start a race within a budget; False when nothing can be raced now."""
        candidate, plan = self.candidate, self.state.plan
        if candidate is None or not self.can_start_check:
            return False
        self.state.start_check("confirmation")
        self.driver.confirm(
            Confirm(
                lr=candidate.lr,
                iterations=budget.iterations,
                seconds=budget.seconds,
                schedule=plan.schedule,
                steps=plan.steps,
                warmup=plan.warmup,
            )
        )
        return True

    def measure_limit(self) -> None:
        """Measure the stability limit; once it is known, hide or show it."""
        if self.state.limit is not None:
            display = self.view.display
            self.view.show(replace(display, limit=not display.limit))
        elif self.can_start_check:
            self.state.start_check("stability")
            self.driver.stability()
