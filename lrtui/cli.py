"""The command line. A command imports its module when it runs: `--help` must answer at once."""

from lrtui.catalog import searchpath

searchpath.leave_working_directory()

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click

from lrtui import __version__
from lrtui.flags import plan_options, spec_from, spec_options
from lrtui.shell import streams
from lrtui.spec import CHOICES, RunSpec, SpecError

_FILE = click.Path(path_type=Path, dir_okay=False)


def _complete_runs(context: click.Context, parameter: click.Parameter, incomplete: str) -> Any:
    """What a shell offers for a run; imported late, see `lrtui.commands.completion`."""
    from lrtui.commands.completion import complete_runs

    return complete_runs(context, parameter, incomplete)


def _complete_running(context: click.Context, parameter: click.Parameter, incomplete: str) -> Any:
    """What a shell offers for a run that goes on."""
    from lrtui.commands.completion import complete_running

    return complete_running(context, parameter, incomplete)


def _as_json(document: str) -> Callable[[Any], Any]:
    """The flag that prints one JSON document instead of text."""
    help = f"Print {document} as JSON, and nothing else, on stdout."
    return click.option("--json", "as_json", is_flag=True, help=help)


def _on_hangup(command: Callable[..., Any]) -> Callable[..., Any]:
    """The flag that says what a run does when its terminal is gone."""
    words = click.Choice(["continue", "stop"])
    help = (
        "What a run does when the terminal is gone: it continues in its worker (default) or stops."
    )
    return click.option("--on-hangup", type=words, default=None, help=help)(command)


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
@click.option("--spec", type=_FILE, hidden=True)
@click.option("--ascii/--no-ascii", default=None, help="Draw the app with ASCII alone, or not.")
@click.option("--mouse/--no-mouse", default=None, help="Let the app use the mouse, or not.")
@_on_hangup
@spec_options
@click.pass_context
def lrtui(
    context: click.Context,
    /,
    spec: Path | None,
    ascii: bool | None,
    mouse: bool | None,
    on_hangup: str | None,
    **flags: Any,
) -> None:
    """The learning-rate range test, in your terminal.

    Without a command it opens the app. SPEC.toml and the flags fill in its form.
    """
    command = context.invoked_subcommand
    if command is not None:
        if any(value not in (None, ()) for value in (*flags.values(), ascii, mouse, on_hangup)):
            raise click.UsageError(f"put the flags after the command: lrtui {command} …")
        return
    elsewhere = _home_for_a_run()
    from lrtui.tui.app import run_app
    from lrtui.tui.config import Flags

    drawn = Flags(ascii=ascii, mouse=mouse, on_hangup=on_hangup)
    context.exit(run_app(spec_from(spec, flags), flags=drawn, elsewhere=elsewhere))


@lrtui.command()
@click.argument("spec_file", metavar="[SPEC.toml]", required=False, type=_FILE)
@spec_options
@click.option(
    "--race",
    "--confirm",
    "iterations",
    type=click.IntRange(min=1),
    metavar="N",
    help="Race the answer against the rates around it, in N iterations of training in all.",
)
@click.option(
    "--race-seconds",
    "--confirm-seconds",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Race the answer in short trainings that take S seconds in all.",
)
@click.option("--stability", is_flag=True, help="Measure the stability limit (SGD, Adam family).")
@_as_json("the run record")
@click.option("-o", "output", type=_FILE, help="Write the run record to a file.")
@click.option("--force", is_flag=True, help="Overwrite the file that -o names.")
@click.option("-y", "--yes", is_flag=True, help="Agree to all code that SPEC.toml or flags name.")
@click.option("--detach", is_flag=True, help="Return when the run has started; it goes on alone.")
@_on_hangup
@click.pass_context
def run(
    context: click.Context,
    /,
    spec_file: Path | None,
    as_json: bool,
    output: Path | None,
    force: bool,
    yes: bool,
    detach: bool,
    on_hangup: str | None,
    **flags: Any,
) -> None:
    """Run the range test without a screen.

    Your own files that a flag names are run. What SPEC.toml names is run if the app has asked you
    about it, or with --yes; without asking, only what a library lists.

    With --race, short trainings compare the answer with the learning rates around it. If a
    better rate is found, it is the answer, and the exit code is still 0.

    When the terminal is gone, the run goes on in its worker and is recorded; checks that have not
    begun are left out, and so is -o.

    With --detach it returns when the first step is measured, and prints the run's id. The run
    goes on without a terminal, then the race and the stability limit. `lrtui attach` shows it.

    Exit codes: 0 an answer; 2 usage; 3 no learning rate can be recommended; 4 your code or data
    failed; 5 the result could not be saved; 128 + signal.
    """
    if detach and (as_json or output is not None or on_hangup == "stop"):
        end = "`lrtui show ID --json` has the record when the run has ended"
        raise click.UsageError(f"--detach goes without --json, -o and --on-hangup=stop: {end}")
    if output is not None:
        _check_output(output, force)
    elsewhere = _home_for_a_run()
    from lrtui.commands.run import Checks, run_headless
    from lrtui.commands.streams import note

    names = ("iterations", "seconds", "stability")
    asked = {name: flags.pop(name) for name in names}
    _check_budget(asked)
    spec = spec_from(spec_file, flags)
    checks = Checks(**{name: value for name, value in asked.items() if value is not None})
    if elsewhere:
        note(f"lrtui: {elsewhere}")
    context.exit(
        run_headless(
            spec,
            agreed=_agreed(spec, spec_file, flags, yes),
            checks=checks,
            as_json=as_json,
            output=output,
            overwrite=force,
            stop_on_hangup=on_hangup == "stop",
            detach=detach,
        )
    )


@lrtui.command()
@click.argument("grid_file", metavar="GRID.toml", type=_FILE)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    help="What runs the tests: this machine's devices, or Ray.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Tests at the same time (default: one for each GPU, or for each four cores).",
)
@click.option("--address", metavar="A", help="An existing Ray cluster; without, a local one.")
@click.option("--retry-failed", is_flag=True, help="Run those again that have failed.")
@click.option("--rerun", is_flag=True, help="Run all of them again.")
@_as_json("the results")
@click.option("-o", "output", type=_FILE, help="Write the results to a file, as JSON.")
@click.option("--force", is_flag=True, help="Overwrite the file that -o names.")
@click.option("-y", "--yes", is_flag=True, help="Agree to all code that GRID.toml names.")
@click.pass_context
def sweep(
    context: click.Context,
    /,
    grid_file: Path,
    engine: str,
    workers: int | None,
    address: str | None,
    retry_failed: bool,
    rerun: bool,
    as_json: bool,
    output: Path | None,
    force: bool,
    yes: bool,
) -> None:
    """Run a grid of range tests, and compare them.

    GRID.toml is a spec with a table [grid]: a list of values for each field that varies. Every
    combination is a run, kept like any other. What is done is not done again, also after Ctrl-C.

    Exit codes: 0 an answer in one test or more; 2 usage, or a cluster that cannot be reached; 3 no
    learning rate can be recommended; 4 your code or data failed; 5 the result could not be saved;
    128 + signal.
    """
    if address and engine != "ray":
        raise click.UsageError("--address is of a Ray cluster: add --engine ray")
    if output is not None:
        _check_output(output, force)
    _check_home()
    from lrtui.catalog.trust import ANYTHING
    from lrtui.commands.sweep import Where, run_sweep
    from lrtui.sweep.grid import read

    again: Literal["nothing", "failed", "all"] = "failed" if retry_failed else "nothing"
    if rerun:
        again = "all"
    context.exit(
        run_sweep(
            read(grid_file).expand(),
            Where(
                engine="ray" if engine == "ray" else "local",
                workers=workers or 0,
                address=address or "",
            ),
            name=str(grid_file),
            agreed={ANYTHING} if yes else (),
            again=again,
            as_json=as_json,
            output=output,
            overwrite=force,
        )
    )


@lrtui.command()
@click.argument("name", metavar="[RUN]", default="", shell_complete=_complete_running)
@click.option("--ascii/--no-ascii", default=None, help="Draw with ASCII alone, or not.")
@click.option("--mouse/--no-mouse", default=None, help="Use the mouse, or not.")
@click.pass_context
def attach(context: click.Context, /, name: str, ascii: bool | None, mouse: bool | None) -> None:
    """Open the run screen on a run that goes on elsewhere.

    RUN is the id of a run that another process on this file system goes on with, or its beginning:
    `lrtui run` without a screen or with --detach, a Slurm job, an app whose terminal is gone.
    Without RUN it is the one that goes on; of several you choose.

    The screen follows the run. x stops it, and what was measured is kept; q leaves it alone. What
    needs the model is not possible here: a race, the stability limit, an extension.

    Exit codes: 0; 2 no terminal, or no such run goes on.
    """
    _check_home()
    from lrtui.commands.attach import attach as attach_to
    from lrtui.tui.config import Flags

    context.exit(attach_to(name, Flags(ascii=ascii, mouse=mouse)))


@lrtui.command()
@click.argument("words", metavar="[WORD]...", nargs=-1)
@click.option("-n", "most", type=click.IntRange(min=1), metavar="N", help="Print N runs at most.")
@_as_json("a list of the records without their curves")
@click.pass_context
def ls(context: click.Context, /, words: tuple[str, ...], most: int | None, as_json: bool) -> None:
    """List the saved run records, newest first.

    A line shows ID, time, status, suggested learning rate, model, data and optimizer. Each WORD has
    to be in it.
    """
    _check_home()
    from lrtui.commands.ls import list_records

    context.exit(list_records(as_json, words, most))


@lrtui.command()
@click.argument("name", metavar="FILE|ID", shell_complete=_complete_runs)
@click.option(
    "--smooth-f",
    type=click.FloatRange(min=0, max=1, min_open=True),
    metavar="F",
    help="smooth_f of a torch_lr_finder history (default 0.05; 1: not smoothed).",
)
@plan_options
@click.option("--rules", is_flag=True, help="Also print what the published rules suggest.")
@_as_json("the record")
@click.pass_context
def show(
    context: click.Context,
    /,
    name: str,
    smooth_f: float | None,
    rules: bool,
    as_json: bool,
    **plan: Any,
) -> None:
    """Print the answer of a saved run.

    FILE is a run record, or a torch_lr_finder history: {"lr": [...], "loss": [...]}. ID is that
    of a run, or a prefix that no other run has. The losses in a history are smoothed; the answer
    is computed from the raw losses.

    With --schedule, --steps or --warmup-steps it is the answer for that training, from the same
    curve.

    Exit codes: 0 an answer; 2 usage, or no such record; 3 no learning rate can be recommended.
    """
    _check_home()
    from lrtui.commands.show import show as show_record

    given = {name: value for name, value in plan.items() if value is not None}
    context.exit(show_record(name, as_json, smooth_f, rules=rules, plan=given))


@lrtui.command()
@click.argument(
    "names", metavar="RUN RUN...", nargs=-1, required=True, shell_complete=_complete_runs
)
@click.option(
    "--from",
    "tool",
    type=click.Choice(["torch_lr_finder", "fastai", "lightning", "raw"]),
    help="What made the files that are not lrtui's: their losses are smoothed in its way.",
)
@_as_json("the comparison")
@click.pass_context
def compare(context: click.Context, /, names: tuple[str, ...], tool: Any, as_json: bool) -> None:
    """Compare runs, and results of other finders.

    RUN is a file, an id or its beginning. A file is a run record; torch_lr_finder's or Lightning's
    {"lr": [...], "loss": [...]}; fastai's two lists as [[...], [...]]; or CSV with columns lr and
    loss, or raw_loss. Say --from lightning for Lightning's; losses in CSV are taken as raw.

    Exit codes: 0 one is picked; 2 usage, or no such run; 3 none can be picked.
    """
    _check_home()
    if len(names) < 2:
        raise click.UsageError("name two runs or more to compare them")
    from lrtui.commands.compare import compare as compare_runs

    context.exit(compare_runs(names, as_json, tool))


@lrtui.command()
@click.argument("name", metavar="RUN", shell_complete=_complete_runs)
@click.option(
    "--to", "to", multiple=True, required=True, metavar="FORMAT|FILE", help="May be repeated."
)
@click.option("--force", is_flag=True, help="Overwrite what exists.")
@click.pass_context
def export(context: click.Context, /, name: str, to: tuple[str, ...], force: bool) -> None:
    r"""Export a run for papers, pull requests, dashboards and scripts.

    RUN is a file, an id or its beginning. FILE is written in the format that its ending says:
    .csv, .json, .png, .svg, .pdf, .html, .md or .py. FORMAT alone makes a file named after the run
    in this folder; FORMAT:FILE sets another name, and FORMAT:- prints it.

    tensorboard:FOLDER writes event files (FOLDER is runs by default), wandb:FOLDER an offline run,
    mlflow:URI a run on a tracking server or in a folder (MLFLOW_TRACKING_URI by default).

    \b
    lrtui export 01JD --to curve.pdf --to report.md
    lrtui export 01JD --to md:- | gh pr comment --body-file -

    Exit codes: 0 written; 2 usage, no such run, or it exists; 5 it cannot be written.
    """
    _check_home()
    from lrtui.commands.export import export as export_run

    context.exit(export_run(name, to, force))


@lrtui.command()
@click.argument("names", metavar="[RUN]...", nargs=-1, shell_complete=_complete_runs)
@click.option("--undo", is_flag=True, help="Bring the runs back, or the one deleted last.")
@click.option("--list", "listing", is_flag=True, help="List the deleted runs.")
@click.pass_context
def rm(context: click.Context, /, names: tuple[str, ...], undo: bool, listing: bool) -> None:
    """Delete kept runs. For a month --undo brings them back.

    RUN is an id or its beginning. Files elsewhere are not touched.

    Exit codes: 0 done; 2 no such run, and then none is deleted; 5 a file cannot be moved.
    """
    _check_home()
    from lrtui.commands import rm as commands

    if listing:
        context.exit(commands.list_deleted())
    if undo:
        context.exit(commands.undo(names))
    if not names:
        raise click.UsageError("name the runs to delete: `lrtui ls` lists them")
    context.exit(commands.remove(names))


@lrtui.command()
@click.option("--write", is_flag=True, help="Write a commented config.toml where there is none.")
@click.option("--template", is_flag=True, help="Print that file instead.")
@_as_json("the settings")
@click.pass_context
def config(context: click.Context, /, write: bool, template: bool, as_json: bool) -> None:
    """Show each setting of the app, its value, and what has set it.

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
    """Print the script that makes a shell complete commands, options and ids of runs.

    Without SHELL it is that of $SHELL. stderr says where it goes.
    """
    from lrtui.commands.completion import completion as print_script

    context.exit(print_script(lrtui, shell))


@lrtui.command()
@click.pass_context
def schema(context: click.Context, /) -> None:
    """Print the JSON Schema of a run record."""
    from lrtui.commands.schema import print_schema

    context.exit(print_schema())


@lrtui.command()
@click.pass_context
def recover(context: click.Context, /) -> None:
    """Write the run records of interrupted runs from their journals.

    Exit codes: 0 done, or nothing to do; 5 a record could not be saved: its journal is kept.
    """
    _check_home()
    from lrtui.commands.recover import recover_all

    context.exit(recover_all())


@lrtui.command()
@click.argument("where", default="")
@_as_json("a list of the models with their parameters")
@click.pass_context
def models(context: click.Context, /, where: str, as_json: bool) -> None:
    """List the models of a file or module.

    A line shows a target and what it is. WHERE is a Python file, a folder, a module, torchvision:
    or timm:, and by default the sample models. Your own files are parsed, not run.
    """
    _check_home()
    from lrtui.commands.models import models as list_models

    context.exit(list_models(where, as_json))


@lrtui.command()
@_as_json("the report")
@click.pass_context
def doctor(context: click.Context, /, as_json: bool) -> None:
    """Report what this machine has and what does not work on it.

    It checks torch, the devices with their precisions, the data directory and the terminal.

    Exit codes: 0 lrtui can run; 2 the data directory cannot be written; 4 torch cannot be used.
    """
    from lrtui.commands.doctor import doctor as examine

    context.exit(examine(as_json))


def _agreed(spec: RunSpec, file: Path | None, flags: dict[str, Any], yes: bool) -> set[str]:
    """What the command agrees to: all with --yes, else the user's own code that flags name."""
    from lrtui.catalog.trust import ANY_FILE, ANYTHING, unagreed

    if yes:
        return {ANYTHING}
    named = {role: getattr(spec, role) for role in CHOICES if file is None or flags[role]}
    agreed = {item.line for item in unagreed(RunSpec(**named), ()) if item.kind != "call"}
    return agreed if file is not None else {*agreed, ANY_FILE}


def _check_output(output: Path, force: bool) -> None:
    """Refuse a file that the record could not be written to, before the run."""
    from lrtui.files import expanded, is_folder, is_taken

    path = expanded(output)
    if is_taken(path) and not force:
        raise click.UsageError(f"{output} already exists; --force overwrites it")
    if not is_folder(path.absolute().parent):
        raise click.UsageError(f"{output}: there is no folder {output.parent}")


def _check_budget(asked: dict[str, Any]) -> None:
    from lrtui.analysis.race import check_budget

    iterations = asked["iterations"]
    if iterations is not None:
        try:
            check_budget(iterations)
        except ValueError as error:
            raise click.UsageError(f"--race: {error}") from None


def _check_home() -> None:
    """Refuse a data directory that cannot be read."""
    from lrtui import paths

    _refuse_home(paths.misnamed() or paths.unreadable())


def _home_for_a_run() -> str:
    """Have the run's files kept elsewhere where the data directory cannot be written.

    Returns a line that says so. A data directory that cannot be meant is refused.
    """
    from lrtui import paths

    _refuse_home(paths.misnamed())
    problem = paths.unwritable()
    if not problem:
        return ""
    instead = paths.keep_elsewhere()
    if not instead:
        return f"nothing is kept of this run: {problem} (LRTUI_HOME sets another folder)"
    return f"kept in {instead}: {problem} (LRTUI_HOME sets another folder)"


def _refuse_home(problem: str) -> None:
    if not problem:
        return
    where = "the data directory (LRTUI_HOME sets another)"
    if os.environ.get("LRTUI_HOME"):
        where = "LRTUI_HOME"
    raise click.UsageError(f"{where} cannot be used: {problem}")


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


if __name__ == "__main__":
    main()
