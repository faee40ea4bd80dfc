"""What the chart costs: CPU time of a frame beside plotext's, and bytes while a curve grows.

    python -m tests.bench.screen_chart

Frames are timed in CPU time, so that a busy machine changes little. Bytes are counted in real
pseudo-terminals, at several rates of points. Nothing is asserted: tables are printed.
"""

import math
import os
import pty
import random
import statistics
import struct
import sys
import threading
import time
from collections.abc import Callable
from fcntl import ioctl
from termios import TIOCSWINSZ
from typing import Any

from lrtui.tui.chart.axis import axis_for
from lrtui.tui.chart.glyphs import ROLE_MARKERS
from lrtui.tui.chart.picture import RUN_ROLES, Curve, Picture
from lrtui.tui.chart.plotting import draw
from lrtui.tui.chart.thinning import Thinned
from tests.bench.screen import ROOT, count_for, count_until, end

Size = tuple[int, int]

AXIS = axis_for(1e-7, 10.0, log=True)
SIZES: tuple[Size, ...] = ((100, 30), (200, 50))
SECONDS = 10.0
RATES = (10, 40, 200, 1000)  # points a second
SETTLE = 2.0  # seconds until the first frames are over
BUDGET = 6 * 1024


def loss_at(lr: float) -> float:
    """A textbook curve: falls from 2.4 to 0.5 and blows up."""
    return 2.4 - (1 + math.tanh((math.log10(lr) + 2.5) * 1.5)) + min((lr * 1.5) ** 6, 1e6)


# frames


def main_frames() -> None:
    """Time frames of one long curve and of eight short ones."""
    print("a frame at 100x30, CPU ms (median)       own raster     plotext")
    for count in (1_000, 10_000, 100_000):
        _print_frame(f"{count:,} points, thinned", _long(count))
    _print_frame("8 curves of 400 points", _eight())


def _print_frame(label: str, picture: Picture) -> None:
    own = median_cpu_ms(lambda: draw(picture, 100, 30))
    other = median_cpu_ms(lambda: plotext_frame(picture, 100, 30))
    print(f"  {label:<38} {own:>10.1f}  {other:>10.1f}")


def _long(count: int) -> Picture:
    """So many points as dots, and a trend, which has as many points as the run screen's."""
    noise = random.Random(0)
    dots = Thinned(AXIS)
    for index in range(count):
        lr = AXIS.rate(index / (count - 1))
        dots.add(lr, loss_at(lr) * noise.uniform(0.8, 1.2))
    lrs = [AXIS.rate(index / 511) for index in range(512)]
    return Picture(AXIS, (Curve((lrs, list(map(loss_at, lrs))), "trend", dots),))


def _eight() -> Picture:
    lrs = [AXIS.rate(index / 399) for index in range(400)]
    curves = []
    for index, role in enumerate(RUN_ROLES):
        losses = [loss_at(lr * 10 ** (index / 4 - 1)) for lr in lrs]
        curves.append(Curve((lrs, losses), role, marker=ROLE_MARKERS[role], name=role))
    return Picture(AXIS, tuple(curves), settled=True)


def plotext_frame(picture: Picture, width: int, height: int) -> str:
    """The same lines and dots by plotext, clipped to the same losses."""
    from plotext._figure import _figure_class

    figure: Any = _figure_class()
    figure._limit_size(False, False)
    figure.plotsize(width, height)
    figure.ylim(0, 3)
    for curve in picture.curves:
        if curve.dots is not None:
            columns = curve.dots.columns.values()
            for edge in ("low", "high"):
                points = [(c.position, getattr(c, edge)) for c in columns if getattr(c, edge) < 3]
                xs, ys = zip(*points, strict=True)
                figure.scatter(list(xs), list(ys), marker="braille", color=1)
        points = list(zip(picture.axis.positions(curve.line[0]), curve.line[1], strict=True))
        xs, ys = zip(*[point for point in points if point[1] < 3], strict=True)
        figure.plot(list(xs), list(ys), marker="braille", color=2)
    return str(figure.build())


def median_cpu_ms(work: Callable[[], object], times: int = 15) -> float:
    """The median CPU time of a function, called several times."""
    work()
    milliseconds = []
    for _ in range(times):
        began = time.process_time()
        work()
        milliseconds.append((time.process_time() - began) * 1000)
    return statistics.median(milliseconds)


# bytes


def main_bytes() -> None:
    """Count the bytes a second of the run screen while a curve grows."""
    print(f"\nKiB/s while a curve grows (budget {BUDGET / 1024:g})", end="")
    for width, height in SIZES:
        print(f"  {f'{width}x{height}':>10}", end="")
    print()
    for repeats in (1, 3):
        for rate in RATES:
            print(f"  {rate:>5} points a second, {repeats} repeats".ljust(37), end="")
            for size in SIZES:
                print(f"  {traffic(rate, repeats, size) / 1024:>10.1f}", end="", flush=True)
            print()


def traffic(rate: int, repeats: int, size: Size) -> float:
    """Bytes a second while a curve grows at so many points a second."""
    pid, terminal = _spawn(size, "grow", str(rate), str(repeats))
    count_until(b"GROWS", terminal)
    began = time.monotonic()
    growing = count_until(b"RESTS", terminal)
    seconds = time.monotonic() - began
    count_for(1, terminal)
    end(pid, terminal)
    return growing / seconds


def _spawn(size: Size, *arguments: str) -> tuple[int, int]:
    """Start this module in a new terminal: its pid and the terminal's descriptor."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.bench.screen_chart", *arguments]
        os.execve(sys.executable, command, env)
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    return pid, terminal


def grow(rate: int, repeats: int) -> None:
    """The run screen, with a run that measures so many points a second, with noise."""
    import msgspec

    from lrtui.events import Step
    from lrtui.spec import RangeSpec, RunSpec
    from lrtui.tui.app import LrtuiApp
    from tests.bench.screen_children import set_title
    from tests.tui.doubles import FakeDriver, started

    count = int(rate * SECONDS) // repeats
    ramp = RangeSpec(start_lr=1e-7, end_lr=10.0, num_iter=count, repeats=repeats)
    spec = RunSpec(range=ramp)
    driver = FakeDriver()
    noise = random.Random(0)

    def steps() -> list[Step]:
        made: list[Step] = []
        for repeat in range(repeats):
            average = None
            for index in range(count):
                lr = AXIS.rate(index / max(1, count - 1))
                raw = min(loss_at(lr), 1e4) * noise.gauss(1.0, 0.08)
                average = raw if average is None else 0.95 * average + 0.05 * raw
                seconds = len(made) / rate
                made.append(
                    Step(
                        repeat=repeat,
                        iteration=index,
                        lr=lr,
                        loss=average,
                        raw_loss=raw,
                        seconds=seconds,
                    )
                )
        return made

    def tell() -> None:
        time.sleep(SETTLE)
        set_title("GROWS")
        driver.tell(started(msgspec.structs.replace(spec)))
        began = time.monotonic()
        for step in steps():
            time.sleep(max(0.0, began + step.seconds - time.monotonic()))
            driver.tell(step)
        set_title("RESTS")

    threading.Thread(target=tell, daemon=True).start()
    LrtuiApp(spec, driver=driver).run()


if __name__ == "__main__":
    if sys.argv[1:2] == ["grow"]:
        grow(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main_frames()
        main_bytes()
