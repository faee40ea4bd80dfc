"""What large runs cost: many repeats, a million points, a file of 3 GiB.

    python -m tests.bench.large

CPU time of the screen's model (without Textual) in a test of 48 repeats of 400 iterations, four
repeats at a time, where 4.5 polls a second see 100 new points each: the share of a core. Then time
and memory of whole runs and files, each in a process of its own. Nothing is asserted: a table is
printed.
"""

import math
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from lrtui.events import Event, Step
from lrtui.spec import RangeSpec, RunSpec
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.pictures import run_picture
from tests.tui.doubles import FakeDriver, started

POLLS_A_SECOND = 4.5
POINTS_A_POLL = 100
TOGETHER = 4
SHOWN = (4, 12, 24, 48)  # the last one of some repeats together


def share_of_a_core(num_iter: int = 400, repeats: int = 48) -> Iterator[tuple[int, float]]:
    """The repeat, and the share of a core that the model took up to it; polls are in real time.

    Repeats that are not shown are polled without a pause.
    """
    spec = RunSpec(range=RangeSpec(num_iter=num_iter, repeats=repeats))
    driver = FakeDriver([started(spec, momentum=0.9)])
    model = RunModel(driver, spec)
    model.start()
    for last in range(TOGETHER, repeats + 1, TOGETHER):
        pause = 1 / POLLS_A_SECOND if last in SHOWN else 0.0
        points: list[Step] = []
        for repeat in range(last - TOGETHER, last):
            points += steps(spec, repeat)
        began, used = time.monotonic(), time.process_time()
        for first in range(0, len(points), POINTS_A_POLL):
            driver.events += points[first : first + POINTS_A_POLL]
            model.poll()
            run_picture(model)
            time.sleep(pause)
        if last in SHOWN:
            yield last, (time.process_time() - used) / (time.monotonic() - began)


def steps(spec: RunSpec, repeat: int) -> Iterator[Step]:
    """A curve with a valley, and noise."""
    test, draw = spec.range, random.Random(repeat)
    decades = math.log10(test.end_lr / test.start_lr)
    for iteration in range(test.num_iter):
        lr = test.start_lr * 10 ** (decades * iteration / (test.num_iter - 1))
        fall = 1.5 / (1 + math.exp(-3 * (math.log10(lr) + 3)))
        loss = 2.3 - fall + 2 * max(0.0, math.log10(lr) + 0.5) + draw.gauss(0, 0.05)
        yield Step(
            iteration=iteration,
            repeat=repeat,
            lr=lr,
            raw_loss=loss,
            loss=loss,
            seconds=1e-3 * (repeat * test.num_iter + iteration + 1),
        )


def whole(num_iter: int, repeats: int) -> None:
    """Take in all points of a run, draw it, make its record and show that."""
    from lrtui.commands.answer import summary
    from lrtui.events import Ended
    from lrtui.record import from_events, from_json, to_json
    from lrtui.runs.curves import with_answer

    spec = RunSpec(range=RangeSpec(num_iter=num_iter, repeats=repeats))
    events: list[Event] = [started(spec, momentum=0.9)]
    for repeat in range(repeats):
        events += steps(spec, repeat)
    events.append(Ended(status="completed", reason="all ran", seconds=1.0))
    _row("points made", time.process_time())
    began = time.process_time()
    model = RunModel(FakeDriver(events), spec)
    while model.poll():
        pass
    run_picture(model)
    _row("on the screen", time.process_time() - began)
    began = time.process_time()
    record = from_json(to_json(from_events(events)))
    _row("its record, written and read", time.process_time() - began)
    began = time.process_time()
    list(summary(with_answer(record), ""))
    _row("its answer", time.process_time() - began)


def file_of(gib: int) -> None:
    """Give `lrtui show` a file that is too large."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.json"
        with path.open("wb") as file:
            file.truncate(gib << 30)
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "lrtui.cli", "show", str(path)],
            capture_output=True,
            check=False,
            text=True,
        )
        print(f"{'':4}{time.monotonic() - began:7.1f} s  exit {done.returncode}: {done.stderr}")


def _row(what: str, seconds: float) -> None:
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'':4}{seconds:7.1f} s  {mib:7.0f} MiB at most  {what}", flush=True)


def main() -> None:
    """Print the table."""
    if len(sys.argv) > 1:
        whole(int(sys.argv[1]), int(sys.argv[2]))
        return
    print("the share of a core that the screen takes, 400 iterations a repeat")
    for repeat, share in share_of_a_core():
        print(f"{'':4}{share:7.1%}  up to repeat {repeat} of 48", flush=True)
    for num_iter, repeats in ((10_000, 64), (1_000_000, 1)):
        print(f"{num_iter:,} iterations, {repeats} repeats", flush=True)
        subprocess.run(
            [sys.executable, "-m", "tests.bench.large", str(num_iter), str(repeats)], check=False
        )
    print("`lrtui show` on a file of 3 GiB")
    file_of(3)


if __name__ == "__main__":
    main()
