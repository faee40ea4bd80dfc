"""RunButton: the line with the run button, and what is wrong with the form beside it."""

from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.message import Message

from lrtui.tui.clean import clean
from lrtui.tui.widgets.quiet import Quiet

if TYPE_CHECKING:
    from lrtui.tui.app import LrtuiApp
    from lrtui.tui.form.form import Form


class RunButton(Quiet):
    """One text. Textual's Button has 7 KB of CSS, which would delay the first paint."""

    DEFAULT_CSS = """
    RunButton { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    class Pressed(Message):
        """It was clicked."""

    def on_mount(self) -> None:
        self._show(Content(""), has_cursor=True)

    def show_state(self, form: "Form", *, has_cursor: bool) -> None:
        """Show whether Enter presses the button, and the first problem of the form."""
        self._show(_problem(form), has_cursor=has_cursor)

    def _show(self, problem: Content, *, has_cursor: bool) -> None:
        style = "bold $accent reverse" if has_cursor else "bold $accent"
        key = cast("LrtuiApp", self.app).key_name("setup.press")
        self.show(Content.assemble((f" {key} run ", style), "  ", problem))

    def on_click(self) -> None:
        self.post_message(self.Pressed())


def _problem(form: "Form") -> Content:
    if not form.problems:
        problem = form.data_watch.problem
        return Content.styled(problem and clean(f"data: {problem}"), "$error")
    first = Content.styled(clean(str(form.problems[0])), "$error")
    if len(form.problems) == 1:
        return first
    return Content.assemble(first, (f"  (and {len(form.problems) - 1} more)", "dim"))
