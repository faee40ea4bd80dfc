"""The bar of `range_test`: where it is shown, and what else is printed."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ptyprocess
import pytest

from tests.engine.rigs import finder, loader

SCRIPT = """
from tests.engine.rigs import finder, loader
live = finder()
live.verbose = True
live.range_test(loader(), num_iter=300, end_lr=1e-3)
print("now quiet")
live.verbose = False
live.range_test(loader(), num_iter=300, end_lr=1e-3)
"""
FINISHED = (
    "Learning rate search finished: all 300 iterations ran. See the graph with LRFinder.plot()"
)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
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


def test_a_terminal_shows_a_bar_with_rate_and_loss_and_the_lines_of_before_unless_quiet(
    script: Path,
) -> None:
    shown, _, quiet = on_a_terminal(script).replace("\r\n", "\n").partition("now quiet\n")
    assert "range test" in shown
    assert "/300" in shown
    lines = [line.rpartition("\r")[2] for line in shown.split("\n")]
    assert FINISHED in lines
    assert quiet == ""


@pytest.mark.slow
def test_without_a_terminal_there_is_no_bar_and_the_lines_are_those_of_before(script: Path) -> None:
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-2:] == [FINISHED, "now quiet"]


def test_only_the_first_of_several_ranks_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    @contextmanager
    def seen(steps: Iterable[Any], total: int, *, wanted: bool) -> Iterator[Iterable[Any]]:
        asked.append(wanted)
        yield steps

    monkeypatch.setattr("lrtui.finder.lr_finder.progress", seen)
    for is_first in (True, False):
        live = finder()
        live.verbose = True
        monkeypatch.setattr(type(live), "_is_first", is_first)
        live.range_test(loader(), num_iter=5, end_lr=1e-3)
    assert asked == [True, False]
