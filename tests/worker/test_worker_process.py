"""The worker process end to end: real processes, real training, every way to fail."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from lrtui.analysis.answer import Plan
from lrtui.events import Ended, Notice, Restored, Started, Step, Suggested, encode
from lrtui.launch.session import Session
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.record import Failure
from lrtui.runs.recover import recover
from lrtui.runs.store import journal_path, journals, load, read_journal
from lrtui.spec import Choice, PlanSpec, to_toml
from tests.events import of_kind
from tests.sample import STARTED
from tests.sample import steps as sample_steps
from tests.slowly import slow_after
from tests.user_modules import module
from tests.waiting import wait
from tests.worker.driving import ANSWERED, LONG, QUICK, finish, run, steps, with_model


def test_a_run_has_a_start_every_step_an_answer_and_an_end(driver: WorkerDriver) -> None:
    end = run(driver, QUICK)
    assert len(of_kind(driver.events, Started)) == 1
    assert [step.iteration for step in steps(driver)] == list(range(len(steps(driver))))
    assert len(of_kind(driver.events, Suggested)) == 1
    assert end.status in ("completed", "diverged")
    record = load(end.record)
    assert record.history.raw_loss == [step.raw_loss for step in steps(driver)]
    assert record.run_spec() == QUICK
    assert journals() == []


@pytest.mark.slow
def test_the_same_spec_gives_the_same_curve_in_another_worker(driver: WorkerDriver) -> None:
    run(driver, QUICK)
    other = Session()
    second = other.driver(QUICK)
    run(second, QUICK)
    other.close()
    second.close()
    assert [step.raw_loss for step in steps(second)] == [step.raw_loss for step in steps(driver)]


def test_reset_restores_the_initial_state_and_the_next_run_is_the_same_one(
    driver: WorkerDriver,
) -> None:
    run(driver, QUICK)
    first = [step.raw_loss for step in steps(driver)]
    driver.reset()
    wait(lambda: isinstance(driver.events[-1], Restored))
    (started,) = of_kind(driver.events, Started)
    (restored,) = of_kind(driver.events, Restored)
    assert restored.exact
    assert restored.digest == started.digest != ""
    driver.events.clear()
    run(driver, QUICK)
    assert [step.raw_loss for step in steps(driver)] == first


@pytest.mark.slow
def test_another_plan_has_another_answer_from_the_same_objects(driver: WorkerDriver) -> None:
    run(driver, ANSWERED)
    run(driver, msgspec.structs.replace(ANSWERED, plan=PlanSpec(schedule="cosine", epochs=2)))
    first, second = of_kind(driver.events, Started)
    assert first.digest == second.digest
    assert second.plan == Plan(schedule="cosine", steps=2 * 89)  # 1,433 digits, 16 each
    half = len(steps(driver)) // 2
    assert [step.loss for step in steps(driver)[:half]] == [
        step.loss for step in steps(driver)[half:]
    ]
    answers = of_kind(driver.events, Suggested)
    assert [answer.suggestion.steps for answer in answers] == [None, 2 * 89]
    assert not any("plan." in notice.text for notice in of_kind(driver.events, Notice))


def test_stop_ends_a_run_after_the_step_in_progress_and_keeps_its_steps(
    driver: WorkerDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrtui.launch.worker_driver._STOP_SECONDS", 60)  # the worker is not killed
    driver.run(LONG)
    wait(lambda: len(steps(driver)) > 3)
    driver.stop()
    end = finish(driver)
    count = len(steps(driver))
    assert end.status == "stopped"
    assert end.reason == f"stopped by the user after {count} of 1000000 iterations"
    assert len(load(end.record).history.lr) == count


def test_reset_in_mid_run_stops_and_restores(driver: WorkerDriver) -> None:
    driver.run(LONG)
    wait(lambda: len(steps(driver)) > 3)
    driver.reset()
    wait(lambda: isinstance(driver.events[-1], Restored))
    assert of_kind(driver.events, Restored)[-1].exact
    assert [end.status for end in of_kind(driver.events, Ended)] == ["stopped"]


FAILURES = {
    "os exit": ("os._exit(7)", "training", "exited with code 7"),
    "exception": ("raise RuntimeError('my own words')", "model", "RuntimeError: my own words"),
    "system exit": ("sys.exit(3)", "model", "sys.exit(3)"),
    "abort": ("os.abort()", "training", "SIGABRT"),
    "kill": ("os.kill(os.getpid(), signal.SIGKILL)", "training", "SIGKILL"),
    "segfault": ("os.kill(os.getpid(), signal.SIGSEGV)", "training", "SIGSEGV"),
}


@pytest.mark.parametrize("name", slow_after(1, FAILURES))
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
    # the next run works
    driver.events.clear()
    assert run(driver, QUICK).status != "failed"


def test_a_failure_in_training_names_the_line_of_the_users_code(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    target = module(tmp_path, "net", "if self.calls > 6: raise RuntimeError('a message')")
    end = run(driver, with_model(target))
    assert end.phase == "model"
    assert end.reason.startswith("the model failed on batch 7 (iteration 6; ")
    assert end.reason.endswith(f"RuntimeError: a message (net.py:{line_of('a message', target)})")
    assert load(end.record).reason == end.reason


@pytest.mark.parametrize(
    "name", slow_after(2, ["exception", "segfault", "os exit", "abort", "kill"])
)
def test_a_failed_run_keeps_where_it_failed_and_what_was_printed_last(
    driver: WorkerDriver, tmp_path: Path, name: str
) -> None:
    body = "print('call', self.calls); self.calls > 6 and fail()"
    before = f"def fail():\n    {FAILURES[name][0]}\n"
    target = module(tmp_path, "net", body, before)
    end = run(driver, with_model(target))
    assert end.output[-1] == "call 7"
    assert len(end.output) <= 20
    assert not any("Traceback" in line or "Fatal" in line for line in end.output)
    if name != "kill":
        assert end.where is not None
        assert (end.where.file, end.where.function) == (str(tmp_path / "net.py"), "fail")
        assert end.where.source == FAILURES[name][0]
    else:
        assert end.where is None
    failure = load(end.record).failure
    assert failure == Failure(phase=end.phase, where=end.where, output=end.output)
    # its answer is the failure: a curve this short says nothing else
    assert of_kind(driver.events, Suggested) == []
    assert driver.output()[: len(end.output)]


def test_a_file_that_cannot_be_imported_has_a_place_too(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    target = module(tmp_path, "net", before="print('imported')\nraise ValueError('why')\n")
    end = run(driver, with_model(target))
    assert end.where is not None
    assert (end.where.function, end.where.source) == ("", "raise ValueError('why')")
    assert end.output == ["imported"]


def test_what_is_printed_can_be_read_while_the_run_goes_on(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    target = module(tmp_path, "net", "print('call', self.calls)")
    driver.run(with_model(target, LONG))
    wait(lambda: "call 5" in driver.output())
    driver.stop()
    assert finish(driver).output == []


def test_a_failure_in_torch_names_the_line_that_called_it(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    body = "if self.calls > 6: return nn.functional.linear(x, torch.ones(3, 3))"
    target = module(tmp_path, "net", body)
    end = run(driver, with_model(target))
    assert ": RuntimeError: " in end.reason
    assert end.reason.endswith(f" (net.py:{line_of('torch.ones', target)})")


def line_of(text: str, target: str) -> int:
    """The number of the only line of a target's file that has the text."""
    lines = Path(target.rpartition(":")[0]).read_text().splitlines()
    (number,) = (number for number, line in enumerate(lines, 1) if text in line)
    return number


def test_a_traceback_goes_to_the_log_and_prints_go_nowhere_else(
    driver: WorkerDriver, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = "print('SPOKEN'); os.write(1, b'RAW\\x1b[2J'); os.write(2, b'ERR')"
    body = f"{noise}\n        if self.calls > 6: raise ValueError('bang')"
    end = run(driver, with_model(module(tmp_path, "loud", body)))
    (started,) = of_kind(driver.events, Started)
    log = Path(started.log).read_bytes()
    assert b"SPOKEN" in log
    assert b"RAW" in log
    assert b"Traceback" in log
    assert b"bang" in log
    assert end.phase == "model"
    assert capfd.readouterr() == ("", "")


def test_a_model_that_hangs_and_ignores_sigterm_is_ended_by_force(
    driver: WorkerDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrtui.launch.worker_driver._STOP_SECONDS", 0.2)
    monkeypatch.setattr("lrtui.launch.process._KILL_SECONDS", 0.2)
    hang = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "        while self.calls > 6: time.sleep(0.01)"
    )
    driver.run(with_model(module(tmp_path, "hang", hang)))
    wait(lambda: len(steps(driver)) >= 3)
    driver.stop()
    end = finish(driver)
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


@pytest.mark.slow
def test_bad_input_is_one_line_that_names_the_phase_and_the_thing(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import does_not_exist\nclass Net: pass\n")
    misspelt = module(tmp_path, "fine").replace(":Net", ":Nte")
    much_momentum = Choice("torch.optim:SGD", {"momentum": "much"})
    replace = msgspec.structs.replace
    cases = [
        (with_model(f"{tmp_path}/gone.py:Net"), "model", "gone.py"),
        (with_model(f"{broken}:Net"), "model", "does_not_exist"),
        (with_model(misspelt), "model", "Net"),
        (replace(QUICK, data=Choice("lrtui:nothing")), "data", "nothing"),
        (replace(QUICK, optimizer=much_momentum), "optimizer", "momentum"),
        (replace(QUICK, device="cuda:7"), "device", "cuda:7"),
        (replace(QUICK, precision="fp16", device="cpu"), "precision", "bf16"),
    ]
    for spec, phase, words in cases:
        end = run(driver, spec)
        assert (end.status, end.phase) == ("failed", phase), end
        assert words in end.reason
        assert "\n" not in end.reason


def test_a_worker_that_dies_while_building_leaves_a_record_all_the_same(
    driver: WorkerDriver, tmp_path: Path
) -> None:
    end = run(driver, with_model(module(tmp_path, "gone", before="os._exit(7)\n")))
    assert (end.status, end.phase) == ("failed", "import")
    assert end.where is not None
    assert end.where.source == "os._exit(7)"
    assert load(end.record).status == "failed"
    assert journals() == []


@pytest.mark.slow
def test_a_fork_that_comes_back_runs_nothing(driver: WorkerDriver, tmp_path: Path) -> None:
    end = run(driver, with_model(module(tmp_path, "forks", before="os.fork()\n")))
    assert end.status in ("completed", "diverged")
    assert [step.iteration for step in steps(driver)] == list(range(len(steps(driver))))
    assert len(load(end.record).history.lr) == len(steps(driver)) <= QUICK.range.num_iter


def test_a_stop_before_anything_is_measured_does_not_wait_for_the_step_in_progress(
    driver: WorkerDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrtui.launch.worker_driver._STOP_SECONDS", 600)
    driver.run(with_model(module(tmp_path, "slow", before="time.sleep(600)\n")))
    driver.stop()
    end = finish(driver)
    assert end.status == "stopped"
    assert "did not answer" in end.reason


@pytest.mark.slow
def test_an_edited_model_file_is_imported_again(driver: WorkerDriver, tmp_path: Path) -> None:
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
    texts = [notice.text for notice in of_kind(driver.events, Notice)]
    assert any("journal" in text for text in texts)
    assert any("could not be saved" in text for text in texts)


def test_a_killed_front_end_leaves_a_record_and_no_process(tmp_path: Path, home: Path) -> None:
    spec = tmp_path / "long.toml"
    spec.write_text(to_toml(LONG))
    front = subprocess.Popen(
        [sys.executable, "-m", "lrtui.cli", "run", str(spec)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LRTUI_HOME": str(home)},
    )
    assert front.stderr is not None
    wait(lambda: journals() and len(of_kind(read_journal(journals()[0]).events, Step)) > 3)
    front.send_signal(signal.SIGKILL)
    front.wait()
    front.stderr.close()
    wait(lambda: not journals(), 30)
    (path,) = (home / "runs").glob("*.json")
    record = load(path)
    assert record.status == "interrupted"
    assert record.reason.startswith("lrtui was closed after ")
    assert len(record.history.lr) > 3


def test_a_journal_left_by_a_killed_worker_is_recovered(home: Path) -> None:
    path = journal_path(STARTED.id)
    lines = [encode(STARTED), *map(encode, sample_steps()), b'{"event":"st']
    path.write_bytes(b"".join(lines))
    assert len(load(recover(path).path).history.lr) == 4


@pytest.mark.slow
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
