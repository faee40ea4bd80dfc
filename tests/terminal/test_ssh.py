"""The app at the other end of a real SSH connection: sshd on loopback, with throw-away keys."""

import os
import shlex
import signal
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrtui.runs.store import going_on, journals, load
from tests.faults.processes import ROOT
from tests.sshd import NAME, Box, sshd
from tests.terminal.terminal import Terminal, lrtui_argv, modes_left_on
from tests.user_modules import module
from tests.waiting import wait

FORM = "⏎ runs"
MLP = ("--model", "sample_models/mlp.py:MLP")
STEPS = 30

pytestmark = pytest.mark.slow


@pytest.fixture
def client(tmp_path: Path) -> Iterator[list[str]]:
    """The `ssh` command for a server of our own; the command to run there comes behind it."""
    with sshd(tmp_path) as server:
        yield ["ssh", "-tt", "-F", str(server.config), NAME]


def app_there(*arguments: str) -> str:
    """The app as the command of a login: nothing of this environment is there."""
    names = ("LRTUI_HOME", "OMP_NUM_THREADS", "PATH")
    there = {name: os.environ[name] for name in names} | {"PYTHONPATH": str(ROOT)}
    environment = " ".join(f"{name}={shlex.quote(value)}" for name, value in there.items())
    return f"cd {ROOT} && exec env {environment} {shlex.join(lrtui_argv(*arguments))}"


def pid_there() -> int:
    """The app at the other end, which no process here has started."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            home = (folder / "environ").read_bytes()
        except OSError:
            continue
        ours = f"LRTUI_HOME={os.environ['LRTUI_HOME']}\0".encode() in home
        if ours and b"lrtui.cli" in words:
            return int(folder.name)
    raise AssertionError("the app does not run")


def test_after_a_clean_end_the_terminal_is_as_it_was(client: list[str], tmp_path: Path) -> None:
    with Terminal([*client, app_there(*MLP, "--num-iter", "30")], tmp_path) as app:
        before = termios.tcgetattr(app.process.fd)
        app.wait_for(FORM)
        app.press("enter")
        app.wait_for("✓ done")
        app.press("q")
        assert app.wait_for_exit() == 0
        assert modes_left_on(bytes(app.written)) == []
        assert termios.tcgetattr(app.process.fd) == before
        assert "record   " in app.text


def test_a_run_goes_on_when_the_connection_is_lost_and_is_found_again(
    client: list[str], home: Path, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    waits = f"while self.calls > 6 and not os.path.exists({str(go)!r}): time.sleep(0.01)"
    arguments = ("--model", module(tmp_path, "waiting", waits), "--num-iter", str(STEPS))
    with Terminal([*client, app_there(*arguments)], tmp_path) as app:
        app.wait_for(FORM)
        app.press("enter")
        app.wait_for("has changed since")
        app.press("enter")
        app.wait_for(rf"● [1-9]\d*/{STEPS}")
        front = pid_there()
        app.signal(signal.SIGKILL)  # the client
        wait(lambda: not Path(f"/proc/{front}").exists())
    (path,) = journals()
    assert going_on(path)
    with Terminal([*client, app_there(*MLP)], tmp_path) as again:
        again.wait_for(FORM, "a run goes on: h shows it")
        again.press("h")
        again.wait_for(rf"running \d+/{STEPS}")
        go.touch()
        again.wait_until_gone("running")
        again.press("q")
        assert again.wait_for_exit() == 0
        assert modes_left_on(bytes(again.written)) == []
    wait(lambda: not journals())
    (record,) = (home / "runs").glob("*.json")
    assert load(record).status == "completed"
    assert len(load(record).history.lr) == STEPS


def test_ssh_asks_before_the_app_takes_the_screen_and_a_lost_connection_is_said_in_it(
    home: Path, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    waits = f"while self.calls > 6 and not os.path.exists({str(go)!r}): time.sleep(0.01)"
    arguments = ("--model", module(tmp_path, "waiting", waits), "--num-iter", str(STEPS))
    with sshd(tmp_path) as server:
        box = Box(server, tmp_path)
        new = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", str(tmp_path / "user")]
        subprocess.run(new, check=True)
        with Terminal(lrtui_argv(*box.flags, *arguments), tmp_path, box.env) as app:
            app.wait_for("Enter passphrase for key")
            app.press("secret", "enter")
            app.wait_for(FORM, "torch .* on box", r"machine +box, through ssh; sent: 1")
            app.press("enter")
            app.wait_for("changed since")
            app.press("enter")
            app.wait_for(rf"● [1-9]\d*/{STEPS}")
            server.cut()
            app.wait_for("the connection to box was lost; the run goes on")
            (journal,) = box.journals()
            assert going_on(journal)
            app.press("q")
            assert app.wait_for_exit() == 0
            assert f"attach {journal.stem}" in "".join(app.text.split("\n"))
        go.touch()
        wait(lambda: not box.journals())
    (record,) = box.records()
    assert load(record).status == "completed"
    assert load(home / "runs" / record.name).status == "interrupted"
