"""What Pilot tests share: waiting for a state, and reading what the screen says."""

import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot
from textual.widget import Widget

from lrtui.spec import RunSpec
from lrtui.tui.app import LrtuiApp
from lrtui.tui.form.choice_box import ChoiceBox
from lrtui.tui.form.field_box import FieldBox
from lrtui.tui.form.screen import SetupScreen
from lrtui.tui.run.screen import RunScreen
from tests.tui.doubles import SPEC, FakeDriver, FakeSession


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait for a state. What never comes fails with the screen as it was."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came; the screen:\n" + screen_text(pilot.app)
        await pilot.pause(0.01)
    await pilot.pause()


def screen_text(app: LrtuiApp) -> str:
    """All that is on the screen, row by row."""
    width, height = app.size
    update = app.screen._compositor.render_strips()
    return "\n".join(strip.text[:width] for strip in update[:height])


def screen_words(app: LrtuiApp) -> str:
    """The same in one line, whatever rows a sentence was broken into: a path of any length may stand before it."""
    return re.sub(r"[\s│┃║▏▕▌▐]+", " ", screen_text(app))


@asynccontextmanager
async def run_screen(
    driver: FakeDriver, spec: RunSpec | None = None, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[RunScreen, Pilot[None]]]:
    """The app on a driver's run."""
    app = LrtuiApp(spec or SPEC, driver=driver)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert isinstance(app.screen, RunScreen)
        yield app.screen, pilot


async def told(screen: RunScreen, pilot: Pilot[None]) -> None:
    """Wait until all that the driver has told is drawn."""
    await until(pilot, lambda: screen._read >= len(screen.driver.events))


@asynccontextmanager
async def setup_screen(
    session: FakeSession | None = None,
    spec: RunSpec | None = None,
    size: tuple[int, int] = (100, 30),
) -> AsyncIterator[tuple[SetupScreen, Pilot[None]]]:
    """The app on its form, filled."""
    app = LrtuiApp(spec or RunSpec(), session or FakeSession())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        screen = app.screen
        assert isinstance(screen, SetupScreen)
        await until(
            pilot, lambda: len(screen.query(ChoiceBox)) == 4 and len(screen.query(FieldBox)) > 15
        )
        if screen.session is not None and screen.session.ready and not screen.session.problem:
            await until(
                pilot,
                lambda: screen.query_one("#choice-optimizer", ChoiceBox).lookup.state != "waiting",
            )
        yield screen, pilot


def box(screen: SetupScreen, path: str) -> FieldBox:
    return next(box for box in screen.query(FieldBox) if box.path == path)


def mark(screen: SetupScreen, path: str) -> str:
    """What is said at a field."""
    return " ".join(str(error.render()) for error in box(screen, path).query(".error"))


async def focus(pilot: Pilot[None], widget: Widget) -> None:
    """Put the cursor into a widget, and wait until it is there."""
    widget.focus()
    await until(pilot, lambda: widget.has_focus)
