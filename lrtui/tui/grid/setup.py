"""SetUpGrid: the page on which a grid is typed; it says at once how many runs that is."""

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from lrtui.files import expanded, write_atomic
from lrtui.spec import RunSpec, SpecError
from lrtui.sweep.grid import Grid, to_toml
from lrtui.tui.clean import clean
from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.dialogs.write import Write
from lrtui.tui.grid.texts import HINTS, LABELS, first_texts, grid_of, words
from lrtui.tui.widgets.line import Line
from lrtui.tui.widgets.quiet import Quiet

_KEYS = "enter runs them   ↑↓ fields   f2 saves the grid as TOML   esc cancels"


class SetUpGrid(Dialog[list[RunSpec] | None]):
    """Returns the specs to run, or None after escape."""

    DEFAULT_CSS = """
    SetUpGrid {
        #lines { height: auto; }
        Horizontal { height: 1; }
        .label { width: 16; text-style: dim; }
        #base { height: auto; margin: 0 0 1 0; }
        #grid { height: auto; margin: 1 0; }
        #keys { text-style: dim; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="grid.leave"),
        # with priority: what is typed next must reach the next field
        Binding("up", "app.focus_previous", show=False, id="grid.up", priority=True),
        Binding("down", "app.focus_next", show=False, id="grid.down", priority=True),
        Binding("f2", "save", "save", id="grid.save"),
    ]

    def __init__(self, base: RunSpec) -> None:
        super().__init__()
        self.base = base
        self.grid: Grid | None = None
        self.specs: list[RunSpec] = []

    def compose(self) -> ComposeResult:
        texts = first_texts(self.base)
        names = (self.base.model.target, self.base.data.target)
        what = " on ".join(clean(name.rpartition(":")[2]) for name in names)
        with VerticalScroll(classes="dialog", can_focus=False), Vertical(id="lines"):
            yield Static(f"a grid of runs: {what}, every combination", id="base", markup=False)
            for index, label in enumerate(LABELS):
                with Horizontal():
                    yield Static(label, classes="label", markup=False)
                    yield Line(texts[label], HINTS[label], id=f"text{index}")
            yield Quiet(id="grid")
            yield Static(_KEYS, id="keys", markup=False)

    def on_mount(self) -> None:
        self._read()

    @on(Input.Changed)
    def _changed(self) -> None:
        self._read()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.specs:
            self.dismiss(self.specs)

    def action_save(self) -> None:
        """Ask for a path, and write the grid as TOML."""
        if self.grid is not None:
            self.app.push_screen(Write(Path("grid.toml"), self._save, "write the grid (TOML) to"))

    def _save(self, place: str, *, overwrite: bool) -> str:
        if self.grid is None:
            raise ValueError("the texts are no grid")
        return str(write_atomic(to_toml(self.grid).encode(), expanded(place), overwrite))

    def _read(self) -> None:
        """Say how many runs the texts are, or what is wrong with them."""
        texts = {}
        for index, label in enumerate(LABELS):
            texts[label] = self.query_one(f"#text{index}", Line).value
        try:
            self.grid = grid_of(self.base, texts)
            self.specs = self.grid.expand()
        except SpecError as error:
            self.grid, self.specs = None, []
            self._say(str(error), "$error")
        else:
            self._say(words(self.grid, len(self.specs)), "bold")

    def _say(self, text: str, style: str) -> None:
        self.query_one("#grid", Quiet).show(Content.styled(clean(text), style), layout=True)
