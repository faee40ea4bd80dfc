"""What the screen costs: bytes to the terminal, first paint, a frame. `python -m tests.bench.screen`.

Everything is measured beside its yardstick in one run, in real pseudo-terminals. Nothing is asserted: a table is
printed.
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


def spawn(child: str) -> tuple[int, int]:
    """Start one of the children below in a terminal of its own: (pid, terminal)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        env = {
            **os.environ,
            "TERM": "xterm-256color",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'tui'}",
        }
        os.execve(sys.executable, [sys.executable, "-m", "tests.bench.screen_children", child], env)
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
    return pid, terminal


def read(terminal: int, until: float) -> bytes:
    """What arrives before a moment; answers nothing, as a plain terminal would."""
    ready, _, _ = select.select([terminal], [], [], max(0.0, until - time.monotonic()))
    try:
        return os.read(terminal, 1 << 16) if ready else b""
    except OSError as error:
        raise RuntimeError("the child has ended; run it alone to see why") from error


def end(pid: int, terminal: int) -> None:
    """Be rid of a child."""
    os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    os.waitpid(pid, 0)


def traffic(child: str) -> tuple[float, float]:
    """Bytes a second while the curve grows, and in the two seconds after it has ended."""
    pid, terminal = spawn(child)
    text = b""
    while b"GROWS" not in text:  # the child's title says when it begins, and when it ends
        text += read(terminal, time.monotonic() + 30)
    began, growing = time.monotonic(), 0
    text = b""
    while b"RESTS" not in text:
        chunk = read(terminal, time.monotonic() + 30)
        growing += len(chunk)
        text = text[-20:] + chunk
    took = time.monotonic() - began
    settle = time.monotonic() + 1.5  # the last frame, the end of the run
    while time.monotonic() < settle:
        read(terminal, settle)
    idle, rest = 0, time.monotonic() + 2
    while time.monotonic() < rest:
        idle += len(read(terminal, rest))
    end(pid, terminal)
    return growing / took, idle / 2


def first_paint(child: str, word: bytes = b"run") -> tuple[float, float]:
    """Milliseconds from the start of the process to the frame that shows a word: by the clock, and of CPU."""
    began = time.monotonic()
    pid, terminal = spawn(child)
    text = b""
    while word not in text and time.monotonic() < began + 30:
        text += read(terminal, began + 30)
    took, cpu = time.monotonic() - began, cpu_seconds(pid)
    end(pid, terminal)
    return took * 1000, cpu * 1000


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, its threads included."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def frame(points: int) -> float:
    """Milliseconds of one frame with so many points on the curve."""
    from lrtui.tui.chart.axis import axis_for
    from lrtui.tui.chart.picture import Picture
    from lrtui.tui.chart.plotting import draw
    from lrtui.tui.chart.thinning import Thinned

    axis = axis_for(1e-7, 10.0, log=True)
    curve = Thinned(axis)
    for i in range(points):
        lr = axis.rate(i / (points - 1))
        loss = 2.3 + (lr - 0.1) ** 2 - (i / points) + 0.1 * ((i * 7919) % 13 / 13)
        curve.add(lr, loss, loss)
    picture = Picture(axis, (curve,))
    return best(lambda: draw(picture, *SIZE))


def best(work: Callable[[], object], times: int = 15) -> float:
    """The median of several, in milliseconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def paints() -> None:
    """The first paint of both, and when the form's fields have followed its button."""
    measured = {
        "empty": ("empty", b"run"),
        "form": ("form", b"run"),
        "fields": ("form", b"accumulation_steps"),
    }
    first_paint("form", b"accumulation_steps")  # writes the bytecode
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in measured}
    for _ in range(9):
        for name, until in measured.items():
            took[name].append(first_paint(*until))
    for which, words in ((0, "first paint"), (1, "CPU until then")):
        empty, form, fields = (
            statistics.median(pair[which] for pair in took[name]) for name in measured
        )
        print(
            f"{words}, ms: an empty Textual app {empty:.0f}, the form {form:.0f}, {form / empty:.2f} times, "
            f"with its fields {fields:.0f}, {fields / empty:.2f} times"
        )


def main() -> None:
    """Measure, print. What is installed starts from bytecode: so do both sides, whatever is written here otherwise."""
    with TemporaryDirectory(
        ignore_cleanup_errors=True
    ) as folder:  # a worker that has not ended yet still writes there
        os.environ |= {"PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}
        measure()


def measure() -> None:
    """All of it."""
    print(
        f"bytes/s, {SIZE[0]}x{SIZE[1]}, {POINTS} points in {SECONDS:g} s      growing     at rest"
    )
    for child, words in (("app", "the run screen"), ("plain", "a plain plotext widget")):
        growing, idle = traffic(child)
        print(f"  {words:<38} {growing:>9,.0f}  {idle:>9,.0f}")
    paints()
    short, long = frame(1_000), frame(100_000)
    print(
        f"a frame, ms: 1,000 points {short:.1f}, 100,000 points {long:.1f}, {long / short:.2f} times"
    )


if __name__ == "__main__":
    main()
