"""SetupScreen: the form that makes a RunSpec. The run button has the focus: Enter runs the form.

It paints before the form's own modules are imported.
"""

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from lrtui.spec import RunSpec
from lrtui.tui import keys
from lrtui.tui.clean import clean
from lrtui.tui.form.run_button import RunButton
from lrtui.tui.widgets.key_bar import KeyBar
from lrtui.tui.widgets.quiet import Quiet

if TYPE_CHECKING:
    from lrtui.tui.form.before_run import BeforeRun
    from lrtui.tui.form.body import FormBody
    from lrtui.tui.session import Session

_WIDTHS = [(0, "-narrow"), (104, "-normal"), (170, "-wide")]
_HEIGHTS = [(0, "-short"), (34, "-tall")]
_HELP = "⏎ runs the form; tab and the arrow keys move between fields; ? lists all keys"


class SetupScreen(Screen[None]):
    """The frame around the form, and the actions of its keys."""

    BINDINGS = keys.SETUP
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    AUTO_FOCUS = "#run"
    DEFAULT_CSS = """
    SetupScreen {
        #top { height: 1; }
        #title { width: 1fr; }
        #torch { width: auto; }
        #form { height: 1fr; margin: 1 0 0 0; }
        #bottom { height: 1; }
        #problem {
            width: 1fr;
            padding: 0 0 0 2;
            text-wrap: nowrap;
            text-overflow: ellipsis;
        }
        #help { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def __init__(self, spec: RunSpec, session: "Session | None") -> None:
        super().__init__()
        self.session = session
        self.given = spec
        self.body: FormBody | None = None

    def compose(self) -> ComposeResult:
        title = Content.assemble(("lrtui", "bold"), ("  learning-rate range test", "dim"))
        with Horizontal(id="top"):
            yield Static(title, id="title")
            yield Quiet(id="torch")
        yield Vertical(id="form")
        with Horizontal(id="bottom"):
            yield RunButton(" ⏎ run ", id="run")
            yield Quiet(id="problem")
        yield Quiet(id="help")
        yield KeyBar()

    def on_mount(self) -> None:
        # The button paints first and works at once; the form, which takes longer, follows a frame
        # later. The app is asked for that: while it starts, a screen counts itself as refreshed
        # before anything is painted.
        self.app.call_after_refresh(self._mount_form)

    async def _mount_form(self) -> None:
        from lrtui.tui.form.body import FormBody

        form = self.query_one("#form")
        self.body = None
        with self.app.batch_update():
            await form.remove_children()
            self.body = FormBody(self.given, self._session)
            await form.mount(self.body)

    @property
    def spec(self) -> RunSpec | None:
        """What the form says now; None where a text cannot be read."""
        if self.body is None:
            return self.given
        return self.body.spec

    def on_form_body_changed(self) -> None:
        """Show the state of the worker and the first problem."""
        self._show_torch()
        self.query_one("#problem", Quiet).show(self._problem_line())
        self.refresh_bindings()

    def _show_torch(self) -> None:
        session = self._session
        line = Content.styled("loading torch …", "dim")
        if session.problem:
            line = Content.styled(clean(session.problem), "$error")
        elif session.ready:
            line = Content.styled(f"torch {clean(session.ready.torch)}", "dim")
        self.query_one("#torch", Quiet).show(line, layout=True)

    def _problem_line(self) -> Content:
        body = self.body
        if body is None:
            return Content("")
        if not body.problems:
            problem = body.data_watch.problem
            return Content.styled(problem and clean(f"data: {problem}"), "$error")
        first = Content.styled(clean(str(body.problems[0])), "$error")
        others = len(body.problems) - 1
        if not others:
            return first
        return Content.assemble(first, (f"  (and {others} more)", "dim"))

    def on_descendant_focus(self) -> None:
        """Show the help of the focused field."""
        text = ""
        if self.body is not None:
            text = self.body.help(self.focused)
        self.query_one("#help", Quiet).show(Content.styled(clean(text or _HELP), "dim"))

    def on_screen_resume(self) -> None:
        """Ask about the data again: a run may have changed it."""
        if self.body is not None:
            self.body.data_watch.ask_again()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_leave_field()

    @on(RunButton.Pressed)
    def _pressed(self) -> None:
        self.action_run()

    def action_run(self) -> None:
        """Run the form, or go to the first field that is wrong."""
        spec = self._checked_spec()
        if spec is not None:
            asking = self._before_run().ask_and_run(spec)
            self.run_worker(asking, group="before_run", exclusive=True)

    def action_save(self) -> None:
        """Save the form as a preset."""
        from lrtui.tui.form.preset_actions import save_preset

        spec = self._checked_spec()
        if spec is not None:
            save_preset(self.app, spec)

    def action_open(self) -> None:
        """Open a preset in place of this form."""
        from lrtui.tui.form.preset_actions import open_preset

        open_preset(self.app, self.fill)

    def fill(self, spec: RunSpec) -> None:
        """Put another spec into the form."""
        self.given = spec
        self.action_leave_field()
        self.run_worker(self._mount_form(), group="fill")

    def action_fetch(self) -> None:
        """Download the data."""
        asking = self._before_run().offer_download()
        self.run_worker(asking, group="before_run", exclusive=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The download key is shown where the data can be downloaded."""
        if action != "fetch":
            return True
        return self.body is not None and self.body.data_watch.can_fetch

    def action_leave_field(self) -> None:
        """Go back to the run button."""
        self.query_one("#run").focus()

    def _checked_spec(self) -> RunSpec | None:
        """The spec of a form without problems; else go to the first field that is wrong."""
        body = self.body
        if body is None:
            return self.given
        body.check()
        if body.spec is not None and not body.problems:
            return body.spec
        going = body.go_to(body.problems[0].field)
        self.run_worker(going, group="before_run", exclusive=True)
        return None

    def _before_run(self) -> "BeforeRun":
        from lrtui.tui.form.before_run import BeforeRun

        return BeforeRun(self.app, self._session, self.body)

    @property
    def _session(self) -> "Session":
        assert self.session is not None, "only an app on a driver has no session, and no form"
        return self.session
