"""`lrtui recover`: journals become records; those of runs in progress are left alone."""

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result

from lrtui.analysis.suggest import suggest
from lrtui.events import Step, encode
from lrtui.runs.store import going_on, journal_path, journals, load, record_path
from lrtui.worker.journal import Journal
from tests.commands.invoking import invoke
from tests.sample import STARTED, run_events, steps
from tests.waiting import wait


def recover() -> Result:
    return invoke("recover")


def cut_off(run_id: str = STARTED.id) -> Path:
    path = journal_path(run_id)
    lines = [encode(STARTED), *map(encode, steps()), b'{"event":"st']
    path.write_bytes(b"".join(lines))
    return path


def test_nothing_to_recover_is_noted_and_is_no_failure() -> None:
    done = recover()
    assert done.exit_code == 0
    assert "nothing to recover" in done.stderr
    assert done.stdout == ""


def test_a_journal_becomes_a_record_with_every_step_and_a_line() -> None:
    cut_off()
    done = recover()
    assert done.exit_code == 0
    assert done.stdout == f"{STARTED.id}  interrupted  4 iterations  {record_path(STARTED.id)}\n"
    assert len(load(record_path(STARTED.id)).history.lr) == 4
    assert journals() == []
    assert "nothing to recover" in recover().stderr


def test_a_record_has_the_answer_that_its_curve_gives() -> None:
    lines = [encode(STARTED)]
    for iteration in range(400):
        lr = 10 ** (-7 + 8 * iteration / 399)
        fall = math.exp(-((math.log10(lr) + 3) ** 2))
        loss = 2.3 + 0.01 * math.sin(7 * iteration) - fall
        seconds = 0.1 * iteration
        step = Step(iteration=iteration, lr=lr, raw_loss=loss, loss=loss, seconds=seconds)
        lines.append(encode(step))
    journal_path(STARTED.id).write_bytes(b"".join(lines))
    recover()
    record = load(record_path(STARTED.id))
    assert record.suggestion is not None
    assert record.suggestion == suggest(record.history.lr, record.history.raw_loss)
    assert record.suggestion.lr is not None
    assert 1e-4 < record.suggestion.lr < 1e-2
    assert record.bounds is not None
    assert record.status == "interrupted"


def test_a_journal_without_a_run_is_exit_code_5_and_the_others_are_recovered() -> None:
    broken = journal_path("01AA")
    broken.write_bytes(b"")
    cut_off()
    done = recover()
    assert done.exit_code == 5
    assert str(broken) in done.stderr
    assert broken.exists()
    assert record_path(STARTED.id).exists()


def test_a_record_that_cannot_be_saved_is_exit_code_5_and_keeps_its_journal() -> None:
    path = cut_off()
    record_path(STARTED.id).mkdir()
    os.utime(path, ns=(2**61, 2**61))  # newer than what is in its place
    done = recover()
    assert done.exit_code == 5
    assert "cannot be saved" in done.stderr
    assert path.exists()


def test_the_journal_of_a_run_in_progress_is_left_alone() -> None:
    path = journal_path(STARTED.id)
    journal = Journal(path)
    for event in run_events()[:3]:
        journal.append(event)
    done = recover()
    assert done.exit_code == 0
    assert "still running" in done.stderr
    assert path.exists()
    assert not record_path(STARTED.id).exists()
    journal.close(discard=False)
    assert recover().stdout.startswith(STARTED.id)


def test_a_run_whose_processes_were_all_killed_is_recovered(home: Path) -> None:
    command = [sys.executable, "-m", "lrtui.cli", "run", "--num-iter", "100000", "--end-lr", "1e-6"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "/100000" in line:
            break
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        pytest.skip("needs /proc to find the worker")
    assert "still running" in recover().stderr
    keepers = [
        int(pid)
        for task in Path(f"/proc/{process.pid}/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]
    process.kill()
    for pid in keepers:  # their workers go with them
        os.killpg(pid, signal.SIGKILL)
    process.communicate(timeout=60)
    (path,) = (home / "runs").glob("*.jsonl")
    wait(lambda: not going_on(path))  # a kill does not wait for the worker's death
    done = recover()
    assert done.exit_code == 0, done.output
    assert load(path.with_suffix(".json")).status == "interrupted"
    assert not path.exists()
