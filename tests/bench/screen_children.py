"""The apps that tests.bench.screen starts in pseudo-terminals."""

import sys
import threading
import time
from pathlib import Path


def app() -> None:
    """The run screen on a run that grows."""
    from lrtui.events import Ended
    from lrtui.tui.app import LrtuiApp
    from tests.bench.screen import POINTS, SECONDS
    from tests.tui.doubles import SPEC, FakeDriver, answer, curve, started

    spec = SPEC
    driver = FakeDriver()

    def grow() -> None:
        time.sleep(2)
        say("GROWS")
        driver.tell(started(spec))
        for step in curve(spec):
            time.sleep(SECONDS / POINTS)
            driver.tell(step)
        say("RESTS")
        driver.tell(
            answer(), Ended(status="completed", reason="all iterations ran", seconds=SECONDS)
        )

    threading.Thread(target=grow, daemon=True).start()
    LrtuiApp(spec, driver=driver).run()


def plain() -> None:
    """The same curve as an ordinary widget would show it: plotext's text in a Static, at the same pace."""
    from plotext._figure import _figure_class
    from rich.text import Text
    from textual.app import App
    from textual.widgets import Static

    from lrtui.tui.run.screen import POLL_SECONDS
    from tests.bench.screen import POINTS, SECONDS, SIZE
    from tests.tui.doubles import SPEC, curve

    steps = curve(SPEC)
    seen: list[object] = []

    class Plain(App[None]):
        def compose(self):
            yield Static(id="plot")

        def on_mount(self) -> None:
            self.set_interval(POLL_SECONDS, self.draw)

        def draw(self) -> None:
            figure = _figure_class()
            figure._limit_size(False, False)
            figure.plotsize(*SIZE)
            points = steps[: max(1, len(seen))]
            figure.plot(
                list(range(len(points))), [min(step.loss, 4) for step in points], marker="braille"
            )
            self.query_one(Static).update(Text.from_ansi(figure.build()))

    def grow() -> None:
        time.sleep(2)
        say("GROWS")
        for step in steps:
            time.sleep(SECONDS / POINTS)
            seen.append(step)
        say("RESTS")

    threading.Thread(target=grow, daemon=True).start()
    Plain().run()


def empty() -> None:
    """The least that Textual can be."""
    from textual.app import App
    from textual.widgets import Static

    class Empty(App[None]):
        def compose(self):
            yield Static("run")

    Empty().run()


def form() -> None:
    """The form, as a person gets it."""
    from lrtui.tui.app import run_app

    run_app()


def say(word: str) -> None:
    """Tell the bench, by setting the terminal's title."""
    with Path("/dev/tty").open("w") as terminal:
        terminal.write(f"\x1b]2;{word}\x07")


if __name__ == "__main__":
    {"app": app, "plain": plain, "empty": empty, "form": form}[sys.argv[1]]()
