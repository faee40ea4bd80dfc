"""However a front end goes: no worker that hangs, and nothing that it started, is left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.processes import ROOT, START, catches, is_alive
from tests.terminal.terminal import Terminal, lrtui_argv
from tests.user_modules import module
from tests.waiting import wait

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper and /proc")

# what a worker has to end its run by itself, from SIGTERM to SIGKILL, and a busy machine's delay
SECONDS = 5 + 2 + 20

CHILDREN = """
import ctypes, subprocess
sleep = ["sleep", "600"]
pids = [
    os.getpid(),
    subprocess.Popen(sleep).pid,
    subprocess.Popen(sleep, start_new_session=True).pid,
    subprocess.Popen(["nohup", *sleep], start_new_session=True).pid,
]
daemon = "import os, time\\nif os.fork(): os._exit(0)\\nos.setsid(); print(os.getpid(), flush=True)"
daemon += "\\ntime.sleep(600)"
with subprocess.Popen([sys.executable, "-S", "-c", daemon], stdout=subprocess.PIPE) as starter:
    pids.append(int(starter.stdout.readline()))
    starter.stdout = None
with open({pids!r}, "w") as file:
    file.write(" ".join(map(str, pids)))
"""
HOLDS_THE_GIL = "if self.calls > 6: open({hangs!r}, 'w').close(); ctypes.PyDLL(None).sleep(600)"


@pytest.fixture
def pids(tmp_path: Path) -> Path:
    """Where the model writes the ids of its worker and of its children."""
    return tmp_path / "pids"


@pytest.fixture
def model(tmp_path: Path, pids: Path) -> str:
    body = HOLDS_THE_GIL.format(hangs=str(pids.with_name("hangs")))
    return module(tmp_path, "parent", body, CHILDREN.format(pids=str(pids)))


def hangs(pids: Path) -> list[int]:
    """Wait until the worker holds the GIL; the processes that must not be left behind."""
    wait(pids.with_name("hangs").exists)
    found = [int(pid) for pid in pids.read_text().split()]
    assert all(map(is_alive, found))
    return found


def nothing_is_left(found: list[int]) -> None:
    wait(lambda: not any(map(is_alive, found)), SECONDS)


def leave_with_q(app: Terminal) -> None:
    app.press("q")
    app.wait_for("leave lrtui")
    app.press("enter")


EXITS: list[tuple[str, int, Callable[[Terminal], None]]] = [
    ("q", 0, leave_with_q),
    ("SIGTERM", 128 + signal.SIGTERM, lambda app: app.signal(signal.SIGTERM)),
    ("SIGHUP", 128 + signal.SIGHUP, lambda app: app.signal(signal.SIGHUP)),
    ("SIGKILL", 128 + signal.SIGKILL, lambda app: app.signal(signal.SIGKILL)),
]
FIRST, *OTHERS = EXITS


@pytest.mark.parametrize(
    ("name", "code", "leave"),
    [FIRST, *(pytest.param(*other, marks=pytest.mark.slow) for other in OTHERS)],
)
def test_the_app_leaves_no_process_behind(
    tmp_path: Path,
    model: str,
    pids: Path,
    name: str,
    code: int,
    leave: Callable[[Terminal], None],
) -> None:
    arguments = lrtui_argv("--model", model, "--num-iter", "100", "--on-hangup", "stop")
    with Terminal(arguments, tmp_path) as app:
        app.wait_for("⏎ runs")
        app.press("enter")
        app.wait_for("has changed since")
        app.press("enter")
        found = hangs(pids)
        leave(app)
        assert app.wait_for_exit() == code
        nothing_is_left(found)


@pytest.mark.slow
def test_a_command_that_is_ended_twice_leaves_no_process_behind(model: str, pids: Path) -> None:
    front = subprocess.Popen(
        [*START, "run", "--model", model, "--num-iter", "100"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    found = hangs(pids)
    front.send_signal(signal.SIGINT)
    wait(lambda: not catches(front.pid, signal.SIGINT))
    front.send_signal(signal.SIGINT)
    assert front.wait(60) == -signal.SIGINT
    nothing_is_left(found)
