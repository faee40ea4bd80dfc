"""The app: opens the form, or a run. What touches the terminal itself is in terminal.py."""

import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual.app import App
from textual.binding import Binding, BindingsMap, Keymap
from textual.filter import LineFilter
from textual.screen import ModalScreen, Screen

from lrtui import paths
from lrtui.shell import signals
from lrtui.shell.ascii import ascii_text
from lrtui.spec import RunSpec
from lrtui.tui import keys
from lrtui.tui.changes import ChangedCells
from lrtui.tui.clean import CleanFilter, clean
from lrtui.tui.compare.marks import Marks
from lrtui.tui.config import (
    NO_FLAGS,
    ConfigError,
    Flags,
    ascii_setting,
    hangup_setting,
    mouse_setting,
    read_config,
)
from lrtui.tui.display import Display
from lrtui.tui.glyphs import AsciiFilter
from lrtui.tui.parting import Leavable, Parting
from lrtui.tui.terminal import Departure, redirected_output, refusal
from lrtui.tui.theme import LRTUI
from lrtui.tui.too_small import TooSmall, is_too_small
from lrtui.tui.typing_order import Typed, TypingOrder
from lrtui.tui.widgets.for_selecting import remove_from

if TYPE_CHECKING:
    from lrtui.launch.driver import Driver
    from lrtui.launch.remote.host import Host
    from lrtui.tui.dialogs.help import Key
    from lrtui.tui.session import Session

HANG_UP = 128 + signal.SIGHUP
_NAMES = {"⏎": "enter", "←": "left", "→": "right", "↑": "up", "↓": "down"}
NOT_SAVED = 5  # as `lrtui run`
BEFORE_RUN = "before_run"  # the group of workers that open a screen


class LrtuiApp(App[None]):
    """With a `session` the app opens on the form; with a `driver` it opens on that driver's run.

    Args:
        spec: what the form is filled with, or what the driver runs.
        session: makes a driver for what the form says.
        driver: drives live objects, or something else that has no form.
        keymap: the user's own keys, by binding id.
        ascii: nothing but ASCII is drawn.
        on_hangup: whether a run goes on without the terminal: "continue" or "stop".
        choose: opens the list of runs, on those that go on.
    """

    CSS_PATH = "app.tcss"
    TITLE = "lrtui"
    BINDINGS = keys.EVERYWHERE
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        spec: RunSpec | None = None,
        session: "Session | None" = None,
        driver: "Driver | None" = None,
        keymap: dict[str, str] | None = None,
        ascii: bool = False,
        on_hangup: str = "continue",
        choose: bool = False,
    ) -> None:
        own_theme = "TEXTUAL_THEME" not in os.environ
        super().__init__(driver_class=Display, ansi_color=own_theme or None)
        self.spec = spec or RunSpec()
        self.session = session
        self.driver = driver
        self.marks = Marks()  # a run keeps its colour and marker on every screen
        self.ascii = ascii
        self.on_hangup = on_hangup
        self.choose = choose
        self.register_theme(LRTUI)
        if own_theme:
            self.theme = LRTUI.name
        self.parting = Parting()
        self.departure = Departure()
        self.elsewhere = ""  # where runs are kept, if not where they should be
        self._changes = ChangedCells()
        self._own_filters: list[LineFilter] = [CleanFilter()]
        if ascii:
            self._own_filters.append(AsciiFilter())
        self._typing = TypingOrder(self, super().on_event, self._opens_a_screen)
        self.set_keymap(keymap or {})

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters, and those that remove control characters and foreign glyphs."""
        return [*super().get_line_filters(), *self._own_filters]

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Write an update, of changed cells only."""
        super()._display(screen, self._changes.only(renderable, self.size))

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        if self.session is not None:
            # after the first paint, because a process that imports torch would slow it down
            self.call_after_refresh(self.session.start)

    def get_default_screen(self) -> Screen[Any]:
        """The run screen where a driver was given, or the list of runs; else the form."""
        if self.choose:
            from lrtui.tui.history.screen import HistoryScreen

            return HistoryScreen("running", alone=True)
        if self.driver is not None and self.driver.owner:
            from lrtui.tui.attached import AttachedScreen

            return AttachedScreen(self.driver, self.spec, alone=True)
        if self.driver is not None:
            from lrtui.tui.run.screen import RunScreen

            return RunScreen(self.driver, self.spec, alone=True)
        from lrtui.tui.form.screen import SetupScreen

        return SetupScreen(self.spec, self.session)

    def on_unmount(self) -> None:
        self._typing.close()

    def on_resize(self, event: events.Resize) -> None:
        """Show one line while the terminal is too small, and the screen again once it has grown."""
        screen = self.screen
        if not is_too_small(event.size):
            if isinstance(screen, TooSmall):
                self.pop_screen()
        elif isinstance(screen, TooSmall):
            screen.say(event.size)
        else:
            self.push_screen(TooSmall())
        # the size may be back where it was, and the terminal have lost what lay beyond another
        self._changes.forget_all()
        self.screen.refresh()

    async def on_event(self, event: events.Event) -> None:
        """Let keys take effect in the order in which they were typed."""
        if isinstance(event, Typed) and not event.is_forwarded:
            remove_from(self.screen)
            await self._typing.take(event)
        else:
            await super().on_event(event)

    async def _press_keys(self, keys: Iterable[str]) -> None:
        """Of Textual's Pilot: it returns when the keys have taken effect."""
        await super()._press_keys(keys)
        await self._typing.settled()

    def _fatal_error(self) -> None:
        """Of Textual: end with a traceback. Textual's own shows local variables, and obeys them."""
        import traceback

        lines = "".join(traceback.format_exception(self._exception)).splitlines()
        self._exit_renderables.append(Text("\n".join(map(clean, lines))))
        self._close_messages_no_wait()

    def _opens_a_screen(self) -> bool:
        """Whether the run button is at work: it opens a screen, or asks, in a moment."""
        if isinstance(self.screen, ModalScreen):
            return False
        return any(worker.group == BEFORE_RUN and worker.is_running for worker in self.workers)

    def leave(self, code: int) -> None:
        """End with an exit code. Without a terminal a run goes on, unless that is not wanted."""
        if code == HANG_UP and self.session is not None:
            self.session.hang_up(stop=self.on_hangup == "stop")
        self.exit(return_code=code)

    async def action_quit(self) -> None:
        """Leave; ask first where something would be stopped or lost."""
        for screen in reversed(self.screen_stack):
            lost = screen.unsaved() if isinstance(screen, Leavable) else ""
            if isinstance(screen, Leavable) and lost:
                self.push_screen(screen.question(lost, "leave lrtui"), self._quit)
                return
        self.exit()

    def _quit(self, agreed: bool | None) -> None:
        if agreed:
            self.exit()

    def action_suspend_process(self) -> None:
        """Stop until the shell continues this program. A run goes on."""
        if isinstance(self._driver, Display) and not self._driver.suspend():
            self.notify("ctrl+z: no shell has started lrtui, so none could continue it")

    def action_help(self) -> None:
        """Show every key of the screen and of the app, also those that do nothing now."""
        from lrtui.tui.dialogs.help import Help

        if not isinstance(self.screen, Help):
            self.push_screen(Help(self._help_keys()))

    def _help_keys(self) -> "list[Key]":
        """The keys of the screen and of the app in the sections of the help."""
        from lrtui.tui.dialogs.help import Key

        keys_of: dict[tuple[str, str], list[str]] = {}  # by section and by what they do
        for table in (self.screen.BINDINGS, self.BINDINGS):
            bindings = BindingsMap(table)
            bindings.apply_keymap(self._keymap)
            for _, binding in bindings:
                if not binding.tooltip:
                    continue  # bindings without a line of their own
                line = keys.section_of(binding.id), binding.tooltip
                names = keys_of.setdefault(line, [])
                name = self.get_key_display(binding)
                if name not in names:
                    names.append(name)
        order = ["", *keys.SECTIONS]
        lines = [
            Key(section, " ".join(names), action) for (section, action), names in keys_of.items()
        ]
        return sorted(
            lines, key=lambda line: order.index(line.section) if line.section in order else 0
        )

    def action_help_quit(self) -> None:
        """Say how to leave: ctrl+c copies in some programs and stops others."""
        leave, stop = self.key_name("app.quit"), self.key_name("run.stop")
        self.notify(f"{leave} leaves lrtui; {stop} stops a run", markup=False, timeout=4)

    def get_key_display(self, binding: Binding) -> str:
        """A key as the key bar and the help write it: in ASCII its name, where it has a glyph."""
        name = super().get_key_display(binding)
        if self.ascii:
            return _NAMES.get(name, name)
        return name

    def set_keymap(self, keymap: Keymap) -> None:
        """Take the user's keys."""
        self._key_names: dict[str, str] = {}
        super().set_keymap(keymap)

    def key_name(self, binding_id: str) -> str:
        """The key of a binding, as the user's keymap has it: for the texts that name keys."""
        if not self._key_names:
            self._key_names = dict(self._named_keys())
        return self._key_names.get(binding_id, "")

    def _named_keys(self) -> Iterator[tuple[str, str]]:
        """Ids of bindings, and their keys."""
        for table in (*keys.SCREENS, self.BINDINGS):
            bindings = BindingsMap(table)
            bindings.apply_keymap(self._keymap)
            for _, binding in bindings:
                if binding.id is not None:
                    yield binding.id, self.get_key_display(binding)


def run_app(
    spec: RunSpec | None = None,
    driver: "Driver | None" = None,
    live: bool = False,
    choose: bool = False,
    flags: Flags = NO_FLAGS,
    elsewhere: str = "",
    host: "Host | None" = None,
) -> int:
    """Run the app until it ends.

    Args:
        spec: what the form is filled with, or what the driver runs.
        driver: opens the app on this driver's run, without a form.
        choose: opens the app on the list of runs that go on, without a form.
        live: the driver runs objects of this process; what they print goes to the driver's log.
        flags: how the command line wants the app to be drawn.
        elsewhere: where runs are kept, if that is not where they should be, as a line.
        host: where the workers are; None: on this machine. Its ssh may ask on the terminal first.

    Returns:
        The exit code: 0; 1 after a bug of ours; 2 where there is no terminal to draw on, or where
        config.toml is wrong, or the host cannot be used; 5 where a run could not be saved; 128 + a
        signal's number.
    """
    problem = refusal()
    if problem:
        return _refuse(problem)
    try:
        config = read_config(paths.config())
    except ConfigError as error:
        return _refuse(str(error))
    ascii = ascii_setting(flags.ascii, config.ascii).value
    mouse = mouse_setting(flags.mouse, config.mouse).value
    if driver is None and not choose:
        from lrtui.launch.session import Session

        hangup = hangup_setting(flags.on_hangup, config.on_hangup).value
        problem = _connection_problem(host)
        if problem:
            return _refuse(problem)
        session = Session(host)
        app = LrtuiApp(spec, session, keymap=config.keymap, ascii=ascii, on_hangup=hangup)
        app.elsewhere = elsewhere
        try:
            return _run_on_form(app, session, mouse)
        finally:
            if host is not None:
                host.close()
    log = str(getattr(driver, "log", ""))
    app = LrtuiApp(spec, driver=driver, keymap=config.keymap, ascii=ascii, choose=choose)
    # what live objects print would land on the picture
    with redirected_output(Path(log)) if live and log else nullcontext():
        try:
            code = _run(app, mouse)
        finally:
            if driver is not None:
                driver.close()
    code = _say_goodbye(app, code)
    app.departure.over()
    return code


def _refuse(problem: str) -> int:
    print(clean(f"lrtui: {problem}"), file=sys.stderr)
    return 2


def _connection_problem(host: "Host | None") -> str:
    """Log in where the workers are; why that failed, "" where it did not."""
    if host is None:
        return ""
    from lrtui.launch.remote.host import HostError

    try:
        host.connect()
    except HostError as error:
        host.close()
        return str(error)
    return ""


def _run_on_form(app: LrtuiApp, session: "Session", mouse: bool) -> int:
    try:
        code = _run(app, mouse)
    finally:
        session.close()
    code = _say_goodbye(app, code)
    app.departure.over()
    return code


def _run(app: LrtuiApp, mouse: bool) -> int:
    with signals.put_back():  # Textual does not, and live objects belong to another program
        app.run(mouse=mouse)
    return app.return_code or 0


def _say_goodbye(app: LrtuiApp, code: int) -> int:
    """Print what the runs of the app came to, on the terminal's normal screen if it is there.

    Returns the exit code.
    """
    if app.return_code == HANG_UP:
        return code
    lines = app.parting.lines()
    if app.ascii:
        lines = [ascii_text(line) for line in lines]
    with suppress(OSError):  # the terminal is gone
        for line in lines:
            print(line)
        sys.stdout.flush()
    if code == 0 and not app.parting.all_is_saved:
        return NOT_SAVED
    return code
