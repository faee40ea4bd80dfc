"""The commands for runs that are kept: list, show, compare, export, delete, recover."""

from typing import Any

import click

from lrtui.cli.checks import check_home
from lrtui.cli.group import lrtui
from lrtui.cli.options import (
    as_json_option,
    complete_formats,
    complete_runs,
    smoothing_options,
)
from lrtui.flags import plan_options


@lrtui.command()
@click.argument("words", metavar="[WORD]...", nargs=-1)
@click.option("-n", "most", type=click.IntRange(min=1), metavar="N", help="Print N runs at most.")
@as_json_option("a list of the records without their curves")
@click.pass_context
def ls(context: click.Context, /, words: tuple[str, ...], most: int | None, as_json: bool) -> None:
    r"""List the saved run records, newest first.

    \b
    lrtui ls -n 20
    lrtui ls adamw digits         those with both words in their line
    lrtui ls --json | jq -r '.[0].id'

    A line shows ID, time, status, suggested learning rate, model, data and optimizer; on a terminal
    as much as fits. Each WORD has to be in it.
    """
    check_home()
    from lrtui.commands.ls import list_records

    context.exit(list_records(as_json, words, most))


@lrtui.command()
@click.argument("name", metavar="FILE|ID", shell_complete=complete_runs)
@plan_options
@smoothing_options
@click.option("--rules", is_flag=True, help="Also print what the published rules suggest.")
@as_json_option("the record")
@click.pass_context
def show(
    context: click.Context,
    /,
    name: str,
    tool: Any,
    smooth_f: float | None,
    rules: bool,
    as_json: bool,
    **plan: Any,
) -> None:
    r"""Print the answer of a saved run; on a terminal with its curve.

    \b
    lrtui show 01JD
    lrtui show 01JD --schedule one-cycle --steps 3000    for another training
    lrtui show theirs.json --from lightning --rules      what published rules say

    ID is that of a run, or a prefix that no other run has. FILE is a run record, or a result of
    another tool: torch_lr_finder's or Lightning's {"lr": [...], "loss": [...]}; fastai's two lists
    as [[...], [...]]; or CSV with columns lr and loss, or raw_loss. The smoothing of their losses
    is undone, in CSV that of --from; stderr says what was taken to be the tool.

    With --schedule, --steps or --warmup-steps it is the answer for that training, from the same
    curve.

    Exit codes: 0 an answer; 2 usage, or no such record; 3 no learning rate can be recommended.
    """
    check_home()
    from lrtui.commands.show import show as show_record
    from lrtui.runs.tools import Smoothing

    given = {name: value for name, value in plan.items() if value is not None}
    smoothing = Smoothing(tool, smooth_f)
    context.exit(show_record(name, as_json, smoothing, rules=rules, plan=given))


@lrtui.command()
@click.argument(
    "names", metavar="RUN RUN...", nargs=-1, required=True, shell_complete=complete_runs
)
@smoothing_options
@as_json_option("the comparison")
@click.pass_context
def compare(
    context: click.Context,
    /,
    names: tuple[str, ...],
    tool: Any,
    smooth_f: float | None,
    as_json: bool,
) -> None:
    r"""Compare runs, and results of other finders.

    \b
    lrtui compare 01JD 01JE
    lrtui compare 01JD torch_lr_finder.json curve.csv
    lrtui compare 01JD theirs.json --from lightning --json

    RUN is an id or its beginning, or a file: a run record, or a result of another tool, as
    `lrtui show --help` says. --from and --smooth-f hold for all files of other tools.

    Exit codes: 0 one is picked; 2 usage, or no such run; 3 none can be picked.
    """
    check_home()
    if len(names) < 2:
        raise click.UsageError("name two runs or more to compare them")
    from lrtui.commands.compare import compare as compare_runs
    from lrtui.runs.tools import Smoothing

    context.exit(compare_runs(names, as_json, Smoothing(tool, smooth_f)))


@lrtui.command()
@click.argument("name", metavar="RUN", shell_complete=complete_runs)
@click.option(
    "--to",
    "to",
    multiple=True,
    required=True,
    metavar="FORMAT|FILE",
    shell_complete=complete_formats,
    help="May be repeated.",
)
@click.option("--force", is_flag=True, help="Overwrite what exists.")
@smoothing_options
@click.pass_context
def export(
    context: click.Context,
    /,
    name: str,
    to: tuple[str, ...],
    force: bool,
    tool: Any,
    smooth_f: float | None,
) -> None:
    r"""Export a run for papers, pull requests, dashboards and scripts.

    RUN is an id or its beginning, or a file: a run record, or a result of another tool, as
    `lrtui show --help` says. FILE is written in the format that its ending says:
    .csv, .json, .png, .svg, .pdf, .html, .md or .py. FORMAT alone makes a file named after the run
    in this folder; FORMAT:FILE sets another name, and FORMAT:- prints it.

    tensorboard:FOLDER writes event files (FOLDER is runs by default), wandb:FOLDER an offline run,
    mlflow:URI a run on a tracking server or in a folder (MLFLOW_TRACKING_URI by default).

    \b
    lrtui export 01JD --to curve.pdf --to report.md
    lrtui export 01JD --to md:- | gh pr comment --body-file -

    Exit codes: 0 written; 2 usage, no such run, or it exists; 5 it cannot be written.
    """
    check_home()
    from lrtui.commands.export import export as export_run
    from lrtui.runs.tools import Smoothing

    context.exit(export_run(name, to, force, Smoothing(tool, smooth_f)))


@lrtui.command()
@click.argument("names", metavar="[RUN]...", nargs=-1, shell_complete=complete_runs)
@click.option("--undo", is_flag=True, help="Bring the runs back, or the one deleted last.")
@click.option("--list", "listing", is_flag=True, help="List the deleted runs.")
@click.pass_context
def rm(context: click.Context, /, names: tuple[str, ...], undo: bool, listing: bool) -> None:
    r"""Delete kept runs. For a month --undo brings them back.

    \b
    lrtui rm 01JD 01JE
    lrtui rm --undo               the one deleted last
    lrtui rm --list

    RUN is an id or its beginning. Files elsewhere are not touched.

    Exit codes: 0 done; 2 no such run, and then none is deleted; 5 a file cannot be moved.
    """
    check_home()
    from lrtui.commands import rm as commands

    if listing:
        context.exit(commands.list_deleted())
    if undo:
        context.exit(commands.undo(names))
    if not names:
        raise click.UsageError("name the runs to delete: `lrtui ls` lists them")
    context.exit(commands.remove(names))


@lrtui.command()
@click.pass_context
def recover(context: click.Context, /) -> None:
    """Write the run records of interrupted runs from their journals.

    Exit codes: 0 done, or nothing to do; 5 a record could not be saved: its journal is kept.
    """
    check_home()
    from lrtui.commands.recover import recover_all

    context.exit(recover_all())
