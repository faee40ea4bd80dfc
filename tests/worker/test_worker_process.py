"""The worker process end to end: real processes, real training, every way to fail."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from lrtui.events import Ended, Notice, Restored, Started, Step, Suggested
from lrtui.launch.session import Session
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.runs.recover import recover
from lrtui.runs.store import journals, load, read_journal
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from tests.user_modules import module

QUICK = RunSpec(
    range=RangeSpec(num_iter=20, end_lr=1.0, start_lr=1e-4), loader=LoaderSpec(batch_size=16)
)
LONG = msgspec.structs.replace(
    QUICK, range=RangeSpec(num_iter=1_000_000, diverge_th=1e9, start_lr=1e-9, end_lr=1e-8)
)


def wait(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def driver() -> Iterator[WorkerDriver]:
    session = Session()
    driver = session.driver(QUICK)
    yield driver
    driver.close()
    session.close()
    driver.join(10)


def run(driver: WorkerDriver, spec: RunSpec) -> Ended:
    driver.run(spec)
    wait(lambda: not driver.busy)
    end = driver.events[-1]
    assert isinstance(end, Ended), driver.events[-5:]
    return end


def with_model(target: str, spec: RunSpec = QUICK) -> RunSpec:
    return msgspec.structs.replace(spec, model=Choice(target))


def steps(driver: WorkerDriver) -> list[Step]:
    return [event for event in driver.events if isinstance(event, Step)]


def of(driver: WorkerDriver, kind: type) -> list[object]:
    return [event for event in driver.events if isinstance(event, kind)]


def test_a_run_tells_its_start_every_step_an_answer_and_its_end(driver: WorkerDriver) -> None:
    end = run(driver, QUICK)
    assert isinstance(of(driver, Started)[0], Started)
    assert [step.iteration for step in steps(driver)] == list(range(len(steps(driver))))
    assert len(of(driver, Suggested)) == 1
    assert end.status in ("completed", "diverged")
    record = load(end.record)
    assert record.history.raw_loss == [step.raw_loss for step in steps(driver)]
    assert record.run_spec() == QUICK
    assert journals() == []


def test_the_same_spec_gives_the_same_curve_in_another_worker(driver: WorkerDriver) -> None:
    run(driver, QUICK)
    other = Session()
    second = other.driver(QUICK)
    run(second, QUICK)
    second.close()
    assert [step.raw_loss for step in steps(second)] == [step.raw_loss for step in steps(driver)]


def test_reset_restores_the_initial_state_and_the_next_run_is_the_same_one(
    driver: WorkerDriver,
) -> None:
    run(driver, QUICK)
    first = [step.raw_loss for step in steps(driver)]
    driver.reset()
    wait(lambda: isinstance(driver.events[-1], Restored))
    started, restored = of(driver, Started)[0], driver.events[-1]
    assert isinstance(started, Started)
    assert isinstance(restored, Restored)
    assert restored.exact
    assert restored.digest == started.digest != ""
    driver.events.clear()
    run(driver, QUICK)
    assert [step.raw_loss for step in steps(driver)] == first


def test_stop_ends_a_run_at_once_and_keeps_what_it_measured(driver: WorkerDriver) -> None:
    driver.run(LONG)
    wait(lambda: len(steps(driver)) > 3)
    began = time.monotonic()
    driver.stop()
    wait(lambda: not driver.busy)
    assert time.monotonic() - began < 2
    end = driver.events[-1]
    assert isinstance(end, Ended)
    assert (end.status, "stopped by the user" in end.reason) == ("stopped", True)
    assert len(load(end.record).history.lr) == len(steps(driver))


def test_reset_in_mid_run_stops_and_restores(driver: WorkerDriver) -> None:
    driver.run(LONG)
    wait(lambda: len(steps(driver)) > 3)
    driver.reset()
    wait(lambda: isinstance(driver.events[-1], Restored))
    assert driver.events[-1].exact  # type: ignore[union-attr]
    assert any(isinstance(event, Ended) and event.status == "stopped" for event in driver.events)


FAILURES = {
    "exception": ("raise RuntimeError('my own words')", "training", "RuntimeError: my own words"),
    "system exit": ("sys.exit(3)", "training", "sys.exit(3)"),
    "os exit": ("os._exit(7)", "", "exited with code 7"),
    "kill": ("os.kill(os.getpid(), signal.SIGKILL)", "", "SIGKILL"),
    "segfault": ("os.kill(os.getpid(), signal.SIGSEGV)", "", "SIGSEGV"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_model_that_fails_in_mid_run_loses_no_finished_step(
    driver: WorkerDriver, tmp_path: Path, name: str
) -> None:
    body, phase, words = FAILURES[name]
    target = module(tmp_path, "net", f"if self.calls > 6: {body}")
    end = run(driver, with_model(target))
    assert end.status == "failed"
    assert words in end.reason
    assert phase in end.phase
    assert "\n" not in end.reason
    assert len(steps(driver)) >= 3
    record = load(end.record)
    assert record.status == "failed"
    assert len(record.history.lr) == len(steps(driver))
    # and the next run works
    driver.events.clear()
    assert run(driver, QUICK).status != "failed"


def test_a_traceback_goes_to_the_log_and_prints_go_nowhere_else(
    driver: WorkerDriver, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = "print('SPOKEN'); os.write(1, b'RAW\\x1b[2J'); os.write(2, b'ERR')"
    body = f"{noise}\n        if self.calls > 6: raise ValueError('bang')"
    end = run(driver, with_model(module(tmp_path, "loud", body)))
    started = of(driver, Started)[0]
    assert isinstance(started, Started)
    log = Path(started.log).read_bytes()
    assert b"SPOKEN" in log
    assert b"RAW" in log
    assert b"Traceback" in log
    assert b"bang" in log
    assert end.phase == "training"
    assert capfd.readouterr() == ("", "")


def test_a_model_that_hangs_and_ignores_sigterm_is_ended_by_force(
    driver: WorkerDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrtui.launch.worker_driver._STOP_SECONDS", 0.2)
    monkeypatch.setattr("lrtui.launch.process._KILL_SECONDS", 0.2)
    hang = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n        while self.calls > 6: time.sleep(0.01)"
    driver.run(with_model(module(tmp_path, "hang", hang)))
    wait(lambda: len(steps(driver)) >= 3)
    driver.stop()
    wait(lambda: not driver.busy)
    end = driver.events[-1]
    assert isinstance(end, Ended)
    assert end.status == "stopped"
    assert len(load(end.record).history.lr) == len(steps(driver))


def test_nothing_that_a_model_started_outlives_the_worker(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    mark = tmp_path / "child.pid"
    start = (
        "import subprocess\nchild = subprocess.Popen(['sleep', '600'])\n"
        f"open({str(mark)!r}, 'w').write(str(child.pid))\n"
    )
    run(driver, with_model(module(tmp_path, "parent", before=start)))
    child = int(mark.read_text())
    driver.close()
    wait(lambda: not _alive(child), 20)


def test_bad_input_is_one_line_that_names_the_phase_and_the_thing(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import does_not_exist\nclass Net: pass\n")
    cases = [
        (QUICK, {"model": Choice(str(tmp_path / "gone.py") + ":Net")}, "model", "gone.py"),
        (QUICK, {"model": Choice(f"{broken}:Net")}, "model", "does_not_exist"),
        (
            QUICK,
            {"model": Choice(module(tmp_path, "fine").replace(":Net", ":Nte"))},
            "model",
            "Net",
        ),
        (QUICK, {"data": Choice("lrtui:nothing")}, "data", "nothing"),
        (
            QUICK,
            {"optimizer": Choice("torch.optim:SGD", {"momentum": "much"})},
            "optimizer",
            "momentum",
        ),
        (QUICK, {"device": "cuda:7"}, "device", "cuda:7"),
        (QUICK, {"precision": "fp16", "device": "cpu"}, "precision", "bf16"),
    ]
    for spec, change, phase, words in cases:
        end = run(driver, msgspec.structs.replace(spec, **change))
        assert (end.status, end.phase) == ("failed", phase), end
        assert words in end.reason
        assert "\n" not in end.reason


def test_a_worker_that_dies_while_building_leaves_a_record_all_the_same(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    end = run(driver, with_model(module(tmp_path, "gone", before="os._exit(7)\n")))
    assert (end.status, end.phase) == ("failed", "building")
    assert load(end.record).status == "failed"
    assert journals() == []


def test_a_fork_that_comes_back_runs_nothing(driver: WorkerDriver, tmp_path: Path) -> None:
    end = run(driver, with_model(module(tmp_path, "forks", before="os.fork()\n")))
    assert end.status in ("completed", "diverged")
    assert [step.iteration for step in steps(driver)] == list(range(len(steps(driver))))
    assert len(load(end.record).history.lr) == len(steps(driver)) <= QUICK.range.num_iter


def test_a_stop_before_anything_is_measured_takes_no_time(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    driver.run(with_model(module(tmp_path, "slow", before="time.sleep(600)\n")))
    began = time.monotonic()
    driver.stop()
    wait(lambda: not driver.busy)
    assert time.monotonic() - began < 5
    assert driver.events[-1].status == "stopped"  # type: ignore[union-attr]


def test_an_edited_model_file_is_picked_up_without_ado(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    target = module(tmp_path, "net", "raise RuntimeError('before the edit')")
    assert "before the edit" in run(driver, with_model(target)).reason
    module(tmp_path, "net")
    assert run(driver, with_model(target)).status != "failed"


def test_a_disk_that_is_full_ends_no_run_and_loses_no_step(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    full = (
        "import resource\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (99, 99))\n"
    )
    end = run(driver, with_model(module(tmp_path, "net", before=full)))
    assert end.status in ("completed", "diverged")
    assert end.record == ""
    assert len(steps(driver)) >= 10
    told = [event.text for event in of(driver, Notice) if isinstance(event, Notice)]
    assert any("journal" in text for text in told)
    assert any("could not be saved" in text for text in told)


def test_a_killed_front_end_leaves_a_record_and_no_process(tmp_path: Path, home: Path) -> None:
    import subprocess
    import sys

    spec = tmp_path / "long.toml"
    from lrtui.spec import to_toml

    spec.write_text(to_toml(LONG))
    front = subprocess.Popen(
        [sys.executable, "-m", "lrtui.cli", "run", str(spec)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LRTUI_HOME": str(home)},
    )
    assert front.stderr is not None
    wait(
        lambda: (
            journals() and sum(isinstance(event, Step) for event in read_journal(journals()[0])) > 3
        )
    )
    front.send_signal(signal.SIGKILL)
    front.wait()
    front.stderr.close()
    wait(lambda: not journals(), 30)
    (path,) = (home / "runs").glob("*.json")
    assert load(path).status == "interrupted"
    assert len(load(path).history.lr) > 3


def test_a_journal_left_by_a_killed_worker_is_recovered(home: Path) -> None:
    from lrtui.events import encode
    from lrtui.runs.store import journal_path
    from tests.sample import STARTED
    from tests.sample import steps as sample_steps

    path = journal_path(STARTED.id)
    path.write_bytes(
        b"".join(encode(event) for event in [STARTED, *sample_steps()]) + b'{"event":"st'
    )
    assert len(load(recover(path)).history.lr) == 4


def test_a_notice_says_when_an_idle_worker_went_away(driver: WorkerDriver) -> None:
    run(driver, QUICK)
    assert driver._process is not None
    os.kill(driver._process.pid, signal.SIGKILL)
    wait(lambda: isinstance(driver.events[-1], Notice))
    assert run(driver, QUICK).status != "failed"


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
