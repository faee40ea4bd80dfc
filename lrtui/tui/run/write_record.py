"""The dialog that writes a copy of the run record."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App

from lrtui import paths
from lrtui.files import folder_with_room
from lrtui.tui.run.export import file_name, save_copy
from lrtui.tui.run.model import RunModel
from lrtui.tui.toast import tell


def write_record(app: App[Any], model: RunModel, then: Callable[[], object] = lambda: None) -> None:
    """Ask for a path, and write the run record with the answer and boundaries as they stand.

    What is not saved is offered another folder. `then` is called after it was written.
    """
    from lrtui.export.formats import ASKED
    from lrtui.tui.dialogs.write import Write

    if model.state.started is None:
        tell(app, "nothing to write yet: no run has started", "warning")
        return

    def written(where: str | None) -> None:
        if where is not None:
            tell(app, f"written: {where}")
            then()

    app.push_screen(Write(_suggested(model), partial(save_copy, model), ASKED), written)


def _suggested(model: RunModel) -> Path:
    """A file in the working directory, or elsewhere for a run that is not saved."""
    name = file_name(model)
    if not model.not_saved:
        return name
    folder = folder_with_room([Path(), Path.home(), paths.elsewhere()])
    return name if folder is None else folder / name
