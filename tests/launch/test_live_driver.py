"""The driver on live objects: the same events as a worker's, and everything put back."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from lrtui import LRFinder
from lrtui.events import (
    ConfirmationResult,
    Ended,
    Measured,
    Restored,
    StabilityResult,
    Started,
    Step,
    Suggested,
    TrialResult,
)
from lrtui.launch.live_driver import LiveDriver
from lrtui.live import LiveObjects, show, steps_of


@pytest.fixture
def finder() -> LRFinder:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9)
    return LRFinder(model, optimizer, nn.CrossEntropyLoss(), verbose=False)


@pytest.fixture
def loader() -> DataLoader:
    x = torch.randn(256, 8, generator=torch.Generator().manual_seed(1))
    return DataLoader(TensorDataset(x, (x[:, 0] > 0).long()), batch_size=32)


def driver_on(
    finder: LRFinder, loader: DataLoader | None, log: Path, **settings: object
) -> LiveDriver:
    return LiveDriver(LiveObjects(finder, loader, None, settings), log)


def wait(driver: LiveDriver, done: Callable[[], bool] = lambda: False) -> None:
    end = time.monotonic() + 60
    while driver.busy and not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_run_tells_what_a_worker_would_tell(finder, loader, tmp_path: Path) -> None:
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=10, num_iter=60)
    driver.run(driver._live.spec)
    wait(driver)
    kinds = [type(event) for event in driver.events]
    assert kinds[0] is Started
    assert kinds[-2:] == [Suggested, Ended]
    assert set(kinds[1:-2]) == {Step}
    began, answer = driver.events[0], driver.events[-2]
    assert began.momentum == 0.9
    assert began.spec.optimizer.target == "torch.optim:SGD"
    assert began.spec.optimizer.args == {"momentum": 0.9}
    assert began.spec.range.start_lr == 1e-5
    assert answer.suggestion == finder.suggestion()
    assert [event.lr for event in driver.events if isinstance(event, Step)] == finder.history["lr"]


def test_two_runs_of_the_same_objects_are_the_same_and_a_reset_is_exact(
    finder, loader, tmp_path: Path
) -> None:
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=10, num_iter=40)
    curves = []
    for _ in range(2):
        driver.run(driver._live.spec)
        wait(driver)
        curves.append(list(finder.history["loss"]))
    assert curves[0] == curves[1]
    digest = driver.events[0].digest
    assert finder.digest() != digest
    driver.reset()
    wait(driver)
    assert driver.events[-1] == Restored(digest=digest, exact=True)
    assert finder.digest() == digest


def test_a_stop_that_follows_at_once_is_not_lost_and_puts_everything_back(
    finder, loader, tmp_path: Path
) -> None:
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=1e-4, num_iter=1_000_000)
    before = finder.digest()
    driver.run(driver._live.spec)
    driver.stop()
    wait(driver)
    assert driver.events[-1].status == "stopped"
    assert finder.digest() == before


def test_trials_and_the_limit_are_told_and_end_in_one_event_each(
    finder, loader, tmp_path: Path
) -> None:
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=10, num_iter=100)
    driver.run(driver._live.spec)
    wait(driver)
    ready = len(driver.events)
    driver.confirm(lr=0.1, iterations=1500)
    wait(driver)
    told = driver.events[ready:]
    assert all(isinstance(event.result, TrialResult) for event in told[:-1])
    assert isinstance(told[-1].result, ConfirmationResult)
    assert told[-1].result.verdict in ("confirmed", "refuted", "undecided")
    assert told[-2].result.spent == sum(event.result.iterations for event in told[:-1])
    driver.stability()
    wait(driver)
    assert isinstance(driver.events[-1].result, StabilityResult)
    assert driver.events[-1].result.limit > 0


def test_a_check_that_cannot_be_is_told_in_its_own_event(finder, loader, tmp_path: Path) -> None:
    finder.range_test(loader, end_lr=10, num_iter=30)
    finder.reset()
    driver = driver_on(finder, None, tmp_path / "log")
    driver.run(driver._live.spec)
    wait(driver)
    driver.confirm(lr=0.1)
    wait(driver)
    assert driver.events[-1] == Measured(
        ConfirmationResult(problem="no loader was given to show(), so nothing can be trained")
    )


def test_a_measured_history_is_told_as_a_run(finder, loader, tmp_path: Path) -> None:
    finder.range_test(loader, end_lr=10, num_iter=30)
    finder.reset()
    points = steps_of(finder)
    driver = driver_on(finder, None, tmp_path / "log")
    driver.run(driver._live.spec)
    wait(driver)
    assert [event for event in driver.events if isinstance(event, Step)] == points
    assert [step.raw_loss for step in points] == finder.history["raw_loss"]
    assert driver.events[-1].status in ("completed", "diverged")


def test_nothing_to_show_is_refused(finder) -> None:
    with pytest.raises(ValueError, match="nothing to show"):
        show(finder)


def test_a_setting_that_makes_no_sense_is_refused_before_the_app_opens(finder, loader) -> None:
    with pytest.raises(ValueError, match="smooth_f"):
        show(finder, loader, smooth_f=3)


def test_prints_go_to_the_log(
    finder, loader, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finder.model.register_forward_hook(lambda *_: print("SPOKEN"))
    driver = driver_on(finder, loader, tmp_path / "log", end_lr=10, num_iter=5)
    driver.run(driver._live.spec)
    wait(driver)
    assert "SPOKEN" in (tmp_path / "log").read_text()
    assert "SPOKEN" not in capsys.readouterr().out
