"""The run screen of a run that goes on in another process."""

from pathlib import Path
from typing import Any

from textual.app import App

from lrtui.launch.journal_driver import JournalDriver
from lrtui.spec import RunSpec
from lrtui.tui import keys
from lrtui.tui.run.screen import RunScreen
from lrtui.tui.toast import tell


class AttachedScreen(RunScreen):
    """Follows a run by its journal, and can stop it. Leaving the screen leaves the run alone.

    The objects of the run are in the other process: what needs them is told to be only there.
    """

    BINDINGS = keys.ATTACHED

    def action_stop(self) -> None:
        """Stop what goes on; what was measured is kept."""
        self.model.driver.stop()
        tell(self.app, "asked to stop: it ends after the step in progress")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide the keys that do nothing now; `action_confirm` has something to say."""
        return action == "confirm" or super().check_action(action, parameters)

    def action_confirm(self) -> None:
        """Show the race that there is; none can be started from here."""
        if self.model.state.trials:
            self._show_trials()
        else:
            self.action_not_here()

    def action_not_here(self) -> None:
        """Say why the key does nothing."""
        owner = self.model.driver.owner
        kinds = "race, stability limit, extension, reset and run again"
        tell(self.app, f"only where the run was started ({owner}): {kinds}", "warning")


def attach(app: App[Any], journal: Path, spec: RunSpec | None) -> None:
    """Show a run that goes on."""
    app.push_screen(AttachedScreen(JournalDriver(journal), spec or RunSpec()))
