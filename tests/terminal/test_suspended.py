"""A terminal with a shell: ctrl+z, fg, and stops that the app cannot handle."""

import os
import signal
import termios
from pathlib import Path

from lrtui.runs.store import journals, read_journal
from tests.faults.processes import ROOT
from tests.terminal.terminal import Terminal, lrtui_argv, modes_left_on
from tests.waiting import wait

SHELL = ["bash", "--norc", "--noprofile", "--noediting", "-i"]
MANY = ("--num-iter", "1000000", "--start-lr", "1e-9", "--end-lr", "1e-8")
RUNNING = r"● [1-9]\d*/1000000"
MLP = ("--model", "sample_models/mlp.py:MLP")


def steps() -> int:
    (path,) = journals()
    return len(read_journal(path).events)


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_after_ctrl_z_the_run_goes_on_and_fg_brings_the_app_back(tmp_path: Path) -> None:
    with Terminal(SHELL, ROOT, {"PS1": "shell> "}) as shell:
        shell.wait_for("shell>")
        shell.press(" ".join(lrtui_argv(*MLP, *MANY)), "enter")
        shell.wait_for("⏎ runs")
        shell.press("enter")
        shell.wait_for(RUNNING)
        shell.press("\x1a")
        shell.wait_for(r"Stopped", r"shell>")
        assert modes_left_on(bytes(shell.written)) == []
        before = steps()
        # far more than the pipe between worker and app holds
        wait(lambda: steps() > before + 600)
        shell.press("fg", "enter")
        shell.wait_for(RUNNING, lambda text: "Stopped" not in text)
        shell.press("q")
        shell.wait_for("A run is in progress")
        shell.press("enter")
        shell.wait_for(r"record +\S+", r"shell>")
        assert modes_left_on(bytes(shell.written)) == []


def test_without_a_shell_ctrl_z_stops_nothing(tmp_path: Path) -> None:
    with Terminal(lrtui_argv(), tmp_path) as app:
        app.wait_for("⏎ runs")
        app.press("\x1a")
        app.wait_for("no shell has started lrtui", "⏎ runs")
        app.press("q")
        assert app.wait_for_exit() == 0


def test_a_stop_that_cannot_be_handled_leaves_the_terminals_attributes_alone(
    tmp_path: Path,
) -> None:
    with Terminal(lrtui_argv(), tmp_path) as app:
        before = termios.tcgetattr(app.process.fd)
        app.wait_for("⏎ runs")
        app.signal(signal.SIGSTOP)
        wait(lambda: state(app.process.pid) == "T")
        app.forget()
        os.kill(app.process.pid, signal.SIGCONT)
        app.wait_for("⏎ runs")
        app.press("q")
        assert app.wait_for_exit() == 0
        assert termios.tcgetattr(app.process.fd) == before
        assert modes_left_on(bytes(app.written)) == []
