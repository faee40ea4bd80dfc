"""A terminal that goes away under its app or its command: the run goes on, and is found again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lrtui.record import RunRecord
from lrtui.runs.store import going_on, journals, load
from tests.faults.processes import ROOT, START, catches
from tests.terminal.terminal import Terminal, lrtui_argv, modes_left_on
from tests.user_modules import module
from tests.waiting import wait

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a hang-up is Linux's here")

STEPS = "30"


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """The model waits in its 7th step until this file is there."""
    return tmp_path / "go"


@pytest.fixture
def model(tmp_path: Path, go: Path) -> str:
    waits = f"while self.calls > 6 and not os.path.exists({str(go)!r}): time.sleep(0.01)"
    return module(tmp_path, "waiting", f"{waits}\n        time.sleep(0.01)")


def running_app(folder: Path, model: str, *arguments: str) -> Terminal:
    app = Terminal(lrtui_argv("--model", model, "--num-iter", STEPS, *arguments), folder)
    app.wait_for("⏎ runs")
    app.press("enter")
    app.wait_for("has changed since")
    app.press("enter")
    app.wait_for(rf"● [1-9]\d*/{STEPS}")
    return app


def the_record(home: Path) -> RunRecord:
    wait(lambda: not journals() and list((home / "runs").glob("*.json")))
    (path,) = (home / "runs").glob("*.json")
    return load(path)


def test_a_run_goes_on_without_its_terminal_and_the_next_app_offers_it(
    tmp_path: Path, model: str, go: Path, home: Path
) -> None:
    with running_app(tmp_path, model) as app:
        began = time.monotonic()
        app.signal(signal.SIGHUP)
        assert app.wait_for_exit() == 128 + signal.SIGHUP
        assert time.monotonic() - began < 10  # it does not wait for the step in progress
        assert modes_left_on(bytes(app.written)) == []
    (journal,) = journals()
    assert going_on(journal)
    with Terminal(lrtui_argv(), tmp_path) as app:
        app.wait_for("a run goes on: h shows it")
        app.press("h")
        app.wait_for(rf"running \d+/{STEPS}")
        go.touch()
        app.wait_until_gone("running")
        app.press("escape")
        app.wait_for(lambda text: "goes on" not in text, "last runs")
        app.press("q")
        assert app.wait_for_exit() == 0
    record = the_record(home)
    assert record.status == "completed"
    assert len(record.history.lr) == int(STEPS)


@pytest.mark.slow
def test_a_terminal_that_is_gone_without_a_signal_ends_the_app_and_not_the_run(
    tmp_path: Path, model: str, go: Path, home: Path
) -> None:
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
    start = f"{ignoring}from lrtui.cli import main; main()"
    argv = [sys.executable, "-c", start, "--model", model, "--num-iter", STEPS]
    app = Terminal(argv, tmp_path)
    app.wait_for("⏎ runs")
    app.press("enter")
    app.wait_for("has changed since")
    app.press("enter")
    app.wait_for(rf"● [1-9]\d*/{STEPS}")
    os.close(app.process.fd)
    _, status = os.waitpid(app.process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 128 + signal.SIGHUP
    go.touch()
    assert the_record(home).status == "completed"


@pytest.mark.slow
def test_on_hangup_stop_ends_the_run_with_what_it_has(
    tmp_path: Path, model: str, go: Path, home: Path
) -> None:
    with running_app(tmp_path, model, "--on-hangup", "stop") as app:
        app.signal(signal.SIGHUP)
        assert app.wait_for_exit() == 128 + signal.SIGHUP
    go.touch()
    record = the_record(home)
    assert record.status == "interrupted"
    assert record.reason.startswith("interrupted by a hang-up after ")
    assert 0 < len(record.history.lr) < int(STEPS)


@pytest.mark.parametrize(("flags", "status"), [((), "completed"), (("stop",), "interrupted")])
def test_a_command_without_its_terminal(
    model: str, go: Path, home: Path, flags: tuple[str, ...], status: str
) -> None:
    flag = [f"--on-hangup={flag}" for flag in flags]
    steps = "1000" if flags else STEPS  # so many that a stop comes before the last one
    front = subprocess.Popen(
        [*START, "run", "--model", model, "--num-iter", steps, "--json", *flag],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert front.stderr is not None
    while f"/{steps}" not in os.read(front.stderr.fileno(), 1 << 12).decode():
        pass
    front.send_signal(signal.SIGHUP)
    if flags:
        wait(lambda: not catches(front.pid, signal.SIGHUP))  # it has been received
        go.touch()
    output, noise = front.communicate(timeout=60)
    assert front.returncode == 128 + signal.SIGHUP
    assert b"Traceback" not in noise
    go.touch()
    record = the_record(home)
    assert record.status == status
    if flags:
        assert record.reason.startswith("interrupted by a hang-up after ")
        assert json.loads(output)["status"] == status
    else:
        assert output == b""
