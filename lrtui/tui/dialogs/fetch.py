"""The dialog that downloads data. It asks, shows the progress, and can be cancelled."""

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

_POLL_SECONDS = 0.2
_BAR_WIDTH = 40


class Fetch(Dialog[bool]):
    """Returns True after the download; False where it was cancelled or failed."""

    DEFAULT_CSS = """
    Fetch #state { height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "begin", "download", id="fetch.begin"),
        Binding("escape,n", "leave", "cancel", id="fetch.leave"),
    ]

    def __init__(self, session: Session, data: Choice, availability: Availability) -> None:
        super().__init__()
        self.session = session
        self.data = data
        self.availability = availability
        self.begun = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(f"{clean(self.data.target)} is not downloaded."), markup=False)
            yield Quiet(id="state")

    def on_mount(self) -> None:
        size = human(self.availability.size)
        if size:
            size = f" ({size})"
        self._show(f"\nenter  download it{size}\nesc    back to the form")
        self.set_interval(_POLL_SECONDS, self._poll)

    def action_begin(self) -> None:
        """Start the download."""
        if not self.begun:
            self.begun = True
            self.session.fetch(self.data)
            self._show("\nstarting …\nesc  cancel")

    def action_leave(self) -> None:
        """Cancel the download, and go back."""
        if self.begun:
            self.session.leave(self.data)
        self.dismiss(False)

    def _poll(self) -> None:
        if not self.begun:
            return
        answer = self.session.fetching.get(key(self.data))
        if isinstance(answer, Fetching):
            self._show(f"\n{clean(answer.name)}\n{progress(answer)}\n\nesc  cancel")
        elif isinstance(answer, Fetched) and answer.problem:
            self.begun = False
            problem = clean(answer.problem)
            self._show(f"\n{problem}\n\nenter  try again\nesc    back to the form", "$error")
        elif isinstance(answer, Fetched):
            self.dismiss(True)

    def _show(self, text: str, style: str = "") -> None:
        self.query_one("#state", Quiet).show(Content.styled(text, style), layout=True)


def progress(answer: Fetching) -> str:
    """Megabytes, and a bar where the total is known."""
    done = f"{answer.done / 1e6:.1f}"
    if not answer.total:
        return f"{done} MB"
    filled = round(_BAR_WIDTH * min(1.0, answer.done / answer.total))
    bar = "━" * filled + "╌" * (_BAR_WIDTH - filled)
    return f"{bar}  {done} of {answer.total / 1e6:.1f} MB"
