"""`lrtui` itself: the commands' group, and the app where there is no command."""

from pathlib import Path
from typing import Any

import click

from lrtui import __version__
from lrtui.cli.checks import home_for_a_run, host_of
from lrtui.cli.options import FILE, on_hangup_option, on_host_option
from lrtui.flags import spec_from, spec_options
from lrtui.spec import SpecError


class _Group(click.Group):
    """The commands; without one it opens the app. A SpecError is a usage error."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Pass a spec before any command as `--spec`: a group of click takes no arguments."""
        for index, word in enumerate(args):
            if word in self.commands:
                break
            if word.endswith(".toml") and not word.startswith("-"):
                args = [*args[:index], "--spec", *args[index:]]
                break
        return super().parse_args(context, args)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except SpecError as error:
            raise click.UsageError(str(error)) from None


@click.group(
    cls=_Group,
    invoke_without_command=True,
    options_metavar="[SPEC.toml] [OPTIONS]",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="lrtui")
@click.option("--spec", type=FILE, hidden=True)
@click.option("--ascii/--no-ascii", default=None, help="Draw the app with ASCII alone, or not.")
@click.option("--mouse/--no-mouse", default=None, help="Let the app use the mouse, or not.")
@on_hangup_option
@on_host_option
@spec_options
@click.pass_context
def lrtui(
    context: click.Context,
    /,
    spec: Path | None,
    ascii: bool | None,
    mouse: bool | None,
    on_hangup: str | None,
    host: str | None,
    host_command: str | None,
    **flags: Any,
) -> None:
    """The learning-rate range test, in your terminal.

    Without a command it opens the app. SPEC.toml and the flags fill in its form. `lrtui help`
    lists what there is to read.
    """
    command = context.invoked_subcommand
    if command is not None:
        own = (ascii, mouse, on_hangup, host, host_command)
        if any(value not in (None, ()) for value in (*flags.values(), *own)):
            raise click.UsageError(f"put the flags after the command: lrtui {command} …")
        return
    elsewhere = home_for_a_run()
    from lrtui.tui.app import run_app
    from lrtui.tui.config import Flags

    drawn = Flags(ascii=ascii, mouse=mouse, on_hangup=on_hangup)
    made = spec_from(spec, flags)
    there = host_of(host, host_command)
    context.exit(run_app(made, flags=drawn, elsewhere=elsewhere, host=there))
