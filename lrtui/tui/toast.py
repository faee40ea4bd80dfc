"""Short messages on the screen, and copying. Text is cleaned and never read as markup."""

import os
import shutil
import sys
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from textual.app import App

from lrtui.tui.clean import clean
from lrtui.tui.clipboard import Way, copied_by, ways
from lrtui.tui.widgets.for_selecting import ForSelecting, remove_from

_SECONDS = 4.0


def tell(
    app: App[Any], message: str, severity: Literal["information", "warning"] = "information"
) -> None:
    """Show a message for a few seconds."""
    app.notify(clean(message), markup=False, severity=severity, timeout=_SECONDS)


def copy(app: App[Any], text: str, description: str) -> None:
    """Put a text on the clipboard; say that it is copied only where that is known.

    Else it is shown, so that it can be selected.
    """
    candidates: list[Way] = []
    if not app.is_headless:
        candidates = ways(os.environ, sys.platform, shutil.which)
    if not candidates:
        _send(app, text, description)
        return
    copying = partial(_copy_on_thread, app, candidates, text, description)
    threading.Thread(target=copying, name="copy", daemon=True).start()


def _copy_on_thread(app: App[Any], candidates: Sequence[Way], text: str, description: str) -> None:
    """Keys do not wait for the commands."""
    way = copied_by(candidates, text)
    if way is None:
        app.call_later(_send, app, text, description)
    elif way.where:
        app.call_later(tell, app, f"copied {description} to {way.where}")
    else:
        app.call_later(tell, app, f"copied {description}")


def _send(app: App[Any], text: str, description: str) -> None:
    """Ask the terminal, which does not answer."""
    app.copy_to_clipboard(text)
    remove_from(app.screen)
    app.screen.mount(ForSelecting(text, description))


def tell_or_print(app: App[Any], message: str) -> None:
    """Show a message; while the app is closing, print it on stderr at the end instead."""
    if app.return_code is None:
        tell(app, message, "warning")
    else:
        app.exit(app.return_value, app.return_code, message=f"lrtui: {clean(message)}")
