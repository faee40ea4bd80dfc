"""How other screens open a grid: the page, the question about files, the runs."""

from typing import Any

from textual.app import App

from lrtui.spec import RunSpec
from lrtui.tui.session import Session
from lrtui.tui.toast import tell


def open_grid(app: App[Any], base: RunSpec) -> None:
    """Ask for a grid around a spec, then run it with the app's session."""
    session: Session | None = getattr(app, "session", None)
    if session is None:
        tell(app, "a grid needs workers: lrtui was opened on objects of a script", "warning")
        return
    app.run_worker(_set_up_and_run(app, session, base), group="grid", exclusive=True)


async def _set_up_and_run(app: App[Any], session: Session, base: RunSpec) -> None:
    from lrtui.tui.form.before_run import is_agreed
    from lrtui.tui.grid.runs import GridRuns
    from lrtui.tui.grid.screen import GridScreen
    from lrtui.tui.grid.setup import SetUpGrid

    specs = await app.push_screen_wait(SetUpGrid(base))
    if specs and await is_agreed(app, session, specs, "back"):
        app.push_screen(GridScreen(GridRuns(specs, session)))
