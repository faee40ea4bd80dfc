"""The dialog that writes a file: asks for a path, and again before it overwrites."""

from pathlib import Path
from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from lrtui.tui.clean import clean
from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.widgets.line import Line
from lrtui.tui.widgets.quiet import Quiet


class Save(Protocol):
    """Writes the file; FileExistsError where `overwrite` is needed."""

    def __call__(self, path: Path, *, overwrite: bool) -> None:
        """Write it there."""
        ...


class Write(Dialog[Path | None]):
    """Asks where to; stays open until the file is written or escape is pressed."""

    DEFAULT_CSS = """
    Write Line { margin: 1 0; }
    Write #answer { height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "leave", id="write.leave")
    ]

    def __init__(
        self, suggested: Path, save: Save, what: str = "write the run record (JSON) to"
    ) -> None:
        super().__init__()
        self.what = what
        self.suggested = suggested
        self.save = save
        self.asked = ""  # the path that would be overwritten by another Enter

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(self.what), markup=False)
            yield Line(str(self.suggested))
            yield Quiet(id="answer")

    def on_mount(self) -> None:
        self._say("⏎ writes   esc leaves", "dim")

    @on(Input.Changed)
    def _changed(self) -> None:
        self.asked = ""
        self._say("⏎ writes   esc leaves", "dim")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if not text:
            self._say("a path is needed", "$error")
            return
        try:
            path = Path(text).expanduser()
            self.save(path, overwrite=self.asked == text)
        except FileExistsError:
            self.asked = text
            self._say(f"{text} is there already.  ⏎ overwrites it   esc leaves", "bold $warning")
        except OSError as error:
            self._say(f"not written: {text}: {error.strerror or error}", "$error")
        except (
            RuntimeError,
            ValueError,
        ) as error:  # no such user, a nul in the path, nothing to record
            self._say(f"not written: {error}", "$error")
        else:
            self.dismiss(path)

    def _say(self, text: str, style: str) -> None:
        self.query_one("#answer", Quiet).show(Content.styled(clean(text), style), layout=True)
