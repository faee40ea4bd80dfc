"""The model of the run screen, without a screen: what may be asked for now, and what it does."""

import subprocess
import sys

import msgspec
import pytest

from lrtui.analysis.answer import Bounds, Plan, Schedule
from lrtui.events import Ended, Event, Measured, Restored, StabilityResult
from lrtui.protocol import Confirm
from lrtui.tui.run.budget import Budget
from lrtui.tui.run.model import EVENTS_PER_POLL, RunModel
from lrtui.tui.run.view_options import AS_MEASURED
from tests.tui.doubles import (
    ANSWERED,
    DIGEST,
    SPEC,
    FakeDriver,
    answer,
    curve,
    race_end,
    started,
    trial,
    whole_run,
)

COLUMNS = 93
PROPOSED = Bounds(2e-4, 2e-1)  # the bounds of `answer`
STOPPED = Ended(status="stopped", reason="stopped by the user", seconds=1.0)


def polled(*events: Event) -> RunModel:
    """A model that has taken in these events."""
    model = RunModel(FakeDriver(list(events)), SPEC)
    model.poll()
    return model


def test_it_needs_neither_textual_nor_torch() -> None:
    script = "import lrtui.tui.run.model, sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert not {"textual", "rich", "torch", "numpy"} & set(done.stdout.split())


def test_it_runs_the_spec_once_and_not_what_a_driver_has_run_already() -> None:
    idle, done = FakeDriver(), FakeDriver(whole_run(SPEC))
    RunModel(idle, SPEC).start()
    RunModel(done, SPEC).start()
    assert (idle.asked, done.asked) == (["run"], [])


def test_a_poll_takes_a_part_of_a_backlog_so_that_keys_do_not_wait() -> None:
    driver = FakeDriver([started(SPEC), *curve(SPEC, 1) * EVENTS_PER_POLL])
    model = RunModel(driver, SPEC)
    assert model.poll()
    assert model.events_read == EVENTS_PER_POLL
    assert model.poll()
    assert model.events_read == EVENTS_PER_POLL + 1
    assert not model.poll()


def test_while_it_runs_it_can_be_stopped_and_nothing_else_can_be_asked_for() -> None:
    model = polled(started(SPEC), *curve(SPEC, 5))
    assert model.state.can_stop
    assert not model.can_check
    assert not model.has_curve
    model.measure_limit()
    assert not model.confirm(Budget(100, None))
    model.run_again()
    assert model.driver.events[-1] == curve(SPEC, 5)[-1]
    assert isinstance(model.driver, FakeDriver)
    assert model.driver.asked == []


def test_a_failed_run_cannot_be_checked_although_its_curve_can_be_judged() -> None:
    failed = Ended(status="failed", reason="out of memory", phase="training", seconds=1.0)
    model = polled(started(SPEC), *curve(SPEC, 50), failed)
    assert model.has_curve
    assert not model.can_check


def test_boundaries_follow_the_proposal_until_they_are_moved_and_again_once_it_is_adopted() -> None:
    model = polled(*whole_run(ANSWERED))
    before, could_adopt = model.bounds, model.can_adopt
    model.activate("end")
    model.move(-3, COLUMNS)
    moved = model.bounds
    assert (before, could_adopt, model.can_adopt) == (PROPOSED, False, True)
    assert moved not in (None, PROPOSED)
    model.trim("end", 1)
    assert model.bounds == moved
    model.adopt()
    assert model.bounds == model.proposal
    assert model.proposal not in (None, moved)


def test_without_bounds_of_the_analysis_the_interval_is_proposed() -> None:
    without_bounds = msgspec.structs.replace(answer(), bounds=None)
    model = polled(started(SPEC), *curve(SPEC), without_bounds)
    assert model.proposal == Bounds(1.1e-3, 7.9e-3)


def test_lines_of_code_get_boundaries_that_somebody_chose() -> None:
    refused = answer(lr=None, low=None, high=None, verdict="disagree")
    model = polled(started(SPEC), *curve(SPEC), refused, STOPPED)
    assert model.bounds is not None
    assert model.schedule_bounds is None
    model.move(1, COLUMNS)
    assert model.schedule_bounds == model.bounds


def test_the_point_near_a_rate_is_the_nearest_on_either_side() -> None:
    model = polled(*whole_run(SPEC))
    steps = curve(SPEC)
    for lr in (1e-9, 2.3e-5, 4.1e-3, 1e3):
        nearest = min(steps, key=lambda step: abs(step.lr - lr))
        assert model.step_near(lr) == nearest


def test_another_run_forgets_what_the_person_chose() -> None:
    model = polled(*whole_run(SPEC), trial(3.2e-3, 0.4), race_end("replaced", better=9.6e-3))
    model.move(5, COLUMNS)
    model.smooth(1)
    could_undo = model.can_undo_view
    model.run_again()
    assert (could_undo, model.can_undo_view) == (True, False)
    assert model.view.options == AS_MEASURED
    assert model.answer is None
    assert model.bounds == Bounds(SPEC.range.start_lr, SPEC.range.end_lr)


def test_a_reset_empties_it_at_once_and_is_refused_before_a_model_was_built() -> None:
    driver = FakeDriver()
    model = RunModel(driver, SPEC)
    assert not model.reset()
    driver.tell(*whole_run(SPEC))
    model.poll()
    assert model.reset()
    assert model.bounds is None
    assert model.view.repeats == []
    assert not model.state.can_stop
    driver.tell(*curve(SPEC, 3), Restored(digest=DIGEST, exact=True))
    model.poll()
    assert model.view.repeats == []
    assert not model.state.busy


@pytest.mark.parametrize("schedule", ["constant", "one-cycle", "cosine"])
def test_the_suggestion_is_raced_for_the_training_that_it_is_for(schedule: Schedule) -> None:
    suggested = answer(schedule=schedule, steps=3000)
    plan = Plan(schedule=schedule, steps=3000, warmup=200)
    model = polled(started(SPEC, plan=plan), *curve(SPEC), suggested, STOPPED)
    assert model.confirm(Budget(None, 30.0))
    assert isinstance(model.driver, FakeDriver)
    asked = Confirm(lr=3.2e-3, seconds=30.0, schedule=schedule, steps=3000, warmup=200)
    assert model.driver.budgets == [asked]
    assert not model.confirm(Budget(100, None))


def test_after_a_race_the_answer_is_that_of_the_race() -> None:
    model = polled(*whole_run(SPEC), trial(3.2e-3, 0.4), race_end("replaced", better=9.6e-3))
    assert model.suggestion is not None
    assert (model.suggestion.lr, model.suggestion.high) == (9.6e-3, 2 * 9.6e-3)
    assert model.candidate is not None
    assert model.candidate.lr == 9.6e-3
    assert model.test_answer is not None
    assert model.test_answer.suggestion.lr == 3.2e-3
    model.state.start_check("confirmation")  # another race: the answer stays until it ends
    assert model.suggested_lr == 9.6e-3


def test_the_limit_is_measured_once_then_hidden_and_shown() -> None:
    model = polled(*whole_run(SPEC))
    model.measure_limit()
    assert isinstance(model.driver, FakeDriver)
    assert model.driver.asked == ["stability"]
    limit = StabilityResult(limit=1e-3, eigenvalue=2000.0, formula="2/λ", problem="")
    model.driver.tell(Measured(limit))
    model.poll()
    assert model.state.limit == 1e-3
    for shown in (False, True):
        before = model.version
        model.measure_limit()
        assert model.view.display.limit is shown
        assert model.version > before
    assert model.driver.asked == ["stability"]


def test_time_left_is_the_pace_so_far_for_the_steps_to_come() -> None:
    model = polled(started(SPEC), *curve(SPEC, 50))
    assert model.state.seconds_left == pytest.approx(5.0)  # 50 points in 5 seconds, 50 to come
