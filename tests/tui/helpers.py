"""What Pilot tests share: waiting for a state, and reading what the screen shows."""

import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from lrtui.analysis.answer import Suggestion
from lrtui.spec import RunSpec
from lrtui.tui.app import LrtuiApp
from lrtui.tui.form.page.rows import NoteRow
from lrtui.tui.form.screen import SetupScreen
from lrtui.tui.run.screen import RunScreen
from tests.tui.doubles import SPEC, FakeDriver, FakeSession

_PATIENCE_SECONDS = 60  # a worker that a test starts imports torch first


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait for a state. A state that never comes fails with the screen as it was."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the state never came; the screen:\n" + screen_text(
            pilot.app
        )
        await pilot.pause(0.01)
    await pilot.pause()


def screen_text(app: App[Any]) -> str:
    """All that is on the screen, row by row."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text[:width] for strip in strips[:height])


def screen_words(app: App[Any]) -> str:
    """All that is on the screen as one line, without frames: sentences may be broken anywhere."""
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


async def all_drawn(screen: RunScreen, pilot: Pilot[None]) -> None:
    """Wait until every event of the driver is drawn."""
    model = screen.model
    await until(pilot, lambda: model.events_read >= len(model.driver.events))


def suggestion_of(screen: RunScreen) -> Suggestion:
    """The suggestion, which there must be."""
    assert screen.model.suggestion is not None
    return screen.model.suggestion


def text_input(app: App[Any]) -> Input:
    """The line to type on in the dialog that is open."""
    return app.screen.query_one(Input)


@asynccontextmanager
async def setup_screen(
    session: FakeSession | None = None,
    spec: RunSpec | None = None,
    size: tuple[int, int] = (100, 30),
    keymap: dict[str, str] | None = None,
    ascii: bool = False,
) -> AsyncIterator[tuple[SetupScreen, Pilot[None]]]:
    """The app on its form, filled."""
    app = LrtuiApp(spec or RunSpec(), session or FakeSession(), keymap=keymap, ascii=ascii)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        screen = app.screen
        assert isinstance(screen, SetupScreen)
        await until(pilot, lambda: screen.body is not None and bool(screen.body.controls.keys))
        form = screen.body.form if screen.body is not None else None
        assert form is not None
        if screen.session is not None and screen.session.ready and not screen.session.problem:
            await until(pilot, lambda: form.lookups["optimizer"].state != "waiting")
        yield screen, pilot


@dataclass(frozen=True)
class Box:
    """A field of the form: its text, and what is wrong with it."""

    text: str
    error: str


def box(screen: SetupScreen, path: str) -> Box:
    """The field with this path, as it is now."""
    assert screen.body is not None
    form = screen.body.form
    return Box(form.text(path), form.errors.get(path, ""))


def mark(screen: SetupScreen, path: str) -> str:
    """The error shown at a field: below it, where it is in sight."""
    assert screen.body is not None
    rows = screen.body.view.rows
    index = next((y for y, row in enumerate(rows) if row.key == path), len(rows))
    lines: list[str] = []
    for row in rows[index + 1 :]:
        if not isinstance(row, NoteRow):
            break
        if row.look == "error":
            lines.append(row.text)
    return " ".join(lines)


async def focus(pilot: Pilot[None], widget: Widget) -> None:
    """Put the cursor into a widget, and wait until it is there."""
    widget.focus()
    await until(pilot, lambda: widget.has_focus)
