"""Save the form as a preset, and open one in its place."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import App

from lrtui import presets
from lrtui.spec import RunSpec
from lrtui.tui.clean import clean


def save(app: App[Any], spec: RunSpec) -> None:
    """Ask for a name or a path, and write the spec there."""
    from lrtui.tui.dialogs.write import Write

    def write(path: Path, *, overwrite: bool) -> None:
        presets.save(spec, presets.place(str(path)), overwrite=overwrite)

    name = Path(_name(spec))
    app.push_screen(
        Write(name, write, "save the form as a preset: a name, or a path.toml"),
        partial(_saved, app),
    )


def _saved(app: App[Any], path: Path | None) -> None:
    if path is not None:
        app.notify(clean(f"saved: {presets.place(str(path))}"), markup=False, timeout=4)


def open_one(app: App[Any], fill: Callable[[RunSpec], object]) -> None:
    """Let a person choose a preset; `fill` is given what stands in it."""
    from lrtui.tui.dialogs.open_preset import OpenPreset

    def chosen(spec: RunSpec | None) -> None:
        if spec is not None:
            fill(spec)

    app.push_screen(OpenPreset(), chosen)


def _name(spec: RunSpec) -> str:
    """A name that says what is run."""
    return "-".join(choice.target.rpartition(":")[2] for choice in (spec.model, spec.data)).lower()
