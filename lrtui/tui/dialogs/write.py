"""The dialog that writes a file. It asks for a path, and again before it overwrites a file."""

import asyncio
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

_KEYS = "⏎ writes   esc cancels"


class Save(Protocol):
    """Writes to what was typed; raises FileExistsError where it exists and `overwrite` is off."""

    def __call__(self, place: str, *, overwrite: bool) -> str:
        """Write it, and return where that is."""
        ...


class Write(Dialog[str | None]):
    """Returns where it was written, or None after escape. It stays open after an error."""

    DEFAULT_CSS = """
    Write Line { margin: 1 0; }
    Write #answer { height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="write.leave")
    ]

    def __init__(
        self, suggested: Path, save: Save, question: str = "write the run record (JSON) to"
    ) -> None:
        super().__init__()
        self.question = question
        self.suggested = suggested
        self.save = save
        self.asked = ""  # the existing place that another Enter overwrites
        self.is_writing = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(self.question), markup=False)
            yield Line(str(self.suggested))
            yield Quiet.of(Content.styled(_KEYS, "dim"), id="answer")

    @on(Input.Changed)
    def _changed(self) -> None:
        self.asked = ""
        self._say(_KEYS, "dim")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if not text:
            self._say("a path is needed", "$error")
        elif not self.is_writing:
            self.is_writing = True
            self._say("writing …", "dim")
            self.run_worker(self._write(text), group="write")

    async def _write(self, text: str) -> None:
        """Write on a thread: a picture takes seconds, in which the screen goes on."""
        try:
            where = await asyncio.to_thread(self.save, text, overwrite=self.asked == text)
        except FileExistsError:
            self.asked = text
            self._say(f"{text} already exists.  ⏎ overwrites it   esc cancels", "bold $warning")
        except OSError as error:
            self._say(f"not written: {text}: {error.strerror or error}", "$error")
        except ValueError as error:  # a NUL in the path, or nothing to write
            self._say(f"not written: {error}", "$error")
        else:
            self.dismiss(where)
        finally:
            self.is_writing = False

    def _say(self, text: str, style: str) -> None:
        self.query_one("#answer", Quiet).show(Content.styled(clean(text), style), layout=True)
