"""The app: it opens the form, or a run, and owns neither. What touches the terminal itself is in terminal.py."""

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.binding import BindingsMap
from textual.filter import LineFilter
from textual.screen import Screen

from lrtui.spec import RunSpec
from lrtui.tui import keys
from lrtui.tui.clean import CleanFilter
from lrtui.tui.terminal import aside, guard, refusal
from lrtui.tui.theme import LRTUI

if TYPE_CHECKING:
    from lrtui.launch.driver import Driver
    from lrtui.tui.session import Session


class LrtuiApp(App[None]):
    """`session` makes drivers for what the form says; with a `driver` the app opens on its run and has no form."""

    CSS_PATH = "app.tcss"
    TITLE = "lrtui"
    BINDINGS = keys.EVERYWHERE
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        spec: RunSpec | None = None,
        session: "Session | None" = None,
        driver: "Driver | None" = None,
        live: bool = False,
        keymap: dict[str, str] | None = None,
    ) -> None:
        own_theme = "TEXTUAL_THEME" not in os.environ
        super().__init__(ansi_color=True if own_theme else None)
        self.spec = spec or RunSpec()
        self.session = session
        self.driver = driver
        self.live = (
            live  # the driver runs objects of this very process: its spec's targets are only names
        )
        self.register_theme(LRTUI)
        if own_theme:
            self.theme = LRTUI.name
        self._clean = CleanFilter()
        self.set_keymap(keymap or {})

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and the one that lets no control character through."""
        return [*super().get_line_filters(), self._clean]

    def on_mount(self) -> None:
        if not self.is_headless:
            guard(self.leave)
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        if self.session is not None:
            # After the first paint: a second process that imports torch would take the core it needs.
            self.call_after_refresh(self.session.start)

    def get_default_screen(self) -> Screen[None]:
        """The form; the run of a driver that is there already."""
        if self.driver is not None:
            from lrtui.tui.run.screen import RunScreen

            return RunScreen(self.driver, self.spec, alone=True)
        from lrtui.tui.form.screen import SetupScreen

        return SetupScreen(self.spec, self.session)

    def leave(self, code: int) -> None:
        """End with an exit code."""
        self.exit(return_code=code)

    def action_help(self) -> None:
        """Show every key of the screen and of the app, as it is bound now, whether it has something to do or not."""
        from lrtui.tui.dialogs.help import Help

        if isinstance(self.screen, Help):
            return
        lines: dict[str, list[str]] = {}
        for table in (self.screen.BINDINGS, self.BINDINGS):
            bound = BindingsMap(table)
            bound.apply_keymap(self._keymap)
            for _, binding in bound:
                if binding.id and binding.tooltip:
                    lines.setdefault(binding.tooltip, []).append(self.get_key_display(binding))
        self.push_screen(
            Help([(" ".join(dict.fromkeys(names)), words) for words, names in lines.items()])
        )

    def action_help_quit(self) -> None:
        """ctrl+c copies in other programs and stops in some: here it says how to leave."""
        self.notify("q leaves lrtui; x stops a run", markup=False, timeout=4)


def run_app(spec: RunSpec | None = None, driver: "Driver | None" = None, live: bool = False) -> int:
    """Run the app to its end.

    Returns:
        The exit code: 0, 1 after a crash of ours, 2 where there is no terminal to draw on, 128 + a signal's number.
    """
    problem = refusal()
    if problem:
        print(f"lrtui: {problem}", file=sys.stderr)
        return 2
    session = None
    if driver is None:
        from lrtui.launch.session import Session as Workers

        session = Workers()
    log = str(getattr(driver, "log", ""))
    # what live objects print would land on the picture
    with aside(Path(log)) if live and log else nullcontext():
        try:
            return _run(LrtuiApp(spec, session, driver, live), session)
        finally:
            if driver is not None:
                driver.close()


def _run(app: LrtuiApp, session: "Session | None") -> int:
    try:
        app.run(mouse=False)
    finally:
        if session is not None:
            session.close()
    return app.return_code or 0
