"""A disk that is full for a while in mid-run, then a kill: every step before the kill is kept."""

import os
import resource
import signal
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from lrtui.runs.store import going_on, journals, load, read_journal
from tests.faults.processes import ROOT, START, lrtui
from tests.waiting import wait

LONG = ["run", "--model", "sample_models/mlp.py:MLP", "--num-iter", "100000", "--end-lr", "1e-6"]


def children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def count() -> int:
    """Events in the only journal."""
    paths = journals()
    return len(read_journal(paths[0]).events) if paths else 0


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to find the worker")
def test_a_disk_that_was_full_for_a_while_costs_no_step(home: Path) -> None:
    front = subprocess.Popen(
        [*START, *LONG], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait(lambda: count() > 20)
        (keeper,) = children_of(front.pid)
        (worker,) = children_of(keeper)
        (path,) = journals()
        # in the middle of a line that comes soon: a short write, and then none
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (path.stat().st_size + 5000, -1))
        wait(lambda: path.stat().st_size == full(path))
        before = count()
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (-1, -1))
        wait(lambda: count() > before + 50)
    finally:
        front.kill()
        os.killpg(worker, signal.SIGKILL)
        front.wait()
    wait(lambda: not going_on(path))
    measured = read_journal(path)
    assert measured.skipped == 0
    done = lrtui("recover")
    assert done.returncode == 0, done.stderr
    (record,) = (home / "runs").glob("*.json")
    iterations = load(record).history.lr
    assert len(iterations) == len(measured.events) - 1
    # a hole would show as a leap of the rate
    steps = [high / low for low, high in pairwise(iterations)]
    assert max(steps) < 1.001


def full(path: Path) -> int:
    """The size at which the journal stands still for a moment; -1 while it grows."""
    size = path.stat().st_size
    try:
        wait(lambda: path.stat().st_size != size, seconds=0.5)
    except AssertionError:
        return size
    return -1
