"""The apps that `tests.bench.screen` starts in pseudo-terminals."""

import sys
import threading
import time
from pathlib import Path

SETTLE = 2.0  # seconds from the start until the first frames are over
FRAME = 0.22  # seconds between the frames of the plain widget, as of the run screen


def app() -> None:
    """The run screen, with a run that measures a point every tenth of a second."""
    from lrtui.events import Ended
    from lrtui.tui.app import LrtuiApp
    from tests.bench.screen import POINTS, SECONDS
    from tests.tui.doubles import SPEC, FakeDriver, answer, curve, started

    driver = FakeDriver()

    def grow() -> None:
        time.sleep(SETTLE)
        set_title("GROWS")
        driver.tell(started(SPEC))
        for step in curve(SPEC):
            time.sleep(SECONDS / POINTS)
            driver.tell(step)
        set_title("RESTS")
        driver.tell(
            answer(), Ended(status="completed", reason="all iterations ran", seconds=SECONDS)
        )

    threading.Thread(target=grow, daemon=True).start()
    LrtuiApp(SPEC, driver=driver).run()


def plain() -> None:
    """The same curve at the same pace in an ordinary widget: plotext's text in a Static."""
    from plotext._figure import _figure_class
    from rich.text import Text
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    from tests.bench.screen import POINTS, SECONDS, SIZE
    from tests.tui.doubles import SPEC, curve

    losses = [min(step.loss, 4) for step in curve(SPEC) if step.loss is not None]
    shown = 1

    class Plain(App[None]):
        def compose(self) -> ComposeResult:
            yield Static(id="plot")

        def on_mount(self) -> None:
            self.set_interval(FRAME, self.draw)

        def draw(self) -> None:
            figure = _figure_class()
            figure._limit_size(False, False)
            figure.plotsize(*SIZE)
            figure.plot(list(range(shown)), losses[:shown], marker="braille")
            self.query_one(Static).update(Text.from_ansi(figure.build()))

    def grow() -> None:
        nonlocal shown
        time.sleep(SETTLE)
        set_title("GROWS")
        for count in range(1, len(losses) + 1):
            time.sleep(SECONDS / POINTS)
            shown = count
        set_title("RESTS")

    threading.Thread(target=grow, daemon=True).start()
    Plain().run()


def empty() -> None:
    """The smallest app of Textual."""
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class Empty(App[None]):
        def compose(self) -> ComposeResult:
            yield Static("run")

    Empty().run()


def inputs() -> None:
    """What one would write first for a form: a label and an Input for each of 60 fields."""
    from textual.app import App, ComposeResult
    from textual.containers import Grid, VerticalScroll
    from textual.widgets import Input, Static

    class Inputs(App[None]):
        CSS = (
            "Grid { grid-size: 4; grid-rows: 1; height: auto; } Input { border: none; height: 1; }"
        )

        def compose(self) -> ComposeResult:
            with VerticalScroll(can_focus=False), Grid():
                for number in range(60):
                    yield Static(f"field {number}")
                    yield Input(str(number))

    Inputs().run()


def form() -> None:
    """The form, as `lrtui` opens it."""
    from lrtui.tui.app import run_app

    run_app()


def set_title(title: str) -> None:
    """Set the terminal's title, which the bench waits for."""
    with Path("/dev/tty").open("w") as terminal:
        terminal.write(f"\x1b]2;{title}\x07")


if __name__ == "__main__":
    children = {"app": app, "plain": plain, "empty": empty, "inputs": inputs, "form": form}
    children[sys.argv[1]]()
