"""Subcommands in this process."""

from click.testing import CliRunner, Result

from lrtui.cli import lrtui


def invoke(*arguments: str) -> Result:
    """The result of a command line; it fails on everything but an exit code."""
    done = CliRunner().invoke(lrtui, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done
