"""What the app costs a run, and how soon it answers a key.

    python -m tests.bench.app [--rounds 5]

It measures in a pseudo-terminal of 100x30: the app as a person starts it, its worker, and the
sample CNN on the digits.

Speed: `lrtui run` and the app, its chart on screen, run the same spec in turns. All iterations run,
because the rates stay far below divergence; torch has one thread; the seed is the default. Speed is
iterations a second, once by the record's own `seconds`, which include building the model and the
data, and once of the steps alone, by their times in the journal. The ratio is the median over
neighbouring runs. The last row is the processor time that the front end took.

Keys: a heavier CNN trains on as many threads as there are cores. `s` activates the start boundary,
then arrows move it a column each, at irregular intervals. A time is from writing the key to the
arrival of the bytes with which the screen shows the boundary's new value and its whole line in the
new column. Then `x` stops the run, and the same keys move the same boundary beside an idle worker.

Nothing is asserted: tables are printed. Other processes on the machine influence the figures: see
the load that is printed.
"""

import argparse
import contextlib
import itertools
import os
import random
import re
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from lrtui.events import Step, decode
from lrtui.runs.store import load
from tests.bench.screen import ROOT, cpu_seconds
from tests.terminal.terminal import Terminal, lrtui_argv

CORES = os.cpu_count() or 1
RATES = ["--start-lr", "1e-7", "--end-lr", "1e-5"]
LIGHT = [*RATES, "--num-iter", "5000"]
HEAVY = [*RATES, "--num-iter", "2000", "--batch-size", "256", "--set", "model.width=32"]
PRESSES = 120
WARM_UP = 100  # steps that are left out


class Speed(NamedTuple):
    """The speed of one run."""

    by_record: float  # iterations a second, by the record's own seconds
    steps_alone: float  # iterations a second, between steps
    front_end: float  # cores that the front end used, 1.0 for a whole one


def environment(home: Path, threads: int) -> dict[str, str]:
    """An empty home for lrtui, and a number of threads for torch."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LRTUI_HOME": str(home),
        "OMP_NUM_THREADS": str(threads),
    }


def run_command(home: Path) -> Speed:
    """The run by `lrtui run`."""
    argv, quiet = lrtui_argv("run", *LIGHT), subprocess.DEVNULL
    command = subprocess.Popen(argv, cwd=home, env=environment(home, 1), stdout=quiet, stderr=quiet)
    try:
        return measured_speed(home, command.pid)
    finally:
        command.wait()


def run_in_app(home: Path) -> Speed:
    """The same run in the app, with its chart."""
    with Terminal(lrtui_argv(*LIGHT), home, environment(home, 1)) as app:
        app.wait_for("SmallCNN")
        app.press("enter")
        return measured_speed(home, app.process.pid)


def measured_speed(home: Path, front_end_pid: int) -> Speed:
    """Follow a run until its record is written."""
    journal = wait_for_file(home, "*.jsonl")
    # open from the first line on: the journal is deleted as soon as the record is written
    with journal.open("rb") as lines:
        began, used = time.perf_counter(), cpu_seconds(front_end_pid)
        record = load(wait_for_file(home, "*.json"))
        front_end = (cpu_seconds(front_end_pid) - used) / (time.perf_counter() - began)
        events = [decode(line) for line in lines]
    step_times = [event.seconds for event in events if isinstance(event, Step)]
    assert record.status == "completed", record.reason
    assert len(step_times) == len(record.history.lr)
    timed_seconds = step_times[-1] - step_times[WARM_UP - 1]
    return Speed(
        by_record=len(step_times) / record.seconds,
        steps_alone=(len(step_times) - WARM_UP) / timed_seconds,
        front_end=front_end,
    )


def wait_for_file(home: Path, pattern: str, seconds: float = 300) -> Path:
    """The first file among the runs that matches a pattern, as soon as it exists."""
    end = time.monotonic() + seconds
    while True:
        paths = sorted(home.glob(f"runs/{pattern}"))
        if paths:
            return paths[0]
        assert time.monotonic() < end, f"no {pattern} within {seconds:g} s: see {home}/logs"
        time.sleep(0.05)


def compare_speeds(rounds: int) -> None:
    """Measure both in turns, the order reversed in every second round, and print a table."""
    command: list[Speed] = []
    app: list[Speed] = []
    for number in range(rounds):
        contenders = [(run_command, command), (run_in_app, app)]
        if number % 2:
            contenders.reverse()
        for contender, speeds in contenders:
            with tempfile.TemporaryDirectory() as home:
                speeds.append(contender(Path(home)))
    print(f"{'iterations a second':24}{'lrtui run':>10}{'the app':>10}{'ratio':>8}   of each round")
    print_speeds(
        "by the record's seconds",
        [speed.by_record for speed in command],
        [speed.by_record for speed in app],
    )
    print_speeds(
        "of the steps alone",
        [speed.steps_alone for speed in command],
        [speed.steps_alone for speed in app],
    )
    command_share = statistics.median(speed.front_end for speed in command)
    app_share = statistics.median(speed.front_end for speed in app)
    print(f"{'front end, of one core':24}{command_share:10.1%}{app_share:10.1%}")


def print_speeds(label: str, command: Sequence[float], app: Sequence[float]) -> None:
    """Print one row: both medians, the median ratio, and the ratio of each round."""
    ratios = [mine / yours for mine, yours in zip(app, command, strict=True)]
    medians = f"{statistics.median(command):10.1f}{statistics.median(app):10.1f}"
    each = " ".join(f"{ratio:.3f}" for ratio in ratios)
    print(f"{label:24}{medians}{statistics.median(ratios):8.3f}   {each}")


class Boundary(NamedTuple):
    """The active boundary as the screen shows it: its value, and the columns of its line."""

    value: str
    columns: frozenset[int]


class BoundaryTerminal(Terminal):
    """A terminal that records when the active boundary is completely drawn in a new column."""

    def __init__(self, argv: list[str], cwd: Path, env: Mapping[str, str]) -> None:
        self.moved = threading.Event()
        self.moved_at = 0.0
        self.boundary = Boundary("", frozenset())
        super().__init__(argv, cwd, env)

    def _take(self, data: bytes) -> None:
        arrived = time.perf_counter()
        super()._take(data)
        with self._lock:
            now = active_boundary(self.screen.display)
        before = self.boundary
        is_whole = len(now.columns) == 1
        if is_whole and now.value != before.value and now.columns != before.columns:
            self.boundary, self.moved_at = now, arrived
            self.moved.set()

    def time_key(self, key: str) -> float:
        """Milliseconds from a key to the boundary in its new column."""
        self.moved.clear()
        pressed = time.perf_counter()
        self.press(key)
        assert self.moved.wait(10), f"{key} moved nothing on\n{self.text}"
        return (self.moved_at - pressed) * 1000


def active_boundary(rows: Sequence[str]) -> Boundary:
    """The active boundary on a screen; its line has more than one column while it is redrawn."""
    value = ""
    columns = set()
    for row in rows:
        if match := re.search(r"▸ (\d\.\d\de[+-]\d\d)", row):
            value = match[1]
        if "┃" in row:
            columns.add(row.index("┃"))
    return Boundary(value, frozenset(columns))


@contextlib.contextmanager
def training(home: Path) -> Iterator[BoundaryTerminal]:
    """The app during a heavy run, with the start boundary active and some columns off the edge."""
    with BoundaryTerminal(lrtui_argv(*HEAVY), home, environment(home, CORES)) as app:
        app.wait_for("SmallCNN")
        app.press("enter")
        app.wait_for(r"● [1-9]\d*/")
        app.press("s", "shift+right", "right")
        time.sleep(1)  # until all of it is drawn and the slow first frames are over
        yield app


def press_keys(app: BoundaryTerminal) -> list[float]:
    """Move the boundary to and fro, at intervals that no frame of the app can fall in step with."""
    there_and_back = itertools.cycle(["right"] * 10 + ["left"] * 10)
    milliseconds = []
    for key in itertools.islice(there_and_back, PRESSES):
        time.sleep(random.uniform(0.1, 0.5))
        milliseconds.append(app.time_key(key))
    return milliseconds


def time_keys() -> None:
    """Time keys beside a worker on every core, then beside the same worker when it is idle."""
    print(f"{'key to paint, ms':24}{'median':>8}{'p95':>8}{'max':>8}   cores busy, of {CORES}")
    with tempfile.TemporaryDirectory() as home, training(Path(home)) as app:
        for label in ("worker on every core", "worker at rest"):
            began, busy = time.perf_counter(), busy_seconds()
            milliseconds = press_keys(app)
            cores = (busy_seconds() - busy) / (time.perf_counter() - began)
            median = statistics.median(milliseconds)
            p95 = statistics.quantiles(milliseconds, n=20)[-1]
            longest = max(milliseconds)
            print(f"{label:24}{median:8.1f}{p95:8.1f}{longest:8.1f}   {cores:.2f}", flush=True)
            app.press("x")
            app.wait_for("stopped by the user")


def busy_seconds() -> float:
    """Processor time that all processes of the machine have used: user, nice and system."""
    user_nice_system = Path("/proc/stat").read_text().split()[1:4]
    return sum(map(int, user_nice_system)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="pairs of runs to compare speeds over"
    )
    arguments = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.2f} on {CORES} cores", flush=True)
    time_keys()
    compare_speeds(arguments.rounds)


if __name__ == "__main__":
    main()
