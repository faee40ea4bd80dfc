"""The driver on live objects: the events of a worker, and objects that are restored exactly."""

from dataclasses import replace
from pathlib import Path
from typing import Unpack

import msgspec
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from lrtui import LRFinder, Plan, TrainDataLoaderIter
from lrtui.engine.settings import Given
from lrtui.events import (
    ConfirmationResult,
    Ended,
    Extended,
    Machine,
    Measured,
    Notice,
    Racing,
    Restored,
    StabilityResult,
    Started,
    Step,
    Suggested,
    TrialResult,
)
from lrtui.launch.live_driver import LiveDriver
from lrtui.live import live_objects, show, steps_of
from lrtui.protocol import Confirm
from lrtui.run_events.objects import Loader
from lrtui.spec import PlanSpec, RangeSpec
from tests.events import ended, last_result, of_kind, results
from tests.waiting import wait

Batches = DataLoader[tuple[Tensor, ...]]


@pytest.fixture
def finder() -> LRFinder:
    torch.manual_seed(0)
    return finder_of(nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2)))


@pytest.fixture
def loader() -> Batches:
    x = torch.randn(256, 8, generator=torch.Generator().manual_seed(1))
    return DataLoader(TensorDataset(x, (x[:, 0] > 0).long()), batch_size=32)


def finder_of(model: nn.Module) -> LRFinder:
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9)
    return LRFinder(model, optimizer, nn.CrossEntropyLoss(), verbose=False)


def driver_on(
    finder: LRFinder, loader: Loader | None, log: Path, **settings: Unpack[Given]
) -> LiveDriver:
    return LiveDriver(live_objects(finder, loader, None, settings), log)


def run(driver: LiveDriver) -> Ended:
    """Run to the end; the last event."""
    driver.run(driver._objects.spec)
    finish(driver)
    return ended(driver.events)


def finish(driver: LiveDriver) -> None:
    wait(lambda: not driver.busy)


def test_a_run_has_the_events_of_a_worker(
    finder: LRFinder, loader: Batches, tmp_path: Path
) -> None:
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=10, num_iter=300)
    run(driver)
    kinds = [type(event) for event in driver.events]
    assert kinds[0] is Started
    assert kinds[-2:] == [Suggested, Ended]
    assert set(kinds[1:-2]) - {Machine} == {Notice, Step}
    (started,) = of_kind(driver.events, Started)
    assert started.momentum == 0.9
    assert started.samples_per_step == 32
    assert started.spec.optimizer.target == "torch.optim:SGD"
    assert started.spec.optimizer.args == {"momentum": 0.9}
    assert started.spec.range.start_lr == 1e-5
    (answer,) = of_kind(driver.events, Suggested)
    assert answer.suggestion == finder.suggestion()
    assert answer.suggestion.verdict == "ok"
    assert [step.lr for step in of_kind(driver.events, Step)] == finder.history["lr"]


def test_two_runs_of_the_same_objects_are_equal_and_a_reset_is_exact(
    finder: LRFinder, loader: Batches, tmp_path: Path
) -> None:
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=10, num_iter=40)
    curves = []
    for _ in range(2):
        run(driver)
        curves.append(list(finder.history["loss"]))
    assert curves[0] == curves[1]
    digest = of_kind(driver.events, Started)[0].digest
    assert finder.digest() != digest
    driver.reset()
    finish(driver)
    assert driver.events[-1] == Restored(digest=digest, exact=True)
    assert finder.digest() == digest


def test_a_stop_right_after_the_start_is_not_lost_and_everything_is_restored(
    finder: LRFinder, loader: Batches, tmp_path: Path
) -> None:
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=1e-4, num_iter=1_000_000)
    before = finder.digest()
    driver.run(driver._objects.spec)
    driver.stop()
    finish(driver)
    end = ended(driver.events)
    assert end.status == "stopped"
    assert end.reason == "stopped by the user after 1 of 1000000 iterations"
    assert finder.digest() == before


def test_trials_and_the_limit_end_in_one_event_each(
    finder: LRFinder, loader: Batches, tmp_path: Path
) -> None:
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=10, num_iter=100)
    run(driver)
    before = len(driver.events)
    driver.confirm(Confirm(lr=0.1, iterations=1500))
    finish(driver)
    events = driver.events[before:]
    trials = results(events, TrialResult)
    assert len(trials) == len(of_kind(events, Measured)) - 1
    confirmation = last_result(events, ConfirmationResult)
    assert confirmation.verdict in ("confirmed", "replaced", "tie", "open")
    assert trials[-1].spent == sum(trial.iterations for trial in trials)
    driver.stability()
    finish(driver)
    limit = last_result(driver.events, StabilityResult).limit
    assert isinstance(limit, float)
    assert limit > 0


def test_a_race_says_how_far_it_is_and_samples_of_the_machine_come_along(
    finder: LRFinder, loader: Batches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrtui.run_events.checking.RACING_SECONDS", 0.0)
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=10, num_iter=100)
    run(driver)
    before = len(driver.events)
    driver.confirm(Confirm(lr=0.1, iterations=6000))
    finish(driver)
    racing = of_kind(driver.events[before:], Racing)
    trials = results(driver.events, TrialResult)
    assert len(racing) == trials[-1].spent  # one a step
    assert [(each.spent, each.budget) for each in racing] == [
        (step + 1, 6000) for step in range(len(racing))
    ]
    for each in racing:
        trial = trials[each.trials]  # the one in progress
        assert (each.lr, each.round, each.seed) == (trial.lr, trial.round, trial.seed)
        assert each.done <= trial.iterations <= each.of
        assert each.trials < each.total
        assert (each.seconds_left is None) is (each.spent < 5)
    assert racing[-1].total >= len(trials)
    assert isinstance(driver.events[-1], Measured)


def test_a_race_for_some_seconds_counts_them_down(
    finder: LRFinder, loader: Batches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrtui.run_events.checking.RACING_SECONDS", 0.0)
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=10, num_iter=100)
    run(driver)
    driver.confirm(Confirm(lr=0.1, seconds=2.0))
    finish(driver)
    racing = of_kind(driver.events, Racing)
    assert (racing[0].round, racing[0].total, racing[0].budget) == (-1, 0, 0)  # times a few steps
    assert all(each.seconds_left is not None for each in racing)
    assert max(each.seconds_left or 0.0 for each in racing) <= 2.0
    assert racing[-1].budget > 0


def test_a_stopped_confirmation_says_how_many_trials_it_has(
    finder: LRFinder, loader: Batches, tmp_path: Path
) -> None:
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=10, num_iter=100)
    run(driver)
    driver.confirm(Confirm(lr=0.1, iterations=10_000_000))
    driver.stop()
    finish(driver)
    stopped = last_result(driver.events, ConfirmationResult)
    assert stopped.reason == "stopped by the user after 0 trials"
    assert stopped.more_steps > 0


def test_a_check_that_is_impossible_ends_in_an_event_with_the_reason(
    finder: LRFinder, loader: Batches, tmp_path: Path
) -> None:
    finder.range_test(loader, end_lr=10, num_iter=30)
    finder.reset()
    driver = driver_on(finder, None, tmp_path / "log")
    run(driver)
    driver.confirm(Confirm(lr=0.1))
    finish(driver)
    problem = "no loader was given to show(), so nothing can be trained"
    assert driver.events[-1] == Measured(ConfirmationResult(problem=problem))


class Failing(nn.Module):
    """Fails in its forward after a number of calls."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 2)
        self.calls = calls

    def forward(self, x: Tensor) -> Tensor:
        self.calls -= 1
        if self.calls < 0:
            raise RuntimeError("a message of the model")  # the line that the reason names
        output: Tensor = self.layer(x)
        return output


def failing_line() -> str:
    """Where `Failing` raises, as `file:line`."""
    path = Path(__file__)
    lines = path.read_text().splitlines()
    number = next(number for number, line in enumerate(lines, 1) if "raise RuntimeError" in line)
    return f"{path.name}:{number}"


def test_a_failure_names_the_line_of_the_users_code(loader: Batches, tmp_path: Path) -> None:
    driver = driver_on(finder_of(Failing(5)), loader, tmp_path / "log", num_iter=50)
    end = run(driver)
    assert (end.status, end.phase) == ("failed", "model")
    batch = "batch 6 (iteration 5; 32x8 float32, 32 int64)"
    error = f"RuntimeError: a message of the model ({failing_line()})"
    assert end.reason == f"the model failed on {batch}: {error}"
    assert len(of_kind(driver.events, Step)) == 5
    assert "Traceback" in (tmp_path / "log").read_text()


def test_a_failure_in_a_trial_names_the_line_of_the_users_code(
    loader: Batches, tmp_path: Path
) -> None:
    driver = driver_on(finder_of(Failing(60)), loader, tmp_path / "log", num_iter=40)
    run(driver)
    driver.confirm(Confirm(lr=0.1, iterations=1500))
    finish(driver)
    problem = last_result(driver.events, ConfirmationResult).problem
    assert problem == f"RuntimeError: a message of the model ({failing_line()})"


def test_a_measured_history_is_shown_as_a_run(
    finder: LRFinder, loader: Batches, tmp_path: Path
) -> None:
    finder.range_test(loader, end_lr=10, num_iter=30)
    finder.reset()
    points = steps_of(finder)
    driver = driver_on(finder, None, tmp_path / "log")
    assert run(driver).status in ("completed", "diverged")
    assert of_kind(driver.events, Step) == points
    assert [step.raw_loss for step in points] == finder.history["raw_loss"]


def test_a_test_that_was_measured_before_is_shown_with_the_range_it_was_planned_with(
    finder: LRFinder, loader: Batches
) -> None:
    finder.range_test(loader, end_lr=10, num_iter=300, step_mode="linear", diverge_th=1.2)
    assert len(finder.history["lr"]) < 300
    finder.reset()
    shown = live_objects(finder, None, None, {}).spec.range
    assert (shown.start_lr, shown.end_lr, shown.num_iter) == (1e-5, 10, 300)
    assert (shown.mode, shown.diverge_th) == ("linear", 1.2)


def test_a_test_in_the_app_is_long_enough_for_an_answer_unless_it_is_told_otherwise(
    finder: LRFinder, loader: Batches
) -> None:
    assert live_objects(finder, loader, None, {}).spec.range.num_iter == RangeSpec().num_iter
    assert live_objects(finder, loader, None, {"num_iter": 30}).spec.range.num_iter == 30


def test_nothing_to_show_is_refused(finder: LRFinder) -> None:
    with pytest.raises(ValueError, match="nothing to show"):
        show(finder)


def test_a_setting_outside_its_limits_is_refused_before_the_app_opens(
    finder: LRFinder, loader: Batches
) -> None:
    with pytest.raises(ValueError, match="smooth_f"):
        show(finder, loader, smooth_f=3)


def test_prints_go_to_the_log(
    finder: LRFinder, loader: Batches, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finder.model.register_forward_hook(lambda *_: print("SPOKEN"))
    run(driver_on(finder, loader, tmp_path / "log", end_lr=10, num_iter=5))
    assert "SPOKEN" in (tmp_path / "log").read_text()
    assert "SPOKEN" not in capsys.readouterr().out


def test_the_answer_is_for_the_plan_that_show_was_given(
    finder: LRFinder, loader: Batches, tmp_path: Path
) -> None:
    plan = Plan(schedule="one-cycle", steps=3000, warmup=100)
    objects = live_objects(finder, loader, None, {"end_lr": 10, "num_iter": 300}, plan)
    driver = LiveDriver(objects, tmp_path / "log")
    run(driver)
    (started,) = of_kind(driver.events, Started)
    assert started.plan == plan
    (answer,) = of_kind(driver.events, Suggested)
    assert (answer.suggestion.verdict, answer.suggestion.steps) == ("ok", 3000)
    assert answer.suggestion == finder.suggestion("one-cycle", 3000, 100)
    with pytest.raises(ValueError, match="warmup must be below steps"):
        show(finder, loader, plan=Plan(steps=10, warmup=10))


def test_epochs_are_counted_in_the_loader_that_an_iterator_wraps(
    finder: LRFinder, loader: Batches
) -> None:
    objects = live_objects(finder, TrainDataLoaderIter(loader), None, {})
    spec = msgspec.structs.replace(objects.spec, plan=PlanSpec(epochs=2))
    assert replace(objects, spec=spec).planned.plan.steps == 2 * len(loader)


class Talking(nn.Module):
    """Fails in its third step, and prints before."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 2)
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        print("call", self.calls)
        if self.calls > 2:
            raise RuntimeError("my own words")
        y: Tensor = self.layer(x)
        return y


def test_a_failed_run_says_where_and_what_was_printed_last(loader: Batches, tmp_path: Path) -> None:
    driver = driver_on(finder_of(Talking()), loader, tmp_path / "log", end_lr=10, num_iter=300)
    end = run(driver)
    assert end.status == "failed"
    assert end.where is not None
    assert end.where.function == "forward"
    assert end.where.source == 'raise RuntimeError("my own words")'
    assert end.output[-3:] == ["call 1", "call 2", "call 3"]
    assert of_kind(driver.events, Suggested) == []
    assert "Traceback (most recent call last):" in driver.output()


def test_a_range_is_extended_on_live_objects_during_and_after_a_run(
    finder: LRFinder, loader: Batches, tmp_path: Path
) -> None:
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=1e-3, num_iter=40)
    driver.run(driver._objects.spec)
    driver.extend(1e-2)  # in the middle, or right after the end
    finish(driver)
    (extended,) = of_kind(driver.events, Extended)
    assert extended.problem == ""
    assert len(of_kind(driver.events, Step)) == extended.total_steps > 40
    assert ended(driver.events).reason == f"all {extended.num_iter} iterations ran"
    driver.extend(0.1)
    finish(driver)
    assert len(of_kind(driver.events, Step)) == of_kind(driver.events, Extended)[-1].total_steps
    assert ended(driver.events).status == "completed"
    losses = [step.raw_loss for step in of_kind(driver.events, Step)]
    fresh = driver_on(
        finder,
        loader,
        tmp_path / "log",
        end_lr=float(finder.settings.end_lr),  # type: ignore[arg-type]
        num_iter=finder.settings.num_iter,
    )
    run(fresh)
    assert [step.raw_loss for step in of_kind(fresh.events, Step)] == losses
    driver.extend(1e-4)
    finish(driver)
    assert "end_lr must be above" in of_kind(driver.events, Extended)[-1].problem
