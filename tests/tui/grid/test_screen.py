"""A grid in the app: its page, its runs, the comparison at the end, and what is asked before."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from lrtui.events import Saving
from lrtui.record import from_events
from lrtui.runs.store import load, record_path, save
from lrtui.spec import RunSpec
from lrtui.sweep.grid import read
from lrtui.tui.app import LrtuiApp
from lrtui.tui.compare.screen import CompareScreen
from lrtui.tui.dialogs.ask import Ask
from lrtui.tui.form.screen import SetupScreen
from lrtui.tui.grid.opening import open_grid
from lrtui.tui.grid.screen import GridScreen
from lrtui.tui.grid.setup import SetUpGrid
from lrtui.tui.widgets.line import Line
from tests.tui.doubles import FakeSession, started, whole_run
from tests.tui.helpers import screen_text, screen_words, text_input, until
from tests.tui.history.kept import run_id

BASE = RunSpec()


@asynccontextmanager
async def grid_page(
    session: FakeSession, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[LrtuiApp, Pilot[None]]]:
    """The app with the page of a grid open over the form."""
    app = LrtuiApp(BASE, session)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        open_grid(app, BASE)
        await until(pilot, lambda: isinstance(app.screen, SetUpGrid))
        yield app, pilot


def finish(session: FakeSession, number: int) -> None:
    """Let the run in progress end, with a record on the disk."""
    driver = session.drivers[number]
    spec = driver.specs[0]
    events = [started(spec, id=run_id(number)), *whole_run(spec)[1:]]
    path = save(from_events(events), record_path(run_id(number)), overwrite=True)
    driver.tell(*events[:-1], whole_run(spec, str(path))[-1])


async def type_sizes(app: LrtuiApp, pilot: Pilot[None], text: str) -> None:
    app.screen.query_one("#text1", Line).value = text
    await pilot.pause()


async def test_the_page_says_at_once_how_many_runs_it_is_and_what_is_wrong() -> None:
    async with grid_page(FakeSession()) as (app, pilot):
        await until(pilot, lambda: "1 run" in screen_text(app))
        await type_sizes(app, pilot, "16, 64, 256")
        await until(pilot, lambda: "3 runs: 16, 64, 256" in screen_text(app))
        await type_sizes(app, pilot, "16, x")
        await until(pilot, lambda: "loader.batch_size" in screen_words(app))
        await pilot.press("enter")
        assert isinstance(app.screen, SetUpGrid)


async def test_the_runs_go_one_after_the_other_and_are_compared_at_the_end() -> None:
    session = FakeSession()
    async with grid_page(session) as (app, pilot):
        await type_sizes(app, pilot, "16, 64")
        await pilot.press("enter")
        await until(pilot, lambda: len(session.drivers) == 1)
        await until(pilot, lambda: "run 1 of 2" in screen_text(app))
        finish(session, 0)
        await until(pilot, lambda: "run 2 of 2" in screen_text(app))
        assert "✓ batch size 16   lr 3.20e-03" in screen_text(app)
        finish(session, 1)
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await until(pilot, lambda: "THE PICK" in screen_text(app))
        assert app.marks.ids == [run_id(0), run_id(1)]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, GridScreen))
        assert "2 of 2 done" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))


async def test_runs_that_cannot_be_saved_are_copied_and_said_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    session = FakeSession()
    async with grid_page(session) as (app, pilot):
        await type_sizes(app, pilot, "16, 64")
        await pilot.press("enter")
        await until(pilot, lambda: len(session.drivers) == 1)
        driver = session.drivers[0]
        events = whole_run(driver.specs[0])
        driver.tell(*events[:-1], Saving(problem="No space left on device"), events[-1])
        await until(pilot, lambda: "not saved: No space left on device" in screen_text(app))
        await until(pilot, lambda: len(session.drivers) == 2)
        finish(session, 1)
        await until(pilot, lambda: "2 of 2 done" in screen_text(app))
    assert not app.parting.all_is_saved
    (copy,) = tmp_path.glob("lrtui-*/*.json")
    assert load(copy).history.lr
    _, line = app.parting.lines()
    assert line == f"not saved: No space left on device; a copy is in {copy}"


async def test_leaving_in_the_middle_asks_and_x_stops() -> None:
    session = FakeSession()
    async with grid_page(session) as (app, pilot):
        await type_sizes(app, pilot, "16, 64")
        await pilot.press("enter")
        await until(pilot, lambda: len(session.drivers) == 1)
        for key in ("q", "escape"):
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, GridScreen))
        assert session.drivers[0].asked == ["run"]
        await pilot.press("x")
        assert session.drivers[0].asked == ["run", "stop"]
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        assert session.drivers[0].asked[-1] == "close"
        assert len(session.drivers) == 1


async def test_the_grid_is_saved_as_toml(tmp_path: Path) -> None:
    async with grid_page(FakeSession()) as (app, pilot):
        await type_sizes(app, pilot, "16, 64")
        await pilot.press("f2")
        await until(pilot, lambda: not isinstance(app.screen, SetUpGrid))
        text_input(app).value = str(tmp_path / "g.toml")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SetUpGrid))
    sizes = [spec.loader.batch_size for spec in read(tmp_path / "g.toml").expand()]
    assert sizes == [16, 64]


async def test_files_of_the_user_are_asked_about_before_any_run(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("")
    session = FakeSession()
    async with grid_page(session) as (app, pilot):
        app.screen.query_one("#text0", Line).value = f"{tmp_path}/net.py:Opt"
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        assert session.drivers == []


async def test_the_page_fits_a_small_screen() -> None:
    async with grid_page(FakeSession(), size=(60, 18)) as (app, pilot):
        await until(pilot, lambda: "1 run" in screen_text(app))
        assert "weight decays" in screen_text(app)
