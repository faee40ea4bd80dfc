"""The setup screen: a form that makes a RunSpec. The run button has the focus, so that one Enter runs what is there.

It paints before the form itself, and what that needs, is imported.
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
_HELP = "⏎ runs; tab and the arrows walk through the form; ? shows every key"


class SetupScreen(Screen[None]):
    """The frame around the form, and what its keys do."""

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
        #problem { width: 1fr; padding: 0 0 0 2; text-wrap: nowrap; text-overflow: ellipsis; }
        #help { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def __init__(self, spec: RunSpec, session: "Session | None") -> None:
        super().__init__()
        self.session = session
        self.given = spec
        self.body: FormBody | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="top"):
            yield Static(
                Content.assemble(("lrtui", "bold"), ("  learning-rate range test", "dim")),
                id="title",
            )
            yield Quiet(id="torch")
        yield Vertical(id="form")
        with Horizontal(id="bottom"):
            yield RunButton(" ⏎ run ", id="run")
            yield Quiet(id="problem")
        yield Quiet(id="help")
        yield KeyBar()

    def on_mount(self) -> None:
        # The button paints first and works at once; the form, which takes longer to lay out, follows a frame later. The
        # app is asked: while it starts, a screen counts itself as refreshed before anything is painted.
        self.app.call_after_refresh(self._fill)

    async def _fill(self) -> None:
        from lrtui.tui.form.body import FormBody

        form, self.body = self.query_one("#form"), None
        with self.app.batch_update():
            await form.remove_children()
            self.body = FormBody(self.given, self.session)
            await form.mount(self.body)

    @property
    def spec(self) -> RunSpec | None:
        """What the form says now."""
        return self.body.spec if self.body else self.given

    def on_form_body_changed(self) -> None:
        """Show what is known, and the first thing that is wrong."""
        self._tell_torch()
        self._tell_problem()
        self.refresh_bindings()

    def _tell_torch(self) -> None:
        session = self.session
        if session is not None:
            ready = session.ready
            words = clean(session.problem) or (
                f"torch {clean(ready.torch)}" if ready else "loading torch …"
            )
            style = "$error" if session.problem else "dim"
            self.query_one("#torch", Quiet).show(Content.styled(words, style), layout=True)

    def _tell_problem(self) -> None:
        body = self.body
        line = Content("")
        if body and body.problems:
            more = f"  (and {len(body.problems) - 1} more)" if len(body.problems) > 1 else ""
            line = Content.assemble((clean(str(body.problems[0])), "$error"), (more, "dim"))
        elif body and body.data_watch.problem:
            line = Content.styled(clean(f"data: {body.data_watch.problem}"), "$error")
        self.query_one("#problem", Quiet).show(line)

    def on_descendant_focus(self) -> None:
        """Say what the field in hand is, and show where it stands."""
        words = self.body.help(self.focused) if self.body else ""
        self.query_one("#help", Quiet).show(Content.styled(clean(words or _HELP), "dim"))

    def on_screen_resume(self) -> None:
        """Files and data may be others than before a run."""
        if self.body is not None:
            self.body.data_watch.again()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_leave_field()

    @on(RunButton.Pressed)
    def _pressed(self) -> None:
        self.action_run()

    def action_run(self) -> None:
        """Run what the form says; with something wrong, go there instead."""
        spec, gate = self._sound(), self._gate()
        if spec is not None and gate is not None:
            self.run_worker(gate.run(spec), group="gate", exclusive=True)

    def action_save(self) -> None:
        """Save the form as a preset."""
        from lrtui.tui.form import presetting

        spec = self._sound()
        if spec is not None:
            presetting.save(self.app, spec)

    def action_open(self) -> None:
        """Open a preset in place of this form."""
        from lrtui.tui.form import presetting

        presetting.open_one(self.app, self._open)

    def _open(self, spec: RunSpec) -> None:
        self.given = spec
        self.action_leave_field()
        self.run_worker(self._fill(), group="fill")

    def action_fetch(self) -> None:
        """Download the data."""
        gate = self._gate()
        if gate is not None:
            self.run_worker(gate.fetch(), group="gate", exclusive=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A download is offered where there is something to download."""
        return action != "fetch" or (self.body is not None and self.body.data_watch.can_fetch)

    def action_leave_field(self) -> None:
        """Back to the run button."""
        self.query_one("#run").focus()

    def _sound(self) -> RunSpec | None:
        """The spec when nothing is wrong with it; else the cursor is put where something is."""
        body = self.body
        if body is None:
            return self.given
        body.check()
        if body.problems or body.spec is None:
            self.run_worker(body.go_to(body.problems[0].field), group="gate", exclusive=True)
            return None
        return body.spec

    def _gate(self) -> "BeforeRun | None":
        from lrtui.tui.form.before_run import BeforeRun

        if self.session is None:
            self.notify("there is no worker to run it", markup=False, severity="error")
            return None
        return BeforeRun(self.app, self.session, self.body)
