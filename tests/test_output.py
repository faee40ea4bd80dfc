"""What the user's code printed, read from a log."""

from pathlib import Path

import pytest

from lrtui.output import LAST_LINES, MOST_LINES, Output
from lrtui.output.tail import LONGEST


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "worker.log"
    path.write_text("of the run before\n")
    return path


def add(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_only_what_is_printed_from_now_on_counts(log: Path) -> None:
    output = Output.from_now(str(log))
    assert output.lines() == []
    add(log, "epoch 1\n\nepoch 2\n\n\n")
    assert output.lines() == ["epoch 1", "", "epoch 2"]
    assert Output(str(log)).lines()[0] == "of the run before"


def test_escape_sequences_are_gone_and_a_progress_bar_is_its_last_state(log: Path) -> None:
    output = Output.from_now(str(log))
    add(log, "\x1b[31mred\x1b[0m \x1b]0;title\x07text\n 10%|#\r 20%|##\r")
    assert output.lines() == ["red text", " 20%|##"]


def test_lines_and_letters_are_capped(log: Path) -> None:
    output = Output.from_now(str(log))
    add(log, "".join(f"line {number}\n" for number in range(1000)) + "x" * 10_000)
    lines = output.lines()
    assert len(lines) == MOST_LINES
    assert len(lines[-1]) == LONGEST
    assert lines[-2] == "line 999"
    assert len(output.last_lines()) == LAST_LINES


def test_only_the_end_of_a_long_log_is_read(log: Path) -> None:
    add(log, "x" * 5_000_000 + "\nlast\n")
    assert Output(str(log)).lines(1) == ["last"]


def test_the_dump_of_a_crash_is_no_print_of_the_users(log: Path) -> None:
    output = Output.from_now(str(log))
    add(log, "epoch 1\n\nFatal Python error: Segmentation fault\n\nCurrent thread 0x1:\n")
    assert output.last_lines() == ["epoch 1"]


def test_a_missing_log_has_no_lines(tmp_path: Path) -> None:
    assert Output.from_now(str(tmp_path / "none")).lines() == []
    assert Output().last_lines() == []
