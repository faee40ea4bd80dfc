"""Confirmation and stability limit in a real worker: after a run, stopped, failing, and what the record keeps of it."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from lrtui.events import (
    ConfirmationResult,
    Measured,
    NonFinitePlace,
    Notice,
    Restored,
    StabilityResult,
    Started,
    Suggested,
    TrialResult,
    encode,
)
from lrtui.launch.session import Session
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.runs.recover import recover
from lrtui.runs.store import journal_path, journals, load, record_path
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from tests.sample import run_events
from tests.user_modules import module
from tests.worker.test_worker_process import of, run, wait

SPEC = RunSpec(
    model=Choice("sample_models/mlp.py:MLP"),
    optimizer=Choice("torch.optim:SGD"),
    range=RangeSpec(num_iter=100, start_lr=1e-4),
    loader=LoaderSpec(batch_size=32),
)


@pytest.fixture
def driver() -> Iterator[WorkerDriver]:
    session = Session()
    driver = session.driver(SPEC)
    yield driver
    driver.close()
    session.close()
    driver.join(10)


TRIAL = Measured(
    TrialResult(
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
)
T = TypeVar("T", TrialResult, ConfirmationResult, StabilityResult)


def results(driver: WorkerDriver, kind: type[T]) -> list[T]:
    """What was measured of this kind."""
    measured = [event.result for event in driver.events if isinstance(event, Measured)]
    return [result for result in measured if isinstance(result, kind)]


def ended(driver: WorkerDriver, kind: type[T]) -> T:
    """The result that ends what the driver is busy with."""
    wait(lambda: not driver.busy)
    event = driver.events[-1]
    assert isinstance(event, Measured)
    assert isinstance(event.result, kind)
    return event.result


def test_a_confirmation_tells_every_trial_and_is_kept_in_the_record(driver: WorkerDriver) -> None:
    end = run(driver, SPEC)
    driver.confirm(iterations=1000)
    assert driver.busy
    found = ended(driver, ConfirmationResult)
    suggestion = of(driver, Suggested)[0].suggestion  # type: ignore[attr-defined]
    assert (found.problem, found.lr, found.schedule) == ("", suggestion.lr, "constant")
    assert found.verdict in ("confirmed", "refuted", "undecided")
    assert found.judged_by == "validation loss"
    trials = results(driver, TrialResult)
    assert sum(trial.iterations for trial in trials) == trials[-1].spent == found.iterations <= 1000
    assert all(2 <= len(trial.curve) <= 60 for trial in trials)
    assert found == load(end.record).measured[-1]
    assert len(load(end.record).measured) == len(trials) + 1
    assert journals() == []
    assert not journal_path(load(end.record).id).exists()


def test_trials_that_blow_up_are_null_with_their_kind_in_a_record_that_any_reader_takes(
    driver: WorkerDriver,
) -> None:
    end = run(driver, SPEC)
    driver.confirm(lr=1e4, iterations=1500, schedule="one-cycle")
    found = ended(driver, ConfirmationResult)
    assert found.verdict == "refuted"
    assert found.better < 1e4
    blown = next(trial for trial in results(driver, TrialResult) if trial.lr == 1e4)
    assert blown.loss is None
    assert NonFinitePlace("loss", 0, "inf") in blown.nonfinite

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    document = json.loads(Path(end.record).read_bytes(), parse_constant=refuse)
    assert document["measured"][-1]["verdict"] == "refuted"


def test_a_confirmation_stops_at_once_and_the_worker_goes_on(driver: WorkerDriver) -> None:
    end = run(driver, SPEC)
    driver.confirm(iterations=10_000_000)
    wait(lambda: driver._process is not None)
    driver.stop()
    assert "stopped by the user" in ended(driver, ConfirmationResult).problem
    driver.confirm(iterations=20_000)
    wait(lambda: len(results(driver, TrialResult)) >= 2)
    driver.stop()
    assert "stopped by the user after" in ended(driver, ConfirmationResult).problem
    kept = load(end.record).measured
    assert (
        len([one for one in kept if isinstance(one, TrialResult)])
        == len(results(driver, TrialResult))
        >= 2
    )
    assert len(of(driver, Started)) == 1
    driver.events.clear()
    assert run(driver, SPEC).status != "failed"


def test_reset_in_mid_confirmation_restores(driver: WorkerDriver) -> None:
    run(driver, SPEC)
    driver.confirm(iterations=20_000)
    wait(lambda: results(driver, TrialResult))
    driver.reset()
    wait(lambda: isinstance(driver.events[-1], Restored))
    assert driver.events[-1].exact  # type: ignore[union-attr]
    assert len(results(driver, ConfirmationResult)) == 1


def test_a_stop_that_follows_at_once_is_not_lost(driver: WorkerDriver) -> None:
    long = msgspec.structs.replace(
        SPEC, range=RangeSpec(num_iter=10**6, diverge_th=1e9, start_lr=1e-9, end_lr=1e-8)
    )
    run(driver, SPEC)
    driver.run(long)
    driver.stop()
    wait(lambda: not driver.busy)
    assert "did not answer" not in driver.events[-1].reason  # type: ignore[union-attr]


def test_what_cannot_be_confirmed_says_why(driver: WorkerDriver, tmp_path: Path) -> None:
    driver.confirm()
    assert "run the range test" in ended(driver, ConfirmationResult).problem
    run(driver, msgspec.structs.replace(SPEC, model=Choice(str(tmp_path / "gone.py") + ":Net")))
    driver.confirm()
    assert "run the range test" in ended(driver, ConfirmationResult).problem
    run(
        driver,
        msgspec.structs.replace(SPEC, range=RangeSpec(num_iter=20, start_lr=1e-9, end_lr=1e-8)),
    )
    driver.confirm()
    assert "no suggestion" in ended(driver, ConfirmationResult).problem
    driver.confirm(lr=0.1, iterations=7)
    assert "too few" in ended(driver, ConfirmationResult).problem


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise RuntimeError('my own words')", "my own words"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    ],
)
def test_a_model_that_fails_in_a_trial_ends_the_confirmation_in_words(
    driver: WorkerDriver, tmp_path: Path, body: str, words: str
) -> None:
    target = module(tmp_path, "net", f"if self.calls > 400: {body}")
    end = run(driver, msgspec.structs.replace(SPEC, model=Choice(target)))
    driver.confirm(lr=0.01, iterations=4000)
    assert words in ended(driver, ConfirmationResult).problem
    record = load(end.record)
    assert (
        len([one for one in record.measured if isinstance(one, TrialResult)])
        == len(results(driver, TrialResult))
        >= 1
    )
    assert words in record.measured[-1].problem
    assert record.status == end.status
    assert journals() == []


def test_a_confirmation_after_the_worker_died_says_so(driver: WorkerDriver) -> None:
    run(driver, SPEC)
    assert driver._process is not None
    os.kill(driver._process.pid, signal.SIGKILL)
    wait(lambda: isinstance(driver.events[-1], Notice))  # it is known that the worker ended
    driver.stability()
    wait(lambda: results(driver, StabilityResult))
    assert "gone" in results(driver, StabilityResult)[0].problem
    assert not driver.busy


def test_the_stability_limit_is_told_and_kept(driver: WorkerDriver) -> None:
    end = run(driver, SPEC)
    driver.stability()
    found = ended(driver, StabilityResult)
    assert (found.problem, found.formula) == ("", "2 / λ")
    assert found.limit == pytest.approx(2 / found.eigenvalue)
    assert load(end.record).measured == [found]


def test_a_confirmation_that_was_cut_off_is_recovered_from_its_journal() -> None:
    events = run_events()
    from lrtui.record import from_events
    from lrtui.runs.store import save

    record = from_events(events)
    save(record, record_path(record.id))
    assert journals() == []
    path = journal_path(record.id)
    path.write_bytes(b"".join(encode(event) for event in [*events, TRIAL]))
    os.utime(path, (2**31, 2**31))
    assert journals() == [path]
    assert load(recover(path)).measured == [TRIAL.result]
