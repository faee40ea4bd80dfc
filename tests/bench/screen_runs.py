"""What the list of runs costs: CPU time until 10, 1,000 and 10,000 records are known.

    python -m tests.bench.screen_runs [10 1000 10000]

"read each" loads every record, as a list without an index has to; "cold" makes the index, "warm"
reads it, "one more" does so after a record was added, each in a process of its own. "ls" is the
whole command, imports included, and the most memory that it takes. Then the runs screen at 100x30:
"first" is from the key to the first rows, "open" to the complete table, with the preview's imports;
the others are single keys, painting included. Nothing is asserted: tables are printed.
"""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from lrtui.record import from_events, new_id, to_json

if TYPE_CHECKING:
    from textual.pilot import Pilot

COUNTS = (10, 1_000, 10_000)
_IMPORTS = (
    "from time import process_time; from lrtui.runs.index import entries; "
    "from lrtui.runs.store import load; "
)
_LIST = "list(entries())"
_READ_EACH = "from lrtui import paths; [load(path) for path in paths.runs().glob('*.json')]"


def fill(home: Path, count: int) -> None:
    """Write records of a run of 300 iterations into a home."""
    from tests.tui.doubles import ANSWERED, whole_run

    record = from_events(whole_run(ANSWERED))
    runs = home / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    for _ in range(count):
        record = msgspec.structs.replace(record, id=new_id())
        (runs / f"{record.id}.json").write_bytes(to_json(record))


def cpu_of(code: str, home: Path) -> float:
    """CPU seconds of some code in a process of its own, imports not counted."""
    timed = f"{_IMPORTS}began = process_time(); {code}; print(process_time() - began)"
    environment = {**os.environ, "LRTUI_HOME": str(home)}
    arguments = [sys.executable, "-c", timed]
    return float(subprocess.check_output(arguments, env=environment, text=True))


def list_times(home: Path) -> tuple[float, ...]:
    """CPU seconds to read each record, to list them without an index, with it, and one more."""
    read_each = cpu_of(_READ_EACH, home)
    cold = cpu_of(_LIST, home)
    warm = min(cpu_of(_LIST, home) for _ in range(3))
    fill(home, 1)
    return read_each, cold, warm, cpu_of(_LIST, home)


def print_lists() -> None:
    """The table of all counts."""
    heads = f"{'read each':>10}  {'cold':>8}  {'warm':>8}  {'one more':>8}  {'ls':>8}"
    print(f"{'records':>8}  {heads}   CPU seconds; MiB of ls")
    for count in counts():
        with TemporaryDirectory() as folder:
            fill(Path(folder), count)
            seconds = list_times(Path(folder))
            ls, mib = ls_cost(Path(folder))
        read_each, *others = seconds
        times = f"{read_each:10.3f}  " + "  ".join(f"{one:8.3f}" for one in (*others, ls))
        print(f"{count:8,}  {times}  {mib:6.0f} MiB", flush=True)


def counts() -> tuple[int, ...]:
    """The numbers of records: those of the command line, if it has some."""
    return tuple(map(int, sys.argv[1:])) or COUNTS


def ls_cost(home: Path) -> tuple[float, float]:
    """CPU seconds and MiB of `lrtui ls`, with the index."""
    environment = {**os.environ, "LRTUI_HOME": str(home)}
    command = [sys.executable, "-m", "lrtui.cli", "ls"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


async def screen_times() -> tuple[float, ...]:
    """CPU milliseconds until there are rows, all of them, of an arrow key, a letter and a page."""
    from lrtui.spec import RunSpec
    from lrtui.tui.app import LrtuiApp
    from lrtui.tui.history.opening import open_history
    from lrtui.tui.history.screen import HistoryScreen
    from tests.tui.doubles import FakeSession

    app = LrtuiApp(RunSpec(), FakeSession())
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause(1.0)
        began = time.process_time()
        open_history(app)
        while not (isinstance(app.screen, HistoryScreen) and len(app.screen.model.shown)):
            await pilot.pause(0.01)
        first = time.process_time() - began
        while not app.screen.model.runs.complete:
            await pilot.pause(0.01)
        opened = time.process_time() - began
        await pilot.pause(2.0)
        arrow = await key_time(pilot, ["down"] * 20)
        page = await key_time(pilot, ["pagedown"] * 20)
        await pilot.press("slash")
        letter = await key_time(pilot, list("adamw smallcnn 64"))
    return first * 1000, opened * 1000, arrow, letter, page


async def key_time(pilot: "Pilot[None]", keys: list[str]) -> float:
    """CPU milliseconds of one of these keys, painting included; the preview is loaded once."""
    began = time.process_time()
    for key in keys:
        await pilot.press("space" if key == " " else key)
    return 1000 * (time.process_time() - began) / len(keys)


def print_screens() -> None:
    """The table of the runs screen."""
    heads = "  ".join(f"{head:>8}" for head in ("first", "open", "arrow", "letter", "page"))
    print(f"{'records':>8}  {heads}   CPU ms")
    for count in counts():
        with TemporaryDirectory() as folder:
            fill(Path(folder), count)
            cpu_of(_LIST, Path(folder))
            os.environ["LRTUI_HOME"] = folder
            times = asyncio.run(screen_times())
        print(f"{count:8,}  " + "  ".join(f"{one:8.1f}" for one in times))


def main() -> None:
    """Print all tables."""
    print(time.strftime("%Y-%m-%d"), f"load {os.getloadavg()[0]:.1f}")
    print_lists()
    print_screens()


if __name__ == "__main__":
    main()
