"""A run in one process, shown and stopped from another; and one that outlives its terminal."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrtui.keeper import control
from lrtui.record import RunRecord
from lrtui.runs.store import control_path, going_on, journals, load
from tests.faults.processes import ROOT, START, is_alive
from tests.terminal.terminal import Terminal, environment, lrtui_argv
from tests.user_modules import module
from tests.waiting import wait

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a hang-up is Linux's here")

STEPS = "5000"
HEADLESS = ("run", "--num-iter", STEPS, "--model")


@pytest.fixture
def go(tmp_path: Path) -> Iterator[Path]:
    """The model waits in its 7th step until this file is there."""
    path = tmp_path / "go"
    yield path
    path.touch()


@pytest.fixture
def model(tmp_path: Path, go: Path) -> str:
    waits = f"while self.calls == 7 and not os.path.exists({str(go)!r}): time.sleep(0.01)"
    return module(tmp_path, "waiting", f"{waits}\n        time.sleep(0.01)")


def the_record(home: Path) -> RunRecord:
    wait(lambda: not journals() and list((home / "runs").glob("*.json")))
    (path,) = (home / "runs").glob("*.json")
    return load(path)


def test_a_headless_run_is_seen_to_grow_is_left_alone_by_q_and_stopped_by_x(
    tmp_path: Path, model: str, go: Path, home: Path
) -> None:
    with (tmp_path / "err").open("wb") as noise:
        headless = subprocess.Popen(
            [*START, *HEADLESS, model],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=noise,
            env=environment({}),
        )
    wait(lambda: any(map(going_on, journals())))
    (journal,) = journals()
    with Terminal(lrtui_argv("attach"), tmp_path) as app:
        app.wait_for(rf"● 6/{STEPS}", "leave; it goes on in")
        go.touch()
        app.wait_for(rf"● ([7-9]|\d\d+)/{STEPS}")
        app.press("q")
        assert app.wait_for_exit() == 0
        app.wait_for(f"lrtui attach {journal.stem}")
    assert headless.poll() is None
    assert going_on(journal)
    with Terminal(lrtui_argv("attach", journal.stem[:20].lower()), tmp_path) as app:
        app.wait_for(rf"● \d+/{STEPS}")
        app.press("x")
        app.wait_for("■ stopped|ended early")
        app.press("q")
        assert app.wait_for_exit() == 0
    assert headless.wait(60) in (0, 3)
    record = the_record(home)
    assert record.status == "stopped"
    assert record.reason.startswith("stopped by the user after ")
    assert 0 < len(record.history.lr) < int(STEPS)
    assert not control_path(record.id).exists()


def test_a_detached_run_outlives_its_terminal_and_is_found_by_attach(
    tmp_path: Path, model: str, go: Path, home: Path
) -> None:
    command = " ".join([*START, *HEADLESS, model, "--detach", "--stability"])
    with Terminal(["sh", "-c", f"{command}; echo code $?; cat"], tmp_path) as shell:
        text = shell.wait_for("code 0")
        (run_id,) = re.findall(r"^(\w{26})$", text, re.MULTILINE)
        assert f"lrtui attach {run_id}" in text
        os.killpg(shell.process.pid, signal.SIGHUP)
        shell.wait_for_exit()
    (journal,) = journals()
    assert journal.stem == run_id
    assert going_on(journal)
    owner = control.owner(control_path(run_id))
    assert owner is not None
    go.touch()
    with Terminal(lrtui_argv("attach"), tmp_path) as app:
        app.wait_for(rf"● \d+/{STEPS}")
        app.press("x")
        app.wait_for("■ stopped|ended early")
        app.press("q")
        assert app.wait_for_exit() == 0
    wait(lambda: not is_alive(owner.pid))
    record = the_record(home)
    assert record.status == "stopped"
    assert record.measured == []  # a check that was asked for is not begun after a stop
