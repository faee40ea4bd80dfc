"""What the screen costs: bytes to the terminal, first paint, a frame.

    python -m tests.bench.screen

Everything is measured beside something to compare with, in one run, in real pseudo-terminals.
Nothing is asserted: a table is printed.
"""

import os
import pty
import select
import signal
import statistics
import struct
import sys
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path
from tempfile import TemporaryDirectory
from termios import TIOCSWINSZ

ROOT = Path(__file__).resolve().parents[2]
SIZE = (100, 30)
POINTS, SECONDS = 100, 10.0

Paint = tuple[float, float]  # milliseconds by the clock, milliseconds of CPU time


def spawn(child: str) -> tuple[int, int]:
    """Start one of `screen_children` in a new terminal: its pid and the terminal's descriptor."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
        os.execve(sys.executable, [sys.executable, "-m", "tests.bench.screen_children", child], env)
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
    return pid, terminal


def read(terminal: int, until: float) -> bytes:
    """The bytes that arrive next, if any arrive before a time; queries are not answered."""
    ready, _, _ = select.select([terminal], [], [], max(0.0, until - time.monotonic()))
    try:
        return os.read(terminal, 1 << 16) if ready else b""
    except OSError as error:
        raise RuntimeError("the child has ended; run it alone to see why") from error


def end(pid: int, terminal: int) -> None:
    """Kill a child."""
    os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    os.waitpid(pid, 0)


def traffic(child: str) -> tuple[float, float]:
    """Bytes a second while the curve grows, and in the two seconds after it has ended."""
    pid, terminal = spawn(child)
    # the child sets the terminal's title when the curve begins to grow, and when it ends
    count_until(b"GROWS", terminal)
    began = time.monotonic()
    growing = count_until(b"RESTS", terminal)
    seconds = time.monotonic() - began
    count_for(3, terminal)  # the last frame and the end of the run, on busy cores too
    idle = count_for(2, terminal)
    end(pid, terminal)
    return growing / seconds, idle / 2


def count_until(word: bytes, terminal: int) -> int:
    """Read until a word arrives; the number of bytes."""
    count, tail = 0, b""
    while word not in tail:
        chunk = read(terminal, time.monotonic() + 30)
        count += len(chunk)
        tail = tail[-20:] + chunk
    return count


def count_for(seconds: float, terminal: int) -> int:
    """Read for some seconds; the number of bytes."""
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        count += len(read(terminal, until))
    return count


def first_paint(child: str, word: bytes = b"run") -> Paint:
    """Milliseconds until a frame shows a word, by the clock and of CPU time."""
    began = time.monotonic()
    pid, terminal = spawn(child)
    text = b""
    while word not in text and time.monotonic() < began + 30:
        text += read(terminal, began + 30)
    took, cpu = time.monotonic() - began, cpu_seconds(pid)
    end(pid, terminal)
    return took * 1000, cpu * 1000


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used, including its threads."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def frame(points: int) -> float:
    """Milliseconds to draw one frame of a curve with that many points."""
    from lrtui.tui.chart.axis import axis_for
    from lrtui.tui.chart.picture import Curve, Picture
    from lrtui.tui.chart.plotting import draw
    from lrtui.tui.chart.thinning import Thinned

    axis = axis_for(1e-7, 10.0, log=True)
    dots, lrs, line = Thinned(axis), [], []
    for i in range(points):
        lr = axis.rate(i / (points - 1))
        loss = 2.3 + (lr - 0.1) ** 2 - (i / points) + 0.1 * ((i * 7919) % 13 / 13)
        dots.add(lr, loss)
        line.append(loss)
        lrs.append(lr)
    picture = Picture(axis, (Curve((lrs, line), "trend", dots),))
    return median_milliseconds(lambda: draw(picture, *SIZE))


def median_milliseconds(work: Callable[[], object], times: int = 15) -> float:
    """The median time of a function, called several times."""
    milliseconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        milliseconds.append((time.perf_counter() - began) * 1000)
    return statistics.median(milliseconds)


def time_first_paints() -> None:
    """Time the first paint of an empty app, of the form's button and of the form's fields."""
    first_paint("form", b"num_iter")  # writes the bytecode
    empty: list[Paint] = []
    form: list[Paint] = []
    fields: list[Paint] = []
    for _ in range(9):
        empty.append(first_paint("empty"))
        form.append(first_paint("form"))
        fields.append(first_paint("form", b"num_iter"))
    for index, label in enumerate(("first paint", "CPU until then")):
        empty_ms = statistics.median(paint[index] for paint in empty)
        form_ms = statistics.median(paint[index] for paint in form)
        fields_ms = statistics.median(paint[index] for paint in fields)
        print(
            f"{label}, ms: an empty Textual app {empty_ms:.0f}, "
            f"the form {form_ms:.0f}, {form_ms / empty_ms:.2f} times, "
            f"with its fields {fields_ms:.0f}, {fields_ms / empty_ms:.2f} times"
        )


def main() -> None:
    """Measure and print. Both sides start from bytecode, as an installed program does."""
    # a worker that has not ended yet may still write there
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ |= {"PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}
        measure()


def measure() -> None:
    """Measure traffic, first paints and frames."""
    size = f"{SIZE[0]}x{SIZE[1]}"
    print(f"bytes/s, {size}, {POINTS} points in {SECONDS:g} s      growing     at rest")
    for child, label in (("app", "the run screen"), ("plain", "a plain plotext widget")):
        growing, idle = traffic(child)
        print(f"  {label:<38} {growing:>9,.0f}  {idle:>9,.0f}")
    time_first_paints()
    short, long = frame(1_000), frame(100_000)
    print(
        f"a frame, ms: 1,000 points {short:.1f}, "
        f"100,000 points {long:.1f}, {long / short:.2f} times"
    )


if __name__ == "__main__":
    main()
