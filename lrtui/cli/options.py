"""Options that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

FILE = click.Path(path_type=Path, dir_okay=False)


def complete_runs(context: click.Context, parameter: click.Parameter, incomplete: str) -> Any:
    """What a shell offers for a run; imported late."""
    from lrtui.commands import completion

    return completion.complete_runs(context, parameter, incomplete)


def complete_running(context: click.Context, parameter: click.Parameter, incomplete: str) -> Any:
    """What a shell offers for a run that goes on."""
    from lrtui.commands import completion

    return completion.complete_running(context, parameter, incomplete)


def complete_formats(context: click.Context, parameter: click.Parameter, incomplete: str) -> Any:
    """What a shell offers for `--to`: the formats of an export, and files."""
    from lrtui.commands import completion

    return completion.complete_formats(incomplete)


def as_json_option(document: str) -> Callable[[Any], Any]:
    """The flag that prints one JSON document instead of text."""
    help = f"Print {document} as JSON, and nothing else, on stdout."
    return click.option("--json", "as_json", is_flag=True, help=help)


def on_host_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flags that say on which machine the workers are."""
    help = "Run on another machine, through ssh: box, user@box. Needs lrtui there."
    command_help = "How lrtui is called there (default: lrtui), such as ~/venv/bin/lrtui."
    command = click.option("--host-command", metavar="C", help=command_help)(command)
    return click.option("--host", metavar="BOX", help=help)(command)


def on_hangup_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flag that says what a run does when its terminal is gone."""
    words = click.Choice(["continue", "stop"])
    help = (
        "What a run does when the terminal is gone: it continues in its worker (default) or stops."
    )
    return click.option("--on-hangup", type=words, default=None, help=help)(command)


def smoothing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flags that say how the losses in files of other tools are smoothed."""
    smooth_f = click.option(
        "--smooth-f",
        type=click.FloatRange(min=0, max=1, min_open=True),
        metavar="F",
        help="smooth_f of a torch_lr_finder history (default 0.05; 1: not smoothed).",
    )
    tool = click.option(
        "--from",
        "tool",
        type=click.Choice(["torch_lr_finder", "fastai", "lightning", "raw"]),
        help="What made a file that is not lrtui's: its losses are smoothed in its way.",
    )
    return tool(smooth_f(command))
