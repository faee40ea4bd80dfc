"""What a key costs on the run screen.

    python -m tests.bench.screen_run

CPU time from a key press until its frame is drawn, by Pilot, at 100x30, for a finished test of 400
and of 10,000 iterations. The last row is a plain Textual screen with a text that a key changes.
Nothing is asserted: a table is printed.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import Static

from lrtui.events import Ended, Event
from lrtui.spec import RangeSpec, RunSpec
from lrtui.tui.app import LrtuiApp
from tests.tui.doubles import FakeDriver, answer, curve, started

KEYS = {
    "a boundary, one column": ("left", "right"),
    "smoothing": ("left_square_bracket", "right_square_bracket"),
    "trim": ("comma", "less_than_sign"),
    "another bold line": ("v", "v"),
    "zoom": ("z", "Z"),
    "log axis": ("L", "L"),
    "crosshair": ("p", "p"),
}
ROUNDS = 12


class Plain(App[None]):
    """A screen with one text."""

    BINDINGS = [Binding("left,right", "count")]
    pressed = 0

    def compose(self) -> ComposeResult:
        yield Static("0")

    def action_count(self) -> None:
        """Change the text."""
        self.pressed += 1
        self.query_one(Static).update(str(self.pressed))


def finished(points: int) -> LrtuiApp:
    """The app on a finished test."""
    spec = RunSpec(range=RangeSpec(start_lr=1e-7, end_lr=10.0, num_iter=points))
    return LrtuiApp(spec, driver=FakeDriver([*_events(spec)]))


def _events(spec: RunSpec) -> Iterator[Event]:
    yield started(spec, momentum=0.9)
    yield from curve(spec)
    yield answer()
    yield Ended(status="completed", reason="all iterations ran", seconds=10.0)


async def milliseconds(pilot: Pilot[None], keys: tuple[str, ...]) -> float:
    """The median CPU time of a key."""
    times = []
    for _ in range(ROUNDS):
        for key in keys:
            began = time.process_time()
            await pilot.press(key)
            await pilot.pause()
            times.append((time.process_time() - began) * 1000)
    return statistics.median(times)


async def measure() -> None:
    """Measure and print."""
    print(f"{'CPU ms a key':<28}{'400 points':>12}{'10,000 points':>15}")
    rows: dict[str, list[float]] = {label: [] for label in KEYS}
    for points in (400, 10_000):
        async with finished(points).run_test(size=(100, 30)) as pilot:
            await pilot.pause(1.0)
            for label, keys in KEYS.items():
                rows[label].append(await milliseconds(pilot, keys))
    for label, (short, long) in rows.items():
        print(f"{label:<28}{short:>12.1f}{long:>15.1f}")
    async with Plain().run_test(size=(100, 30)) as pilot:
        plain = await milliseconds(pilot, ("left", "right"))
        print(f"{'plain Textual, one text':<28}{plain:>12.1f}")


if __name__ == "__main__":
    asyncio.run(measure())
