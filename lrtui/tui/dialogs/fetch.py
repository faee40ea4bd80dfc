"""The dialog that fetches data: asks, shows how far it is, can be left at any time."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from lrtui.catalog.availability import Availability, human
from lrtui.protocol import Fetched, Fetching, key
from lrtui.spec import Choice
from lrtui.tui.clean import clean
from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.session import Session
from lrtui.tui.widgets.quiet import Quiet

_POLL = 0.2
_BAR = 40


class Fetch(Dialog[bool]):
    """True when the data is there; False when it was left, or could not be had."""

    DEFAULT_CSS = """
    Fetch #state { height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "begin", "download", id="fetch.begin"),
        Binding("escape,n", "leave", "leave", id="fetch.leave"),
    ]

    def __init__(self, session: Session, data: Choice, availability: Availability) -> None:
        super().__init__()
        self.session = session
        self.data = data
        self.availability = availability
        self.begun = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(f"{clean(self.data.target)} is not here yet."), markup=False)
            yield Quiet(id="state")

    def on_mount(self) -> None:
        size = human(self.availability.size)
        self._say(f"\n⏎  download it{f' ({size})' if size else ''}\nesc  back to the form")
        self.set_interval(_POLL, self._poll)

    def action_begin(self) -> None:
        """Start the download."""
        if not self.begun:
            self.begun = True
            self.session.fetch(self.data)
            self._say("\nbeginning …\nesc  leave it")

    def action_leave(self) -> None:
        """End it, and go back."""
        if self.begun:
            self.session.leave(self.data)
        self.dismiss(False)

    def _poll(self) -> None:
        said = self.session.fetching.get(key(self.data)) if self.begun else None
        if isinstance(said, Fetched) and not said.problem:
            self.dismiss(True)
        elif isinstance(said, Fetched):
            self.begun = False
            self._say(f"\n{clean(said.problem)}\n\n⏎  try again\nesc  back to the form", "$error")
        elif isinstance(said, Fetching):
            self._say(f"\n{clean(said.name)}\n{progress(said)}\n\nesc  leave it")

    def _say(self, text: str, style: str = "") -> None:
        self.query_one("#state", Quiet).show(Content.styled(text, style), layout=True)


def progress(said: Fetching) -> str:
    """A bar where the end is known, and megabytes."""
    done = f"{said.done / 1e6:.1f}"
    if not said.total:
        return f"{done} MB"
    filled = round(_BAR * min(1.0, said.done / said.total))
    return f"{'━' * filled}{'╌' * (_BAR - filled)}  {done} of {said.total / 1e6:.1f} MB"
