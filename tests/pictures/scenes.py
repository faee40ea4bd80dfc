"""Scenes: an app, the keys that lead to what is shown, and the state to wait for."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from textual.pilot import Pilot

from lrtui import paths
from lrtui.events import Ended, Event, FailurePlace, Step
from lrtui.record import RunRecord
from lrtui.runs.replay import events_of
from lrtui.runs.store import load
from lrtui.spec import RunSpec
from lrtui.tui.app import LrtuiApp
from lrtui.tui.compare.screen import CompareScreen
from lrtui.tui.history.opening import open_history
from lrtui.tui.history.screen import HistoryScreen
from lrtui.tui.run.screen import RunScreen
from tests.tui.doubles import FakeDriver, FakeSession
from tests.tui.helpers import screen_text, screen_words, until

RECORDS = sorted((Path(__file__).parent / "records").glob("*.json"))
RACED = RECORDS[0]
FAILED = Ended(
    status="failed",
    reason="RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x128 and 256x10)",
    phase="training",
    seconds=3.0,
    where=FailurePlace(file="net.py", line=42, function="forward", source="return self.head(x)"),
    output=["loading weights …", "features: (64, 128)"],
)


class Scene(NamedTuple):
    """One picture: `app` makes the app; `lead` brings it to the state that is shown."""

    app: Callable[[], LrtuiApp]
    lead: Callable[[Pilot[None]], object]


def keep_records() -> None:
    """Put the records into the home of this process, as runs that were kept."""
    for path in RECORDS:
        shutil.copy(path, paths.runs() / path.name)


def run_app(change: Callable[[list[Event]], list[Event]]) -> LrtuiApp:
    """The app on the raced run, with changed events."""
    record: RunRecord = load(RACED)
    spec = record.run_spec()
    return LrtuiApp(spec, driver=FakeDriver(change(events_of(record))))


def form_app() -> LrtuiApp:
    """The app on its form."""
    return LrtuiApp(RunSpec(), FakeSession())


def growing(events: Sequence[Event]) -> list[Event]:
    """The events of the first 250 iterations."""
    steps = [event for event in events if isinstance(event, Step)][:250]
    return [events[0], *steps]


def failed(events: Sequence[Event]) -> list[Event]:
    """A run that fails after 30 iterations."""
    steps = [event for event in events if isinstance(event, Step)][:30]
    return [events[0], *steps, FAILED]


async def drawn(pilot: Pilot[None]) -> None:
    """Wait until the run screen has drawn all events."""
    screen = pilot.app.screen
    assert isinstance(screen, RunScreen)
    await until(pilot, lambda: screen.model.events_read == len(screen.model.driver.events))
    await until(pilot, lambda: "1e-" in screen_text(pilot.app))


async def filled(pilot: Pilot[None]) -> None:
    """Wait until the form has its fields and what will happen."""
    await until(pilot, lambda: "num_iter" in screen_text(pilot.app) or pilot.app.size.width < 80)
    await until(pilot, lambda: getattr(pilot.app.screen, "body", None) is not None)


async def race(pilot: Pilot[None]) -> None:
    """Open the race."""
    await drawn(pilot)
    await pilot.press("c")
    await until(pilot, lambda: "what it is" in screen_text(pilot.app))


async def history(pilot: Pilot[None]) -> None:
    """Open the runs, and wait until all are known."""
    await filled(pilot)
    keep_records()
    open_history(pilot.app)
    await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen))
    screen = pilot.app.screen
    assert isinstance(screen, HistoryScreen)
    await until(pilot, lambda: screen.model.runs.complete and "MLP" in screen_text(pilot.app))


async def preview(pilot: Pilot[None]) -> None:
    """Highlight the raced run, and wait for its preview, where there is room for one."""
    await history(pilot)
    await pilot.press("down", "down", "down", "down")
    if pilot.app.size.width >= 80:
        await until(pilot, lambda: "in the race" in screen_words(pilot.app))


async def compare(pilot: Pilot[None]) -> None:
    """Compare the three runs that have an answer."""
    await history(pilot)
    await pilot.press("down", "down", "space", "space", "space", "C")
    await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
    await until(pilot, lambda: "optimizer" in screen_text(pilot.app))


async def details(pilot: Pilot[None]) -> None:
    """Open the answer in full."""
    await drawn(pilot)
    await pilot.press("i")
    await until(pilot, lambda: "lines of code;" in screen_text(pilot.app))


SCENES = {
    "form": Scene(form_app, filled),
    "growing": Scene(lambda: run_app(growing), drawn),
    "run": Scene(lambda: run_app(list), drawn),
    "failed": Scene(lambda: run_app(failed), drawn),
    "race": Scene(lambda: run_app(list), race),
    "details": Scene(lambda: run_app(list), details),
    "runs": Scene(form_app, preview),
    "compare": Scene(form_app, compare),
}
