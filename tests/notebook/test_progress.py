"""The bar of `range_test`: where it is shown, and what else is printed."""

import subprocess
import sys
from pathlib import Path

import ptyprocess
import pytest

SCRIPT = """
from tests.engine.rigs import finder, loader
live = finder()
live.verbose = {verbose}
live.range_test(loader(), num_iter=300, end_lr=1e-3)
"""
FINISHED = (
    "Learning rate search finished: all 300 iterations ran. See the graph with LRFinder.plot()"
)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.format(verbose=True))
    return path


def on_a_terminal(script: Path) -> str:
    terminal = ptyprocess.PtyProcessUnicode.spawn([sys.executable, str(script)])
    shown = []
    while True:
        try:
            shown.append(terminal.read())
        except EOFError:
            terminal.wait()
            return "".join(shown)


def test_a_terminal_shows_a_bar_with_rate_and_loss_and_the_lines_of_before(script: Path) -> None:
    shown = on_a_terminal(script)
    assert "range test:" in shown
    assert "/300" in shown
    lines = [line.rpartition("\r")[2] for line in shown.replace("\r\n", "\n").split("\n")]
    assert FINISHED in lines


@pytest.mark.slow
def test_a_quiet_test_shows_nothing_on_a_terminal(script: Path) -> None:
    script.write_text(SCRIPT.format(verbose=False))
    assert on_a_terminal(script) == ""


@pytest.mark.slow
def test_without_a_terminal_there_is_no_bar_and_the_lines_are_those_of_before(script: Path) -> None:
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == FINISHED
