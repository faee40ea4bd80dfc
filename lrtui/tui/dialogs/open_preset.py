"""The dialog that opens a preset, or the spec at a path. Recent presets come first."""

import time
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from lrtui import presets
from lrtui.files import expanded
from lrtui.presets import Preset
from lrtui.spec import RunSpec, SpecError
from lrtui.specfile import read
from lrtui.tui.clean import clean
from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.widgets.line import Line
from lrtui.tui.widgets.menu import Menu
from lrtui.tui.widgets.quiet import Quiet


class OpenPreset(Dialog[RunSpec | None]):
    """Returns a spec, or None after escape. It stays open when a file cannot be read."""

    DEFAULT_CSS = """
    OpenPreset {
        Line { margin: 1 0; }
        Menu { max-height: 14; margin: 0 0 1 0; }
        #answer { height: auto; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="open.leave"),
        Binding("up", "move(-1)", show=False, id="open.up"),
        Binding("down", "move(1)", show=False, id="open.down"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.all = presets.presets(Path.cwd())
        self.shown: list[Preset] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static("open a preset: type to filter, or type the path of a spec", markup=False)
            yield Line()
            yield Menu()
            yield Quiet(id="answer")

    def on_mount(self) -> None:
        self._filter("")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._filter(event.value.strip())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        menu = self.query_one(OptionList)
        text = event.value.strip()
        if menu.highlighted is not None:
            self._open(self.shown[menu.highlighted].path)
        elif text:
            self._open(presets.find(expanded(text)))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._open(self.shown[event.option_index].path)

    def action_move(self, by: int) -> None:
        """Highlight the next or the previous line."""
        menu = self.query_one(OptionList)
        if by > 0:
            menu.action_cursor_down()
        else:
            menu.action_cursor_up()

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        self.shown = [preset for preset in self.all if _matches(preset, words)]
        has_presets = bool(self.shown)
        menu = self.query_one(OptionList)
        menu.clear_options()
        menu.add_options([Option(_prompt(preset)) for preset in self.shown])
        menu.display = has_presets
        menu.highlighted = 0 if has_presets else None
        if has_presets:
            self._say("enter opens   ↑↓ choose   esc cancels", "dim")
        elif text:
            self._say("no such preset: enter opens it as a path   esc cancels", "dim")
        else:
            self._say("no presets: f2 in the form saves one", "dim")

    def _open(self, path: Path) -> None:
        try:
            spec = read(path)
        except SpecError as error:
            self._say(str(error), "$error")
        else:
            self.dismiss(spec)

    def _say(self, text: str, style: str) -> None:
        self.query_one("#answer", Quiet).show(Content.styled(clean(text), style), layout=True)


def _matches(preset: Preset, words: list[str]) -> bool:
    text = f"{preset.name} {preset.path}".lower()
    return all(word in text for word in words)


def _prompt(preset: Preset) -> Content:
    return Content.assemble((f"{_age(preset):>6}  ", "dim"), clean(preset.name))


def _age(preset: Preset) -> str:
    """How long ago a recent preset was run."""
    if not preset.recent:
        return "saved"
    try:
        modified = preset.path.stat().st_mtime
    except OSError:  # removed meanwhile
        return "gone"
    minutes = (time.time() - modified) / 60
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes:.0f} min"
    if minutes < 60 * 24:
        return f"{minutes / 60:.0f} h"
    return f"{minutes / 60 / 24:.0f} d"
