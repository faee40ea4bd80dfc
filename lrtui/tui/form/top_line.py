"""TopLine: the name of the app, and on the right a run that goes on, or the worker's state."""

from typing import TYPE_CHECKING

from textual import events
from textual.content import Content

from lrtui.tui.clean import clean
from lrtui.tui.widgets.quiet import Quiet

if TYPE_CHECKING:
    from lrtui.tui.session import Session

_TITLE = Content.assemble(("lrtui", "bold"), ("  learning-rate range test", "dim"))


class TopLine(Quiet):
    """One text: two widgets in a row would cost the first paint a layout."""

    DEFAULT_CSS = """
    TopLine { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self) -> None:
        super().__init__(id="top")
        self._state = Content("")

    def show_state(self, session: "Session", going_on: int, key: str) -> None:
        """Show how many runs go on elsewhere, and the key that shows them; or torch's version."""
        there = f" on {clean(session.host)}" if session.host else ""
        self._state = Content.styled(f"loading torch{there} …", "dim")
        if session.problem:
            self._state = Content.styled(clean(session.problem), "$error")
        elif going_on == 1:
            self._state = Content.styled(f"a run goes on: {key} shows it", "$accent")
        elif going_on:
            self._state = Content.styled(f"{going_on} runs go on: {key} shows them", "$accent")
        elif session.ready:
            self._state = Content.styled(f"torch {clean(session.ready.torch)}{there}", "dim")
        self._show()

    def on_resize(self, _: events.Resize) -> None:
        self._show()

    def _show(self) -> None:
        gap = self.size.width - _TITLE.cell_length - self._state.cell_length
        self.show(Content.assemble(_TITLE, " " * max(gap, 2), self._state))
