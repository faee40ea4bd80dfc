"""What the app costs a run, and how soon it answers a key beside one: `python -m tests.bench.app [--rounds 5]`.

The real thing in a pseudo-terminal of 100x30: the app as a person starts it, its worker, the sample CNN on the digits.

Speed: the same spec (every iteration runs: the rates stay far below divergence; one thread; the seed is the default)
by `lrtui run` and in the app, its chart on screen, in turns. A run's speed is its iterations a second, first as the
record's own `seconds` tell, which include the building of model and data, then of the steps alone, as the journal
dates them. The ratio is the median over neighbouring runs. Beside it, the processor time that the front end took.

Keys: a heavier CNN trains on as many threads as there are cores. `s` takes the start boundary in hand, then arrows
move it a column each, at irregular moments. A time is from writing the key to the arrival of the bytes with which the
screen shows the boundary's new value and the whole of its line in the new column. Then `x` stops the run, and the same
keys move the same boundary on the same screen beside a worker that does nothing.

Nothing is asserted: tables are printed. What else the machine does is in the figures: see the load that is printed.
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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from lrtui.events import Step, decode
from lrtui.runs.store import load
from tests.bench.screen import ROOT, cpu_seconds
from tests.terminal.terminal import Terminal, lrtui

CORES = os.cpu_count() or 1
RATES = ["--start-lr", "1e-7", "--end-lr", "1e-5"]
LIGHT = [*RATES, "--num-iter", "5000"]
HEAVY = [*RATES, "--num-iter", "2000", "--batch-size", "256", "--set", "model.width=32"]
PRESSES = 120
WARM_UP = 100  # steps that are left out


class Speed(NamedTuple):
    """One run: iterations a second by the record, of the steps alone; what share of a core the front end took."""

    whole: float
    steps: float
    front_end: float


def environment(home: Path, threads: int) -> dict[str, str]:
    """A home of its own, and so many threads for torch."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "LRTUI_HOME": str(home),
        "OMP_NUM_THREADS": str(threads),
    }


def headless(home: Path) -> Speed:
    """The run by the command."""
    argv, quiet = lrtui("run", *LIGHT), subprocess.DEVNULL
    command = subprocess.Popen(argv, cwd=home, env=environment(home, 1), stdout=quiet, stderr=quiet)
    try:
        return followed(home, command.pid)
    finally:
        command.wait()


def in_the_app(home: Path) -> Speed:
    """The same run in the app, chart and all."""
    with Terminal(lrtui(*LIGHT), home, environment(home, 1)) as app:
        app.wait_for("SmallCNN")
        app.press("enter")
        return followed(home, app.process.pid)


def followed(home: Path, front_end: int) -> Speed:
    """Wait for a run's record. The journal goes when it is written, so it is held open from its first line on."""
    journal = awaited(home, "*.jsonl")
    with journal.open("rb") as lines:
        began, used = time.perf_counter(), cpu_seconds(front_end)
        record = load(awaited(home, "*.json"))
        share = (cpu_seconds(front_end) - used) / (time.perf_counter() - began)
        events = [decode(line) for line in lines]
    steps = [event.seconds for event in events if isinstance(event, Step)]
    assert record.status == "completed", record.reason
    assert len(steps) == len(record.history.lr)
    return Speed(
        len(steps) / record.seconds,
        (len(steps) - WARM_UP) / (steps[-1] - steps[WARM_UP - 1]),
        share,
    )


def awaited(home: Path, pattern: str, seconds: float = 300) -> Path:
    """The first file of that kind among the runs, as soon as there is one."""
    end = time.monotonic() + seconds
    while not (found := sorted(home.glob(f"runs/{pattern}"))):
        assert time.monotonic() < end, f"no {pattern} within {seconds:g} s: see {home}/logs"
        time.sleep(0.05)
    return found[0]


def compare_speeds(rounds: int) -> None:
    """Both in turns, in changing order."""
    speeds: dict[Callable[[Path], Speed], list[Speed]] = {headless: [], in_the_app: []}
    for number in range(rounds):
        for contender in list(speeds)[:: -1 if number % 2 else 1]:
            with tempfile.TemporaryDirectory() as home:
                speeds[contender].append(contender(Path(home)))
    plain, app = speeds.values()
    print(f"{'iterations a second':24}{'lrtui run':>10}{'the app':>10}{'ratio':>8}   of each round")
    for field, words in (("whole", "by the record's seconds"), ("steps", "of the steps alone")):
        pairs = [
            (getattr(mine, field), getattr(yours, field))
            for mine, yours in zip(plain, app, strict=True)
        ]
        ratios = [yours / mine for mine, yours in pairs]
        medians = "".join(
            f"{statistics.median(column):10.1f}" for column in zip(*pairs, strict=True)
        )
        each = " ".join(f"{ratio:.3f}" for ratio in ratios)
        print(f"{words:24}{medians}{statistics.median(ratios):8.3f}   {each}")
    shares = "".join(
        f"{statistics.median(one.front_end for one in runs):10.1%}" for runs in (plain, app)
    )
    print(f"{'front end, of one core':24}{shares}")


class Boundary(NamedTuple):
    """The boundary in hand as the screen shows it: its value, and the columns that its line is drawn in."""

    value: str
    columns: frozenset[int]


class Watched(Terminal):
    """A terminal that says when its boundary has come to rest in another place."""

    at = Boundary("", frozenset())
    moved_at = 0.0

    def __init__(self, *args: object, **kwargs: object) -> None:
        self.moved = threading.Event()
        super().__init__(*args, **kwargs)

    def _take(self, data: bytes) -> None:
        arrived = time.perf_counter()
        super()._take(data)
        with self._lock:
            now = boundary(self.screen.display)
        if now.value != self.at.value and len(now.columns) == 1 and now.columns != self.at.columns:
            self.at, self.moved_at = now, arrived
            self.moved.set()

    def time_key(self, key: str) -> float:
        """Milliseconds from a key to the boundary in its new place."""
        self.moved.clear()
        pressed = time.perf_counter()
        self.press(key)
        assert self.moved.wait(10), f"{key} moved nothing on\n{self.text}"
        return (self.moved_at - pressed) * 1000


def boundary(rows: list[str]) -> Boundary:
    """Where the boundary in hand is."""
    values = [match[1] for row in rows if (match := re.search(r"▸ (\d\.\d\de[+-]\d\d)", row))]
    return Boundary("".join(values), frozenset(x for row in rows if (x := row.find("┃")) >= 0))


@contextlib.contextmanager
def training(home: Path) -> Iterator[Watched]:
    """The app with a heavy run going on, the start boundary in hand and some columns from the edge."""
    with Watched(lrtui(*HEAVY), home, environment(home, CORES)) as app:
        app.wait_for("SmallCNN")
        app.press("enter")
        app.wait_for(r"● [1-9]\d*/")
        app.press("s", "shift+right", "right")
        time.sleep(1)  # all of it is drawn, and the first frames are behind
        yield app


def press_keys(app: Watched) -> list[float]:
    """Move the boundary to and fro at irregular intervals, which no frame of the app can fall in step with."""
    there_and_back = itertools.cycle(["right"] * 10 + ["left"] * 10)
    took = []
    for key in itertools.islice(there_and_back, PRESSES):
        time.sleep(random.uniform(0.1, 0.5))
        took.append(app.time_key(key))
    return took


def time_keys() -> None:
    """Beside a worker on every core, then beside the same worker at rest."""
    print(f"{'key to paint, ms':24}{'median':>8}{'p95':>8}{'max':>8}   cores busy, of {CORES}")
    with tempfile.TemporaryDirectory() as home, training(Path(home)) as app:
        for words in ("worker on every core", "worker at rest"):
            began, busy = time.perf_counter(), busy_seconds()
            took = sorted(press_keys(app))
            cores = (busy_seconds() - busy) / (time.perf_counter() - began)
            p95 = statistics.quantiles(took, n=20)[-1]
            print(
                f"{words:24}{statistics.median(took):8.1f}{p95:8.1f}{took[-1]:8.1f}   {cores:.2f}",
                flush=True,
            )
            app.press("x")
            app.wait_for("stopped by the user")


def busy_seconds() -> float:
    """Processor time that the whole machine has spent, whoever for: user, nice and system."""
    return sum(map(int, Path("/proc/stat").read_text().split()[1:4])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="pairs of runs that the speeds are compared over"
    )
    chosen = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.2f} on {CORES} cores", flush=True)
    time_keys()
    compare_speeds(chosen.rounds)


if __name__ == "__main__":
    main()
