"""Runs in the home of a test, for the runs screen and the comparison."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from lrtui.events import Ended, Event
from lrtui.record import RunRecord, from_events
from lrtui.runs.store import record_path, save
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from lrtui.tui.app import LrtuiApp
from lrtui.tui.history.opening import open_history
from lrtui.tui.history.screen import HistoryScreen
from tests.tui.doubles import FakeSession, answer, curve, started
from tests.tui.helpers import until


def run_id(number: int) -> str:
    return f"01KAN{number:021}"


def spec_of(optimizer: str = "AdamW", batch_size: int = 64, repeats: int = 1) -> RunSpec:
    return RunSpec(
        optimizer=Choice(f"torch.optim:{optimizer}"),
        loader=LoaderSpec(batch_size=batch_size),
        range=RangeSpec(num_iter=100, repeats=repeats),
    )


def record(number: int, run_spec: RunSpec | None = None, lr: float | None = 1e-3) -> RunRecord:
    spec = run_spec or spec_of()
    events: list[Event] = [started(spec, id=run_id(number))]
    for repeat in range(spec.range.repeats):
        events += curve(spec, repeat=repeat)
    events.append(answer(lr=lr) if lr is not None else answer(lr=None, verdict="still_falling"))
    events.append(Ended(status="completed", reason="all iterations ran", seconds=10.0))
    return from_events(events)


def kept(
    number: int, run_spec: RunSpec | None = None, lr: float | None = 1e-3, **changes: Any
) -> Path:
    """A record on the disk; a higher number is newer."""
    one = msgspec.structs.replace(record(number, run_spec, lr), **changes)
    return save(one, record_path(one.id), overwrite=True)


@asynccontextmanager
async def history_screen(
    session: FakeSession | None = None, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[HistoryScreen, Pilot[None]]]:
    """The app with the runs screen open, all records known."""
    app = LrtuiApp(RunSpec(), session or FakeSession())
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: getattr(app.screen, "body", None) is not None)
        open_history(app)
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
        screen = app.screen
        assert isinstance(screen, HistoryScreen)
        await until(pilot, lambda: screen.model.runs.complete)
        yield screen, pilot
