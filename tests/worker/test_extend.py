"""The range of a run is extended in a real worker, while it runs and after its end."""

from pathlib import Path

import msgspec

from lrtui.events import Ended, Extended, Started, Suggested
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.record import from_events
from lrtui.runs.store import journal_path, load
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from tests.events import ended, of_kind
from tests.user_modules import module
from tests.waiting import wait
from tests.worker.driving import LONG, finish, run, steps, with_model

SPEC = RunSpec(
    model=Choice("sample_models/mlp.py:MLP"),
    loader=LoaderSpec(batch_size=32),
    range=RangeSpec(num_iter=60, start_lr=1e-5, end_lr=1e-3),
)


def further(driver: WorkerDriver, end_lr: float) -> Ended:
    driver.extend(end_lr)
    return finish(driver)


def test_a_run_that_has_ended_goes_on_in_the_same_record(driver: WorkerDriver) -> None:
    first = run(driver, SPEC)
    count = len(steps(driver))
    end = further(driver, 1e-2)
    (extended,) = of_kind(driver.events, Extended)
    assert extended.problem == ""
    assert extended.end_lr >= 1e-2
    assert extended.total_steps == extended.num_iter == len(steps(driver)) > count
    assert (first.record, first.status) == (end.record, end.status)
    assert end.reason == f"all {extended.num_iter} iterations ran"
    assert end.seconds > first.seconds
    assert len(of_kind(driver.events, Started)) == 1
    assert len(of_kind(driver.events, Suggested)) == 2
    record = load(end.record)
    assert record.history.raw_loss == [step.raw_loss for step in steps(driver)]
    assert record.run_spec().range == msgspec.structs.replace(
        SPEC.range, end_lr=extended.end_lr, num_iter=extended.num_iter
    )
    assert not journal_path(record.id).exists()
    # asked for from the start it is the same curve
    losses = [step.raw_loss for step in steps(driver)]
    driver.events.clear()
    run(driver, record.run_spec())
    assert [step.raw_loss for step in steps(driver)] == losses


def test_a_run_in_progress_gets_a_further_end(driver: WorkerDriver) -> None:
    driver.run(LONG)
    wait(lambda: len(steps(driver)) > 3)
    driver.extend(2e-8)
    wait(lambda: of_kind(driver.events, Extended))
    (extended,) = of_kind(driver.events, Extended)
    assert extended.total_steps > LONG.range.num_iter
    assert driver.busy
    before = len(steps(driver))
    wait(lambda: len(steps(driver)) > before + 3)
    driver.stop()
    end = finish(driver)
    assert end.reason == (
        f"stopped by the user after {len(steps(driver))} of {extended.total_steps} iterations"
    )
    assert len(of_kind(driver.events, Ended)) == 1
    assert load(end.record).run_spec().range.num_iter == extended.num_iter


def test_what_cannot_go_on_is_refused_and_the_driver_is_idle_again(driver: WorkerDriver) -> None:
    end = run(driver, SPEC)
    kept = load(end.record)
    driver.extend(1e-4)
    wait(lambda: not driver.busy)
    refused = driver.events[-1]
    assert isinstance(refused, Extended)
    assert refused.problem == "end_lr must be above the 0.001 of now, got 0.0001"
    assert load(end.record) == kept
    assert not journal_path(kept.id).exists()
    assert further(driver, 1e-2).status == "completed"


def test_after_a_reset_and_without_a_run_it_is_refused(driver: WorkerDriver) -> None:
    driver.extend(1.0)
    assert driver.events == [Extended(problem=of_kind(driver.events, Extended)[0].problem)]
    run(driver, SPEC)
    driver.reset()
    driver.extend(1e-2)
    wait(lambda: not driver.busy)
    assert "run it again with end_lr 0.01" in of_kind(driver.events, Extended)[-1].problem


def test_an_extension_can_be_stopped_and_then_not_go_on(driver: WorkerDriver) -> None:
    spec = msgspec.structs.replace(LONG, range=RangeSpec(num_iter=3, start_lr=1e-9, end_lr=1.1e-9))
    run(driver, spec)
    driver.extend(1e10)
    wait(lambda: len(steps(driver)) > 10)
    driver.stop()
    end = finish(driver)
    assert end.status == "stopped"
    assert load(end.record).status == "stopped"
    driver.extend(1e11)
    wait(lambda: not driver.busy)
    assert "came to its end" in of_kind(driver.events, Extended)[-1].problem


def test_a_worker_that_dies_in_an_extension_keeps_what_was_measured(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    target = module(tmp_path, "net", "if self.calls > 40: os._exit(7)")
    spec = with_model(target, msgspec.structs.replace(SPEC, range=RangeSpec(num_iter=20)))
    spec = msgspec.structs.replace(
        spec, range=msgspec.structs.replace(spec.range, start_lr=1e-5, end_lr=1e-4)
    )
    run(driver, spec)
    end = further(driver, 1.0)
    assert (end.status, "exited with code 7" in end.reason) == ("failed", True)
    record = load(end.record)
    assert record.status == "failed"
    assert len(record.history.lr) == len(steps(driver)) > 20


def test_a_journal_that_ends_within_an_extension_is_a_run_that_was_cut_off(
    driver: WorkerDriver,
) -> None:
    run(driver, SPEC)
    further(driver, 1e-2)
    cut_off = [event for event in driver.events if event is not ended(driver.events)]
    del cut_off[-5:]
    record = from_events(cut_off)
    assert (record.status, record.suggestion) == ("interrupted", None)
    assert len(record.history.lr) > 60
