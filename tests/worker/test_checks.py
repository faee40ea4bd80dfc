"""Race and stability limit in a real worker: results, stops, failures, and the record."""

import json
import os
import signal
from pathlib import Path

import msgspec
import pytest

from lrtui.events import (
    ConfirmationResult,
    Machine,
    Measured,
    NonFinitePlace,
    Notice,
    Racing,
    Restored,
    StabilityResult,
    Started,
    Suggested,
    TrialResult,
    encode,
)
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.protocol import Confirm
from lrtui.record import from_events
from lrtui.runs.recover import recover
from lrtui.runs.store import journal_path, journals, load, read_journal, record_path, save
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from tests.events import R, last_result, of_kind, results
from tests.sample import run_events
from tests.slowly import rows_slow_after
from tests.user_modules import module
from tests.waiting import wait
from tests.worker.driving import LONG, finish, run, with_model

SPEC = RunSpec(
    model=Choice("sample_models/mlp.py:MLP"),
    optimizer=Choice("torch.optim:SGD"),
    range=RangeSpec(num_iter=300, start_lr=1e-5),
    loader=LoaderSpec(batch_size=32),
)
TRIAL = TrialResult(
    lr=0.1,
    what="suggestion",
    round=0,
    seed=0,
    iterations=2,
    loss=1.0,
    curve=[2.0, 1.0],
    schedule="constant",
    spent=2,
)


def trials_of(driver: WorkerDriver) -> list[TrialResult]:
    return results(driver.events, TrialResult)


def check_result(driver: WorkerDriver, kind: type[R]) -> R:
    """Wait for the end of a check; its result."""
    wait(lambda: not driver.busy)
    return last_result(driver.events, kind)


def test_a_confirmation_has_an_event_for_every_trial_and_is_kept_in_the_record(
    driver: WorkerDriver,
) -> None:
    end = run(driver, SPEC)
    driver.confirm(Confirm(iterations=1000))
    assert driver.busy
    result = check_result(driver, ConfirmationResult)
    suggestion = of_kind(driver.events, Suggested)[0].suggestion
    assert (result.problem, result.lr, result.schedule) == ("", suggestion.lr, "constant")
    assert result.verdict in ("confirmed", "replaced", "tie", "open")
    assert result.judged_by == "validation loss"
    trials = trials_of(driver)
    assert sum(trial.iterations for trial in trials) == trials[-1].spent == result.iterations
    assert trials[-1].spent <= 1000
    assert all(2 <= len(trial.curve) <= 60 for trial in trials)
    assert result == load(end.record).measured[-1]
    assert len(load(end.record).measured) == len(trials) + 1
    assert journals() == []
    assert not journal_path(load(end.record).id).exists()


def test_trials_that_blow_up_are_null_with_their_kind_in_a_record_that_any_reader_takes(
    driver: WorkerDriver,
) -> None:
    end = run(driver, SPEC)
    driver.confirm(Confirm(lr=100.0, iterations=1500, schedule="one-cycle"))
    result = check_result(driver, ConfirmationResult)
    assert result.verdict == "replaced"
    assert isinstance(result.better, float)
    assert result.better < 100.0
    blown = next(trial for trial in trials_of(driver) if trial.lr == 100.0)
    assert blown.loss is None
    assert NonFinitePlace("loss", 0, "inf") in blown.nonfinite

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    document = json.loads(Path(end.record).read_bytes(), parse_constant=refuse)
    assert document["measured"][-1]["verdict"] == "replaced"


@pytest.mark.slow
def test_what_is_of_the_moment_is_sent_and_not_kept(driver: WorkerDriver) -> None:
    end = run(driver, SPEC)
    driver.confirm(Confirm(iterations=20_000))
    wait(lambda: of_kind(driver.events, Racing) and of_kind(driver.events, Machine))
    wait(lambda: trials_of(driver))
    journal = journal_path(load(end.record).id)
    wait(lambda: of_kind(read_journal(journal).events, Measured))  # it is sent first, then kept
    kept = read_journal(journal).events
    assert not any(isinstance(event, Racing | Machine) for event in kept)
    driver.stop()
    check_result(driver, ConfirmationResult)
    sample = of_kind(driver.events, Machine)[0]
    assert sample.kind == "cpu"
    assert sample.memory_used > 10**7
    told = of_kind(driver.events, Racing)
    assert told[0].trials == 0
    assert {each.budget for each in told} == {20_000}


def test_a_confirmation_can_be_stopped_and_the_worker_goes_on(driver: WorkerDriver) -> None:
    end = run(driver, SPEC)
    driver.confirm(Confirm(iterations=10_000_000))
    driver.stop()
    result = check_result(driver, ConfirmationResult)
    # the stop comes before the race has begun, or in its first trial
    assert "stopped by the user" in (result.problem or result.reason)
    driver.confirm(Confirm(iterations=20_000))
    wait(lambda: len(trials_of(driver)) >= 2)
    driver.stop()
    result = check_result(driver, ConfirmationResult)
    count = len(trials_of(driver))
    assert result.reason.startswith(f"stopped by the user after {count} trials; ")
    assert (result.verdict, result.more_steps > 0) == ("open", True)
    measured = load(end.record).measured
    assert [trial for trial in measured if isinstance(trial, TrialResult)] == trials_of(driver)
    assert len(of_kind(driver.events, Started)) == 1
    driver.events.clear()
    assert run(driver, SPEC).status != "failed"


@pytest.mark.slow
def test_reset_in_mid_confirmation_restores(driver: WorkerDriver) -> None:
    run(driver, SPEC)
    driver.confirm(Confirm(iterations=20_000))
    wait(lambda: trials_of(driver))
    driver.reset()
    wait(lambda: isinstance(driver.events[-1], Restored))
    assert of_kind(driver.events, Restored)[-1].exact
    assert len(results(driver.events, ConfirmationResult)) == 1


@pytest.mark.slow
def test_a_stop_right_after_the_start_is_not_lost(
    driver: WorkerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrtui.launch.worker_driver._STOP_SECONDS", 60)  # the worker is not killed
    long = msgspec.structs.replace(SPEC, range=LONG.range)
    run(driver, SPEC)
    driver.run(long)
    driver.stop()
    assert finish(driver).reason == "stopped by the user after 1 of 1000000 iterations"


@pytest.mark.slow
def test_what_cannot_be_confirmed_says_why(driver: WorkerDriver, tmp_path: Path) -> None:
    driver.confirm(Confirm())
    assert "run the range test" in check_result(driver, ConfirmationResult).problem
    run(driver, with_model(f"{tmp_path}/gone.py:Net", SPEC))
    driver.confirm(Confirm())
    assert "run the range test" in check_result(driver, ConfirmationResult).problem
    flat = RangeSpec(num_iter=300, start_lr=1e-9, end_lr=1e-8)
    run(driver, msgspec.structs.replace(SPEC, range=flat))
    driver.confirm(Confirm())
    assert "no suggestion" in check_result(driver, ConfirmationResult).problem
    driver.confirm(Confirm(lr=0.1, iterations=7))
    assert "too few" in check_result(driver, ConfirmationResult).problem


@pytest.mark.parametrize(
    ("body", "problem"),
    rows_slow_after(
        1,
        [
            ("raise RuntimeError('my own words')", "RuntimeError: my own words (net.py:15)"),
            ("raise ValueError('my own words')", "ValueError: my own words (net.py:15)"),
            ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ],
    ),
)
def test_a_model_that_fails_in_a_trial_ends_the_confirmation_with_the_reason(
    driver: WorkerDriver, tmp_path: Path, body: str, problem: str
) -> None:
    target = module(
        tmp_path, "net", f"COUNT.append(0)\n        if len(COUNT) > 900: {body}", "COUNT = []\n"
    )
    end = run(driver, with_model(target, SPEC))
    driver.confirm(Confirm(lr=0.01, iterations=4000))
    result = check_result(driver, ConfirmationResult)
    assert problem in result.problem
    assert trials_of(driver)
    record = load(end.record)
    assert record.measured == [*trials_of(driver), result]
    assert record.status == end.status
    assert journals() == []


def test_a_confirmation_after_the_worker_died_says_so(driver: WorkerDriver) -> None:
    run(driver, SPEC)
    assert driver._process is not None
    os.kill(driver._process.pid, signal.SIGKILL)
    wait(lambda: isinstance(driver.events[-1], Notice))  # it is known that the worker ended
    driver.stability()
    assert "gone" in check_result(driver, StabilityResult).problem


def test_the_stability_limit_is_measured_and_kept(driver: WorkerDriver) -> None:
    end = run(driver, SPEC)
    driver.stability()
    result = check_result(driver, StabilityResult)
    assert (result.problem, result.formula) == ("", "2 / λ")
    assert isinstance(result.eigenvalue, float)
    assert result.limit == pytest.approx(2 / result.eigenvalue)
    assert load(end.record).measured == [result]


def test_a_confirmation_that_was_cut_off_is_recovered_from_its_journal() -> None:
    events = run_events()
    record = from_events(events)
    save(record, record_path(record.id))
    assert journals() == []
    path = journal_path(record.id)
    path.write_bytes(b"".join(encode(event) for event in [*events, Measured(TRIAL)]))
    os.utime(path, (2**31, 2**31))
    assert journals() == [path]
    assert load(recover(path).path).measured == [TRIAL]
