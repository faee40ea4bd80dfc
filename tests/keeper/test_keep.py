"""The keeper with workers that need no torch: however the front end goes, nothing is left."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lrtui.keeper import control
from lrtui.keeper.lifeline import DETACH, END, KILL, account
from lrtui.keeper.pulse import Hearing
from lrtui.output.log import LOG_VARIABLE, MOST
from tests.faults.processes import is_alive
from tests.waiting import wait

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper and /proc")

KEPT = """
import ctypes, os, signal, subprocess, sys, time
from lrtui.keeper import keep as keeper
keeper._GRACE_SECONDS = 0.3
keeper._TERM_SECONDS = 0.3
{before}
keeper.keep(int(sys.argv[2]), int(sys.argv[1]))
started = []

def child(code, **options):
    started.append(subprocess.Popen([sys.executable, '-S', '-c', code], **options).pid)

def children():
    child('import time; time.sleep(600)')
    child('import time; time.sleep(600)', start_new_session=True)
    child('import os, time\\nif os.fork(): os._exit(0)\\nos.setsid(); time.sleep(600)')
    child('import signal, time\\nsignal.signal(15, signal.SIG_IGN); time.sleep(600)',
          start_new_session=True)

def ready():
    os.write(int(sys.argv[1]), b'ready')
"""
QUICK = "from lrtui.keeper import control\ncontrol._LOOK_SECONDS = 0.02"
HOLD_THE_GIL = "children(); ready(); ctypes.PyDLL(None).sleep(600)"
IGNORE_SIGTERM = "signal.signal(signal.SIGTERM, signal.SIG_IGN); " + HOLD_THE_GIL


class Kept:
    """A keeper and its worker, and the ends of a front end."""

    def __init__(self, body: str, before: str = "") -> None:
        self.messages, messages = os.pipe()
        self.lifeline, lifeline = socket.socketpair()
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                KEPT.format(before=before) + body,
                str(messages),
                str(lifeline.fileno()),
            ],
            pass_fds=(messages, lifeline.fileno()),
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        os.close(messages)
        lifeline.close()
        assert os.read(self.messages, 5) == b"ready"
        self.pids = family(self.process.pid)

    def said(self) -> bytes:
        said = b""
        while data := self.lifeline.recv(1 << 12):
            said += data
        return said

    def ended(self) -> int:
        """The keeper's exit status, once it and all that it kept are gone."""
        status = self.process.wait(20)
        left = [pid for pid in self.pids if is_alive(pid)]
        assert not left, left
        assert self.process.stderr is not None
        self.process.stderr.close()
        os.close(self.messages)
        return status


Start = Callable[..., Kept]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start keepers; they end after the test, also where it fails."""
    started = []

    def start(body: str, before: str = "") -> Kept:
        started.append(Kept(body, before))
        return started[-1]

    yield start
    for kept in started:
        kept.lifeline.close()
        kept.process.terminate()
        kept.process.wait()


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []  # it has ended
    for child in children:
        found += family(int(child))
    return found


@pytest.mark.parametrize("body", [HOLD_THE_GIL, IGNORE_SIGTERM])
@pytest.mark.parametrize("word", [b"", END, KILL])
def test_code_that_holds_the_gil_is_ended_with_its_children(
    start: Start, word: bytes, body: str
) -> None:
    kept = start(body)
    assert len(kept.pids) >= 5
    if word:
        kept.lifeline.send(word)
        said = account(kept.said())
        assert said.done
        assert said.worker in kept.pids
        assert said.left == ()
    kept.lifeline.close()
    ignores = body == IGNORE_SIGTERM or word == KILL
    assert kept.ended() == (-signal.SIGKILL if ignores else -signal.SIGTERM)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("sys.exit(7)", 7),
        ("os._exit(0)", 0),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
        ("os.killpg(0, signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_what_a_worker_leaves_behind_is_ended_and_its_status_passed_on(
    start: Start, tmp_path: Path, end: str, status: int
) -> None:
    go = tmp_path / "go"
    waits = f"children(); ready()\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
    kept = start(waits + end)
    go.touch()
    assert kept.ended() == status


def test_a_worker_that_is_left_to_itself_goes_on_to_its_end(start: Start, tmp_path: Path) -> None:
    go = tmp_path / "go"
    waits = f"children(); ready()\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
    kept = start(waits + "sys.exit(3)")
    kept.lifeline.send(DETACH)
    kept.lifeline.close()
    time.sleep(1)  # more than the grace: it must not end, and there is no state to wait for
    keeper, worker = kept.pids[:2]
    assert is_alive(keeper)
    assert is_alive(worker)
    go.touch()
    assert kept.ended() == 3


def test_a_worker_that_is_left_to_itself_ends_when_its_keeper_is_told_to(start: Start) -> None:
    kept = start(HOLD_THE_GIL)
    kept.lifeline.send(DETACH)
    kept.lifeline.close()
    os.kill(kept.process.pid, signal.SIGTERM)
    assert kept.ended() == -signal.SIGTERM


def test_a_worker_that_is_left_to_itself_and_hangs_is_ended(start: Start) -> None:
    kept = start(HOLD_THE_GIL, "keeper._STILL_SECONDS = 0.5")
    kept.lifeline.send(DETACH)
    kept.lifeline.close()
    assert kept.process.stderr is not None
    said = kept.process.stderr.read()
    assert kept.process.wait(20) == -signal.SIGTERM
    assert b"nothing measured for" in said
    wait(lambda: not any(map(is_alive, kept.pids)))


def test_a_worker_that_is_left_to_itself_and_measures_is_not_ended(start: Start) -> None:
    measures = "PULSE._next = 0.0; PULSE.beat(); time.sleep(0.02)"
    kept = start(
        "from lrtui.keeper.pulse import PULSE\nready()\nend = time.monotonic() + 3\n"
        f"while time.monotonic() < end: {measures}\nsys.exit(3)",
        "keeper._STILL_SECONDS = 1.5",
    )
    kept.lifeline.send(DETACH)
    kept.lifeline.close()
    assert kept.ended() == 3


def test_the_log_of_a_worker_that_is_left_to_itself_stays_small(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, go = tmp_path / "worker.log", tmp_path / "go"
    monkeypatch.setenv(LOG_VARIABLE, str(log))
    kept = start(
        f"ready()\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
        f"with open({str(log)!r}, 'wb') as file: file.write(b'first\\n' + b'x' * 20_000_000)\n"
    )
    kept.lifeline.send(DETACH)
    kept.lifeline.close()
    go.touch()
    assert kept.ended() == 0
    assert log.read_bytes().startswith(b"first\n")
    assert log.stat().st_size <= MOST


def test_a_worker_does_not_outlive_its_keeper(start: Start) -> None:
    kept = start("ready(); ctypes.PyDLL(None).sleep(600)")
    kept.process.kill()
    assert kept.process.wait() == -signal.SIGKILL
    wait(lambda: not any(map(is_alive, kept.pids)))
    said = account(kept.said())
    assert said.worker in kept.pids
    assert not said.done
    kept.ended()


def test_what_cannot_be_reached_is_said_in_the_log_and_to_the_front_end(start: Start) -> None:
    # as it is for a process of another user's
    refuse = "keeper.send = lambda pid, number: 'it belongs to another user'"
    body = "child('import time; time.sleep(600)', start_new_session=True); ready()"
    kept = start(body, before=refuse)
    assert kept.process.wait(20) == 0
    said = account(kept.said())
    (left,) = said.left
    assert "it belongs to another user" in left
    assert kept.process.stderr is not None
    assert left in os.read(kept.process.stderr.fileno(), 1 << 10).decode()
    child = int(left.split()[1])
    assert is_alive(child)
    os.kill(child, signal.SIGKILL)
    kept.process.stderr.close()
    os.close(kept.messages)


CONTROLLED = """
from pathlib import Path
from lrtui.keeper.control import ControlFile
from lrtui.keeper.pulse import PULSE
control = ControlFile(Path({path!r}))
PULSE.beat()
PULSE.open_control(control)
PULSE.beat()
"""


def test_a_worker_learns_that_another_process_stops_its_run(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "run.control"
    asked = "import threading\nasked = threading.Event()\nPULSE.listen(asked.set)\nready()\n"
    ends = "asked.wait()\nPULSE.close_control(control)\nsys.exit(3)"
    kept = start(CONTROLLED.format(path=str(path)) + asked + ends, QUICK)
    owner = control.owner(path)
    assert owner is not None
    assert owner.pid in kept.pids
    control.ask_to_stop(path)
    assert kept.ended() == 3
    assert not path.exists()


def test_a_worker_that_does_not_stop_when_it_is_asked_to_is_ended(
    start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "run.control"
    before = f"{QUICK}\ncontrol._STOP_SECONDS = 0.3"
    kept = start(CONTROLLED.format(path=str(path)) + HOLD_THE_GIL, before)
    control.ask_to_stop(path)
    assert kept.ended() == -signal.SIGTERM


def test_what_a_worker_says_is_taken_apart_wherever_it_is_cut() -> None:
    said = b"..c/home/c.control\n..c\n."
    for cut in range(len(said)):
        hearing = Hearing()
        paths = hearing.paths(said[:cut]) + hearing.paths(said[cut:])
        assert paths == [b"/home/c.control", b""]
