"""Save the form as a preset, and open a preset in its place."""

from collections.abc import Callable
from pathlib import Path

from textual.app import App

from lrtui import presets
from lrtui.files import expanded
from lrtui.spec import RunSpec
from lrtui.tui.clean import clean
from lrtui.tui.dialogs.open_preset import OpenPreset
from lrtui.tui.dialogs.write import Write


def save_preset(app: App[object], spec: RunSpec) -> None:
    """Ask for a name or a path, and save the spec there."""

    def write(place: str, *, overwrite: bool) -> str:
        path = presets.preset_path(str(expanded(place)))
        presets.save(spec, path, overwrite=overwrite)
        return str(path)

    def notify(saved: str | None) -> None:
        if saved is not None:
            app.notify(clean(f"saved: {saved}"), markup=False, timeout=4)

    question = "save the form as a preset: a name, or a path.toml"
    app.push_screen(Write(Path(_name(spec)), write, question), notify)


def open_preset(app: App[object], fill: Callable[[RunSpec], None]) -> None:
    """Let a person choose a preset; `fill` gets its spec."""

    def fill_form(spec: RunSpec | None) -> None:
        if spec is not None:
            fill(spec)

    app.push_screen(OpenPreset(), fill_form)


def _name(spec: RunSpec) -> str:
    """`smallcnn-digits`: model and data."""
    names = [choice.target.rpartition(":")[2] for choice in (spec.model, spec.data)]
    return "-".join(names).lower()
