"""The commands about lrtui itself, this machine, and what can be picked."""

from typing import Any

import click

from lrtui.cli.checks import check_home
from lrtui.cli.group import lrtui
from lrtui.cli.options import as_json_option


def _complete_topics(context: click.Context, parameter: click.Parameter, incomplete: str) -> Any:
    """What a shell offers for a topic of the help; imported late."""
    from lrtui.commands.help import complete_topics

    return complete_topics(context, parameter, incomplete)


@lrtui.command()
@click.argument("where", default="")
@as_json_option("a list of the models with their parameters")
@click.pass_context
def models(context: click.Context, /, where: str, as_json: bool) -> None:
    r"""List the models of a file or module.

    \b
    lrtui models net.py
    lrtui models torchvision: --json

    A line shows a target and what it is. WHERE is a Python file, a folder, a module, torchvision:
    or timm:, and by default the sample models. Your own files are parsed, not run.
    """
    check_home()
    from lrtui.commands.models import models as list_models

    context.exit(list_models(where, as_json))


@lrtui.command()
@as_json_option("the report")
@click.pass_context
def doctor(context: click.Context, /, as_json: bool) -> None:
    """Report what this machine has and what does not work on it.

    It checks torch, the devices with their precisions, the data directory and the terminal.

    Exit codes: 0 lrtui can run; 2 the data directory cannot be written; 4 torch cannot be used.
    """
    from lrtui.commands.doctor import doctor as examine

    context.exit(examine(as_json))


@lrtui.command()
@click.option("--write", is_flag=True, help="Write a commented config.toml where there is none.")
@click.option("--template", is_flag=True, help="Print that file instead.")
@as_json_option("the settings")
@click.pass_context
def config(context: click.Context, /, write: bool, template: bool, as_json: bool) -> None:
    r"""Show each setting of the app, its value, and what has set it.

    \b
    lrtui config
    lrtui config --write          a config.toml to edit
    lrtui config --json

    Exit codes: 0 done; 2 config.toml cannot be used, or exists already; 5 it cannot be written.
    """
    from lrtui.commands import config as commands

    if write:
        context.exit(commands.write_template())
    if template:
        context.exit(commands.print_template())
    context.exit(commands.show_config(as_json))


@lrtui.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), required=False)
@click.pass_context
def completion(context: click.Context, /, shell: str | None) -> None:
    r"""Print the script that makes a shell complete commands, flags, ids and what a file offers.

    \b
    eval "$(lrtui completion bash)"

    Without SHELL it is that of $SHELL. On a terminal it says where the script goes.
    """
    from lrtui.commands.completion import completion as print_script

    context.exit(print_script(lrtui, shell))


@lrtui.command(name="help")
@click.argument("topic", required=False, shell_complete=_complete_topics)
@click.pass_context
def help_command(context: click.Context, /, topic: str | None) -> None:
    """Explain a topic; without one, list them.

    TOPIC may be a command too: then its flags are printed. A terminal gets a topic drawn, in
    $PAGER where it is longer than the screen; elsewhere it is Markdown.
    """
    from lrtui.commands import help as commands

    command = lrtui.commands.get(topic or "")
    if command is not None:
        of_command = click.Context(command, info_name=topic, parent=context.parent)
        click.echo(command.get_help(of_command))
        return
    context.exit(commands.show_topic(topic) if topic else commands.list_topics())


@lrtui.command()
@click.pass_context
def schema(context: click.Context, /) -> None:
    """Print the JSON Schema of a run record."""
    from lrtui.commands.schema import print_schema

    context.exit(print_schema())
