"""Short messages in the corner of the screen. Text is cleaned and never read as markup."""

from typing import Any, Literal

from textual.app import App

from lrtui.tui.clean import clean

_SECONDS = 4.0


def tell(
    app: App[Any], message: str, severity: Literal["information", "warning"] = "information"
) -> None:
    """Show a message for a few seconds."""
    app.notify(clean(message), markup=False, severity=severity, timeout=_SECONDS)


def copy(app: App[Any], text: str, description: str) -> None:
    """Put a text on the clipboard, and say what was copied."""
    app.copy_to_clipboard(text)
    tell(app, f"copied {description}")


def tell_or_print(app: App[Any], message: str) -> None:
    """Show a message; while the app is closing, print it on stderr at the end instead."""
    if app.return_code is None:
        tell(app, message, "warning")
    else:
        app.exit(app.return_value, app.return_code, message=f"lrtui: {clean(message)}")
