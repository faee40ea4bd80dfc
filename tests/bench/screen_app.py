"""What opening a dialog costs, beside a dialog of plain Textual; milliseconds of CPU time.

    python -m tests.bench.screen_app

Each is opened over the run screen of a finished run, 100x30, and closed again; the plain one over a
plain screen. The first time includes imports and the parsing of styles. Nothing
is asserted: a table is printed.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from lrtui.tui.app import LrtuiApp
from lrtui.tui.run.screen import RunScreen
from tests.tui.doubles import SPEC, FakeDriver, whole_run

SIZE, TIMES = (100, 30), 15
QUIET_ROUNDS = 4
Open = Callable[[], Screen[Any]]


class PlainDialog(ModalScreen[None]):
    """A frame with a text."""

    DEFAULT_CSS = """
    PlainDialog { align: center middle; }
    PlainDialog Vertical { width: 72; height: auto; border: round red; }
    """

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static("a question\n\nyes\nno")


class PlainApp(App[None]):
    """A screen of a few texts."""

    def compose(self) -> ComposeResult:
        for _ in range(SIZE[1]):
            yield Static("x" * 80)


async def idle() -> None:
    """Wait until this process has nothing left to do."""
    quiet = 0
    while quiet < QUIET_ROUNDS:
        before = time.process_time()
        await asyncio.sleep(0.03)
        quiet = quiet + 1 if time.process_time() - before < 0.001 else 0


async def opening(app: App[Any], make: Open) -> float:
    """Milliseconds of CPU time until the dialog is drawn."""
    await idle()
    began = time.process_time()
    app.push_screen(make())
    await idle()
    took = time.process_time() - began
    app.pop_screen()
    await idle()
    return took * 1000


async def measure() -> None:
    """Measure every dialog and print the table."""
    print(f"{'opening, ms of CPU time':28}{'first':>8}{'median':>8}")
    plain = PlainApp()
    async with plain.run_test(size=SIZE):
        await report("a dialog of plain Textual", plain, PlainDialog)
    app = LrtuiApp(SPEC, driver=FakeDriver(whole_run(SPEC)))
    async with app.run_test(size=SIZE):
        await idle()
        assert isinstance(app.screen, RunScreen)
        for name, make in dialogs(app, app.screen).items():
            await report(name, app, make)


async def report(name: str, app: App[Any], make: Open) -> None:
    """Print the row of one dialog."""
    times = [await opening(app, make) for _ in range(TIMES)]
    print(f"  {name:26}{times[0]:8.1f}{statistics.median(times[1:]):8.1f}")


def dialogs(app: LrtuiApp, screen: RunScreen) -> dict[str, Open]:
    """How each dialog is made."""
    from lrtui.tui.dialogs.ask import Ask
    from lrtui.tui.dialogs.budget import AskBudget
    from lrtui.tui.dialogs.details import Details
    from lrtui.tui.dialogs.help import Help
    from lrtui.tui.dialogs.open_preset import OpenPreset
    from lrtui.tui.dialogs.write import Write
    from lrtui.tui.run.export import save_copy

    def save(place: str, *, overwrite: bool) -> str:
        return save_copy(screen.model, place, overwrite=overwrite)

    return {
        "ask": lambda: Ask("a question", "yes", "no"),
        "budget": lambda: AskBudget(screen.model),
        "details": lambda: Details(screen.model),
        "help": lambda: Help(app._help_keys()),
        "write": lambda: Write(Path("run.json"), save),
        "open preset": OpenPreset,
    }


if __name__ == "__main__":
    asyncio.run(measure())
