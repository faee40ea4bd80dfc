"""The dialog that opens a preset: recent ones first; what is typed filters, or is the path of a spec."""

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

from lrtui.presets import Preset, found, presets
from lrtui.spec import RunSpec, SpecError
from lrtui.specfile import read
from lrtui.tui.clean import clean
from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.widgets.line import Line
from lrtui.tui.widgets.menu import Menu
from lrtui.tui.widgets.quiet import Quiet


class OpenPreset(Dialog[RunSpec | None]):
    """Stays open until a spec is read or escape is pressed; what is wrong with a file is said in a line."""

    DEFAULT_CSS = """
    OpenPreset {
        Line { margin: 1 0; }
        Menu { max-height: 14; margin: 0 0 1 0; }
        #answer { height: auto; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "leave", id="open.leave"),
        Binding("up", "move(-1)", show=False, id="open.up"),
        Binding("down", "move(1)", show=False, id="open.down"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.all = presets(Path.cwd())
        self.shown: list[Preset] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(
                Content("open a preset: type to filter, or the path of a spec"), markup=False
            )
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
        menu, text = self.query_one(OptionList), event.value.strip()
        if menu.highlighted is not None:
            self._open(self.shown[menu.highlighted].path)
        elif text:
            self._open(found(Path(text).expanduser()))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._open(self.shown[event.option_index].path)

    def action_move(self, by: int) -> None:
        """Another line of the list."""
        menu = self.query_one(OptionList)
        menu.action_cursor_down() if by > 0 else menu.action_cursor_up()

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        self.shown = [
            one
            for one in self.all
            if all(word in f"{one.name} {one.path}".lower() for word in words)
        ]
        menu = self.query_one(OptionList)
        menu.clear_options()
        menu.add_options([Option(_prompt(preset)) for preset in self.shown])
        menu.display = bool(self.shown)
        menu.highlighted = 0 if self.shown else None
        none = (
            "none of that name: ⏎ opens it as a path   esc leaves"
            if text
            else "no preset yet: f2 saves one"
        )
        self._say("⏎ opens   ↑↓ choose   esc leaves" if self.shown else none, "dim")

    def _open(self, path: Path) -> None:
        try:
            spec = read(path)
        except SpecError as error:
            self._say(str(error), "$error")
        else:
            self.dismiss(spec)

    def _say(self, text: str, style: str) -> None:
        self.query_one("#answer", Quiet).show(Content.styled(clean(text), style), layout=True)


def _prompt(preset: Preset) -> Content:
    return Content.assemble((f"{_age(preset)}  ", "dim"), clean(preset.name))


def _age(preset: Preset) -> str:
    """How long ago it was run; saved ones say that they are."""
    if not preset.recent:
        return " saved"
    minutes = max(0.0, time.time() - preset.path.stat().st_mtime) / 60
    for size, unit in ((60 * 24, "d"), (60, "h"), (1, "min")):
        if minutes >= size:
            return f"{f'{minutes / size:.0f} {unit}':>6}"
    return "   now"
