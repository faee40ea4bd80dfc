"""How other screens open a grid: the page, the question about files, the runs."""

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from textual.app import App

from lrtui.spec import RunSpec
from lrtui.tui.session import Session
from lrtui.tui.toast import tell

if TYPE_CHECKING:
    from lrtui.sweep.lane import Lane


def open_grid(app: App[Any], base: RunSpec) -> None:
    """Ask for a grid around a spec, then run it with the app's session."""
    session: Session | None = getattr(app, "session", None)
    if session is None:
        tell(app, "a grid needs workers: lrtui was opened on a run, and not on the form", "warning")
        return
    app.run_worker(_set_up_and_run(app, session, base), group="grid", exclusive=True)


async def _set_up_and_run(app: App[Any], session: Session, base: RunSpec) -> None:
    from lrtui.tui.form.before_run import is_agreed
    from lrtui.tui.grid.runs import GridRuns
    from lrtui.tui.grid.screen import GridScreen
    from lrtui.tui.grid.setup import SetUpGrid

    specs = await app.push_screen_wait(SetUpGrid(base))
    if specs and await is_agreed(app, session, specs, "back"):
        lanes: Sequence[Lane] = []
        if not session.host:  # the GPUs there are not known here: its runs go one after the other
            lanes = await asyncio.to_thread(lanes_of, specs, session.agreed)
        app.push_screen(GridScreen(GridRuns(specs, session, lanes)))


def lanes_of(specs: Sequence[RunSpec], agreed: Collection[str]) -> "Sequence[Lane]":
    """A lane for each GPU where there are several; none: the runs go one after the other.

    It may ask the driver of the GPUs, so it has a thread.
    """
    from lrtui.sweep.lane import WorkerLane
    from lrtui.sweep.places import places

    found = places(specs)[: len(specs)]
    if len(found) < 2 or not found[0].is_gpu:
        return []
    return [WorkerLane(place, agreed) for place in found]
