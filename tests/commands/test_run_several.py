"""`lrtui run` with several specs in one call, its time limit, its signals and its chart."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from ptyprocess import PtyProcess

from lrtui.commands.chart import chart_lines
from lrtui.runs.store import load
from tests.commands.invoking import invoke

LRTUI = [sys.executable, "-m", "lrtui.cli"]
ENDLESS = (
    '[range]\nnum_iter = 1000000\nend_lr = 1e-6\n[model]\ntarget = "sample_models/mlp.py:MLP"\n'
)
GOLDEN = Path("tests/golden/run.json")


@pytest.fixture
def endless(tmp_path: Path) -> str:
    path = tmp_path / "endless.toml"
    path.write_text(ENDLESS)
    return str(path)


@pytest.fixture
def failing(tmp_path: Path) -> str:
    (tmp_path / "net.py").write_text("def Net(): raise ValueError('no net')\n")
    path = tmp_path / "failing.toml"
    path.write_text(f'[model]\ntarget = "{tmp_path}/net.py:Net"\n')
    return str(path)


def test_one_that_fails_does_not_end_the_others_and_the_highest_exit_code_counts(
    home: Path, endless: str, failing: str
) -> None:
    done = subprocess.run(
        [*LRTUI, "run", failing, endless, "--yes", "--quiet", "--max-seconds", "0.2"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4  # the second alone gives 3
    lines = done.stdout.splitlines()
    assert lines[0] == f"spec     {failing}"
    assert lines[1:3] == ["", f"spec     {endless}"]
    assert lines[3].startswith("out of time: 0.2 s allowed")
    assert "no net" in done.stderr
    assert "/1000000" not in done.stderr  # quiet
    assert "digits" not in done.stderr
    statuses = {load(path).status for path in (home / "runs").glob("*.json")}
    assert statuses == {"failed", "stopped"}


def test_slurms_warning_to_every_process_ends_the_run_with_what_it_has(
    home: Path, endless: str
) -> None:
    running = subprocess.Popen(
        [*LRTUI, "run", endless, endless, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    for line in running.stderr:
        if "/1000000" in line:
            break
    for pid in (running.pid, *_descendants(running.pid)):
        os.kill(pid, signal.SIGUSR1)
    stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGUSR1
    (record,) = json.loads(stdout)  # the second has not begun
    assert "(2 of 2)" not in stderr
    assert record["status"] == "stopped"
    assert record["reason"].startswith("stopped by the user after ")
    assert record["suggestion"]["verdict"]
    (path,) = (home / "runs").glob("*.json")
    assert load(path).id == record["id"]


def test_when_one_cannot_be_run_as_asked_none_is(home: Path, endless: str, failing: str) -> None:
    done = invoke("run", endless, failing)
    assert done.exit_code == 2
    assert "net.py; --yes agrees" in done.stderr
    done = invoke("run", endless, endless, "-o", "records.json")
    assert done.exit_code == 2
    assert "-o is for one spec" in done.stderr
    done = invoke("run", endless, f"{endless}.gone", "--yes")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert not list((home / "runs").glob("*.json*"))


def test_the_chart_is_for_terminals_as_wide_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    record = load(GOLDEN)
    for columns, widest in ((200, 75), (50, 49)):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = chart_lines(record)
        assert max(map(len, lines)) <= widest
        assert lines[-1] == ""
        assert any("▴" in line for line in lines)
    monkeypatch.setenv("COLUMNS", "30")
    assert chart_lines(record) == []


def test_on_a_terminal_there_is_a_chart_in_its_characters_and_lines_break_at_spaces() -> None:
    command = [*LRTUI, "show", str(GOLDEN)]
    output = _on_terminal(command, columns=50)
    assert "(trend) over learning rate" in output
    assert "^" in output
    assert output.isascii()
    assert "\x1b" not in output
    answer = output[output.index("done: ") : output.index("code")]
    assert max(map(len, answer.splitlines())) <= 50
    piped = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "(trend)" not in piped.stdout
    assert " ".join(answer.split()) in " ".join(piped.stdout.split()).replace("·", ".")


def test_a_comparison_is_as_wide_as_the_terminal() -> None:
    output = _on_terminal([*LRTUI, "compare", *[str(GOLDEN)] * 5], columns=60)
    heads = [line.split() for line in output.splitlines() if line.startswith(" " * 14)]
    assert heads == [["A", "B", "C"], ["D", "E"]]


def _on_terminal(command: list[str], columns: int) -> str:
    """What a command writes to a terminal that shows ASCII."""
    environment = {**os.environ, "LC_ALL": "C"}
    environment.pop("LINES", None)
    environment.pop("COLUMNS", None)
    shown = PtyProcess.spawn(command, env=environment, dimensions=(24, columns))
    output = b""
    with suppress(EOFError):
        while True:
            output += shown.read()
    return output.decode()


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *_descendants(int(child))]
    return found
