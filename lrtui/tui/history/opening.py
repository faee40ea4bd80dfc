"""How other screens open the runs screen, and what happens when it is left with a spec."""

from typing import Any

from textual.app import App

from lrtui.spec import RunSpec
from lrtui.tui.toast import tell


def open_history(app: App[Any]) -> None:
    """Show all runs. A run that is to be run again fills the form below."""
    from lrtui.tui.history.screen import HistoryScreen

    if isinstance(app.screen, HistoryScreen):
        return

    def left(spec: RunSpec | None) -> None:
        if spec is not None:
            app.call_later(fill_form, app, spec)

    app.push_screen(HistoryScreen(), left)


def why_no_form(app: App[Any]) -> str:
    """Why the form cannot be filled now; "" where it can."""
    from lrtui.tui.form.screen import SetupScreen
    from lrtui.tui.run.screen import RunScreen

    screens = app.screen_stack
    if not any(isinstance(screen, SetupScreen) for screen in screens):
        return "there is no form here: lrtui was opened on a run, and not on the form"
    for screen in screens:
        if isinstance(screen, RunScreen) and screen.model.state.busy:
            return "a run is in progress: stop it (x on its screen) before you fill the form anew"
    return ""


async def fill_form(app: App[Any], spec: RunSpec) -> None:
    """Leave every screen above the form, and fill it."""
    from lrtui.tui.form.screen import SetupScreen

    while not isinstance(app.screen, SetupScreen):
        await app.pop_screen()
    app.screen.fill(spec)
    tell(app, "the form has this run's settings: change what you like, then run")
