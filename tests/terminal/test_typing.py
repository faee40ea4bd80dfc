"""Keys that are typed faster than the screens change take effect in their order."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.tui.terminal_child
from lrtui.runs.store import load
from tests.terminal.terminal import CLEAR_INPUT, Terminal

CHILD = [sys.executable, tests.tui.terminal_child.__file__, ""]
SEQUENCES, AT_ONCE = 60, 20
RIGHT = "\x1b[C"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Terminal]:
    """The run screen after a finished run."""
    with Terminal(CHILD, tmp_path, {"PYTHONPATH": str(Path.cwd())}) as terminal:
        terminal.wait_for("done: all iterations ran")
        yield terminal


@pytest.mark.slow
def test_a_dialog_gets_all_that_was_typed_after_the_key_that_opens_it(
    run: Terminal, tmp_path: Path
) -> None:
    run.press("s")
    for first in range(0, SEQUENCES, AT_ONCE):
        typed = ""
        for number in range(first, first + AT_ONCE):
            step = RIGHT if number < 20 else ""
            typed += f"{step}w{CLEAR_INPUT}{number}.json\r"
        run.press(typed)
    for number in range(SEQUENCES):
        run.wait_for_file(tmp_path / f"{number}.json")
    assert len(list(tmp_path.glob("*.json*"))) == SEQUENCES
    starts = []
    for number in range(SEQUENCES):
        bounds = load(tmp_path / f"{number}.json").bounds
        assert bounds is not None
        starts.append(bounds.start_lr)
    # each of the first twenty moves the boundary a column, before its file is written
    assert starts == sorted(starts)
    assert len(set(starts)) == 20


def test_a_question_is_answered_and_the_next_key_goes_to_the_screen_below(run: Terminal) -> None:
    run.press("?\x1b[B" + "?" * 19 + "i\x1b[Bi" * 20 + "c\x15")
    run.press("1234")
    run.wait_for(r"budget +1234")
    run.press("escape")
    run.wait_until_gone("budget +1234")
    run.press("q")
    assert run.wait_for_exit() == 0
