"""The entry point: runs the command that the arguments name, and shows what it raises."""

import signal
import sys

import click

from lrtui.cli.group import lrtui
from lrtui.shell import streams


def main() -> None:
    """The entry point."""
    streams.install()
    sys.exit(streams.exit_code(_run()))


def _run() -> int:
    """Run the command that the arguments name; returns its exit code."""
    try:
        code = lrtui(prog_name="lrtui", standalone_mode=False)
    except click.ClickException as error:
        _show(error)
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 128 + signal.SIGINT
    except Exception as error:  # noqa: BLE001 - it is shown, and is a bug of ours
        code = _report_bug(error)
    return int(code or 0)


def _show(error: click.ClickException) -> None:
    """Show an error that may quote anything, in one line after the usage."""
    from lrtui.commands.streams import printable, shortened

    context = error.ctx if isinstance(error, click.UsageError) else None
    click.UsageError(printable(shortened(error.format_message())), context).show()


def _report_bug(error: Exception) -> int:
    """Show a traceback without what the terminal would obey; returns the exit code."""
    import traceback

    from lrtui.commands.streams import note

    for text in traceback.format_exception(error):
        for line in text.splitlines():
            note(line)
    return 1
