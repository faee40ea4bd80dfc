"""SetupScreen: the form that makes a RunSpec. The cursor is on the run button: Enter runs the form.

It paints before the form's own modules are imported.
"""

from typing import TYPE_CHECKING, cast

from textual import events, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen

from lrtui.spec import RunSpec
from lrtui.tui import keys
from lrtui.tui.form.help_line import HelpLine
from lrtui.tui.form.keyboard import Keyboard
from lrtui.tui.form.run_button import RunButton
from lrtui.tui.form.top_line import TopLine
from lrtui.tui.toast import copy, tell
from lrtui.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from lrtui.tui.app import LrtuiApp
    from lrtui.tui.form.before_run import BeforeRun
    from lrtui.tui.form.body import FormBody
    from lrtui.tui.session import Session

_OF_THE_FORM = ("row", "scroll", "copy_command")  # actions that do nothing before it is mounted


class SetupScreen(Screen[None]):
    """The frame around the form, and the actions of its keys. No widget has the focus."""

    BINDINGS = keys.SETUP
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    SetupScreen {
        overflow: hidden;

        #form { height: 1fr; }
    }
    """

    def __init__(self, spec: RunSpec, session: "Session | None") -> None:
        super().__init__()
        self.session = session
        self.given = spec
        self.body: FormBody | None = None
        self._keys = Keyboard(self)
        self._bar = ("run", False)  # what the key bar was made for

    def compose(self) -> ComposeResult:
        yield TopLine()
        yield Vertical(id="form")
        yield RunButton(id="run")
        yield HelpLine()
        yield KeyBar()

    def on_mount(self) -> None:
        self._show_help()
        # The button paints first and works at once; the form, which takes longer, follows a frame
        # later. The app is asked for that: while it starts, a screen counts itself as refreshed
        # before anything is painted.
        self.app.call_after_refresh(self._mount_form)

    async def _mount_form(self) -> None:
        from lrtui.tui.form.body import FormBody

        body = FormBody(self.given, self._session, self._key_name)
        await self.query_one("#form").mount(body)
        self.body = body
        await self._keys.start(body)
        self.refresh_bindings()

    @property
    def spec(self) -> RunSpec | None:
        """What the form says now; None where a text cannot be read."""
        if self.body is None:
            return self.given
        return self.body.form.spec

    def on_form_body_changed(self) -> None:
        """Show the state of the worker, the first problem, the help and the keys of the row."""
        if self.body is None:
            return
        shows_runs = self._key_name("setup.history")
        self.query_one(TopLine).show_state(self._session, self.body.going_on, shows_runs)
        self.query_one(RunButton).show_state(self.body.form, has_cursor=self.kind == "run")
        self._show_help()
        bar = (self.kind, self.body.form.data_watch.can_fetch)
        if bar != self._bar:
            self._bar = bar
            self.refresh_bindings()

    def _show_help(self) -> None:
        line = self.query_one(HelpLine)
        if self.body is None:
            line.show_help(self._first_help())
        else:
            line.show_help(self.body.help() or self._first_help(), self.body.cut_value())

    def _first_help(self) -> str:
        """How to use the form: shown while the cursor is on the button."""
        run, every = self._key_name("setup.press"), self._key_name("app.help")
        move = "tab and the arrow keys move between fields"
        return f"{run} runs the form; {move}; {every} lists all keys"

    def on_screen_resume(self) -> None:
        """Ask about the data and look at the runs again: a run may have changed them."""
        if self.body is not None:
            self.body.form.data_watch.ask_again()
            self.body.read_past_runs()

    # keys

    @property
    def kind(self) -> str:
        """What the cursor stands on; "list" while its list is open."""
        if self.body is None:
            return "run"
        if self.body.controls.list_is_open:
            return "list"
        return self.body.controls.kind

    async def on_key(self, event: events.Key) -> None:
        """Do what a key says, before the next key is looked at."""
        await self._keys.take(event)

    def on_paste(self, event: events.Paste) -> None:
        """Paste into the field with the cursor."""
        event.stop()
        self._keys.paste(event.text)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether a key types: then it is none of the app's keys."""
        return self._keys.types(key, character)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action does something where the cursor is."""
        if action == "fetch":
            return self.body is not None and self.body.form.data_watch.can_fetch
        match action:
            case "press_button":
                return self.kind == "run"
            case "done":
                return self.kind == "text"
            case "leave_field":
                return self.kind not in ("run", "list")
            case "row":
                return self.body is not None and self.body.controls.can(str(parameters[0]))
        return self.body is not None or action not in _OF_THE_FORM

    @on(RunButton.Pressed)
    def action_press_button(self) -> None:
        """Press the run button."""
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
        if self.body is not None:
            self.body.fill(spec)

    def action_fetch(self) -> None:
        """Download the data."""
        asking = self._before_run().offer_download()
        self.run_worker(asking, group="before_run", exclusive=True)

    def action_history(self) -> None:
        """Show every run that was kept."""
        from lrtui.tui.history.opening import open_history

        open_history(self.app)

    def action_grid(self) -> None:
        """Set up a grid around what the form says."""
        from lrtui.tui.grid.opening import open_grid

        spec = self._checked_spec()
        if spec is not None:
            open_grid(self.app, spec)

    def action_copy_command(self) -> None:
        """Copy the command that does the same as the form."""
        command = self._form_body.view.outlook.command()
        if command is None:
            save = self._key_name("setup.save")
            instead = f"correct it, or save it as a preset ({save})"
            tell(self.app, f"no command runs this form: {instead}")
        else:
            copy(self.app, command, "the command")

    def action_scroll(self, pages: int) -> None:
        """Scroll by half a screen."""
        self._form_body.scroll_by(pages * max(self.size.height // 2, 1))

    def action_row(self, verb: str) -> None:
        """Do something to the row with the cursor, or move the cursor."""
        self._form_body.controls.do(verb)
        self._form_body.show()

    def action_done(self) -> None:
        """Go from a text to the run button."""
        self.action_leave_field()

    def action_leave_field(self) -> None:
        """Go back to the run button."""
        self._form_body.go_to("run")

    def action_copy_text(self) -> None:
        """Of ctrl+c: copy what is selected, else say how to leave."""
        try:
            super().action_copy_text()
        except SkipAction:
            self._say_how_to_leave()

    def _say_how_to_leave(self) -> None:
        leave = f"{self._key_name('app.quit')} leaves lrtui"
        if self.kind == "run":
            tell(self.app, leave)
        else:
            tell(self.app, f"{self._key_name('setup.leave')}, then {leave}")

    def _key_name(self, binding_id: str) -> str:
        return cast("LrtuiApp", self.app).key_name(binding_id)

    def _checked_spec(self) -> RunSpec | None:
        """The spec of a form without problems; else go to the first field that is wrong."""
        body = self.body
        if body is None:
            return self.given
        body.check()
        if body.form.spec is not None and not body.form.problems:
            return body.form.spec
        body.go_to(body.form.problems[0].field)
        return None

    def _before_run(self) -> "BeforeRun":
        from lrtui.tui.form.before_run import BeforeRun

        return BeforeRun(self.app, self._session, self.body)

    @property
    def _form_body(self) -> "FormBody":
        assert self.body is not None, "its keys do nothing before it is mounted"
        return self.body

    @property
    def _session(self) -> "Session":
        assert self.session is not None, "only an app on a driver has no session, and no form"
        return self.session
