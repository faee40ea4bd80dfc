"""The dialog that writes a copy of the run record."""

from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App

from lrtui.tui.run.export import file_name, save_copy
from lrtui.tui.run.model import RunModel
from lrtui.tui.toast import tell


def write_record(app: App[Any], model: RunModel) -> None:
    """Ask for a path, and write the run record with the answer and boundaries as they stand."""
    from lrtui.export.formats import ENDINGS
    from lrtui.tui.dialogs.write import Write

    if model.state.started is None:
        tell(app, "nothing to write yet: no run has started", "warning")
        return

    def written(path: Path | None) -> None:
        if path is not None:
            tell(app, f"written: {path}")

    question = f"write the run to a file that ends in {ENDINGS}"
    app.push_screen(Write(file_name(model), partial(save_copy, model), question), written)
