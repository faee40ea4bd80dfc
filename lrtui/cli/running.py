"""The command `run`: range tests without a screen."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from lrtui.cli.checks import check_budget, check_home, check_output, home_for_a_run, host_of
from lrtui.cli.group import lrtui
from lrtui.cli.options import (
    FILE,
    as_json_option,
    complete_running,
    on_hangup_option,
    on_host_option,
)
from lrtui.flags import spec_from, spec_options
from lrtui.spec import CHOICES, RunSpec


@lrtui.command()
@click.argument("spec_files", metavar="[SPEC.toml]...", nargs=-1, type=FILE)
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
@as_json_option("the run record (a list of them for several specs)")
@click.option(
    "-q", "--quiet", is_flag=True, help="Print the answer, warnings and errors, and no more."
)
@click.option("-o", "file", type=FILE, help="Write the run record to a file.")
@click.option("--force", is_flag=True, help="Overwrite the file that -o names.")
@click.option("-y", "--yes", is_flag=True, help="Agree to all code that SPEC.toml or flags name.")
@click.option("--detach", is_flag=True, help="Return when the run has started; it goes on alone.")
@on_hangup_option
@on_host_option
@click.pass_context
def run(
    context: click.Context,
    /,
    spec_files: tuple[Path, ...],
    iterations: int | None,
    seconds: float | None,
    stability: bool,
    as_json: bool,
    quiet: bool,
    file: Path | None,
    force: bool,
    yes: bool,
    detach: bool,
    on_hangup: str | None,
    host: str | None,
    host_command: str | None,
    **flags: Any,
) -> None:
    r"""Run the range test without a screen.

    \b
    lrtui run                                       a sample model on the digits
    lrtui run --model net.py:Net --data data.py:train
    lrtui run --schedule cosine --epochs 20         the peak for your training
    lrtui run spec.toml --race 1200                 and trainings that confirm it
    lrtui run sgd.toml adamw.toml --max-seconds 60  two tests of a minute at most
    lrtui run spec.toml -q --json | jq .suggestion.lr
    sbatch --signal=USR1@60 --wrap "srun lrtui run spec.toml"

    On a terminal the curve and the answer come last. Of several specs each is a run with a record
    of its own, one after the other; flags apply to all of them. One that fails does not end the
    others.

    Ctrl-C, SIGTERM and SIGUSR1, which Slurm sends before the time is up, end the run with what it
    has measured; specs after it are left out. --max-seconds does the same for one test: loading
    its model and data does not count, nor a race (--race-seconds), and the next spec has the same
    time again.

    Your own files that a flag names are run. What SPEC.toml names is run if the app has asked you
    about it, or with --yes; without asking, only what a library lists.

    With --race, short trainings compare the answer with the learning rates around it. If a
    better rate is found, it is the answer, and the exit code is still 0.

    When the terminal is gone, the run goes on in its worker and is recorded; checks and specs that
    have not begun are left out, and so is -o.

    With --detach it returns when the first step is measured, and prints the run's id. The run
    goes on without a terminal, then the race and the stability limit. `lrtui attach` shows it.

    Exit codes: 0 an answer; 2 usage; 3 no learning rate can be recommended; 4 your code or data
    failed; 5 the result could not be saved; 128 + signal. Of several specs the highest counts.
    """
    if detach:
        _check_detach(
            several=len(spec_files) > 1,
            waits=as_json or file is not None or on_hangup == "stop",
            elsewhere=host is not None,
        )
    if file is not None:
        _check_file(file, force, spec_files)
    elsewhere = home_for_a_run()
    from lrtui.commands.run.headless import run_headless
    from lrtui.commands.run.measure import Checks, Terms
    from lrtui.commands.run.result import Output
    from lrtui.commands.streams import note

    check_budget(iterations)
    specs = [spec_from(spec_file, flags) for spec_file in spec_files or (None,)]
    if elsewhere:
        note(f"lrtui: {elsewhere}")
    terms = Terms(
        agreed=_agreed(specs, bool(spec_files), flags, yes),
        checks=Checks(iterations=iterations, seconds=seconds, stability=stability),
        stop_on_hangup=on_hangup == "stop",
        host=host_of(host, host_command),
        detach=detach,
    )
    output = Output(as_json=as_json, quiet=quiet, file=file, overwrite=force)
    context.exit(run_headless(specs, terms, output, list(map(str, spec_files))))


@lrtui.command()
@click.argument("name", metavar="[RUN]", default="", shell_complete=complete_running)
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
    check_home()
    from lrtui.commands.attach import attach as attach_to
    from lrtui.tui.config import Flags

    context.exit(attach_to(name, Flags(ascii=ascii, mouse=mouse)))


@lrtui.command(hidden=True)
@click.argument("folder")
def relay(folder: str) -> None:
    """Hold a worker for a front end on another machine, at the end of its ssh connection."""
    from lrtui.launch.remote.relay import serve

    serve(folder)


def _check_detach(*, several: bool, waits: bool, elsewhere: bool) -> None:
    """Refuse what needs somebody who waits for the end of the run."""
    if waits:
        end = "`lrtui show ID --json` has the record when the run has ended"
        raise click.UsageError(f"--detach goes without --json, -o and --on-hangup=stop: {end}")
    if several:
        raise click.UsageError("--detach is for one spec: start the others with it too")
    if elsewhere:
        raise click.UsageError("--detach is for this machine: there, `ssh BOX lrtui run --detach`")


def _check_file(file: Path, force: bool, spec_files: Sequence[Path]) -> None:
    """Refuse a file that the record could not be written to, before the run."""
    if len(spec_files) > 1:
        raise click.UsageError("-o is for one spec: --json prints the records of several")
    check_output(file, force)


def _agreed(
    specs: Sequence[RunSpec], have_files: bool, flags: Mapping[str, Any], yes: bool
) -> set[str]:
    """What the command agrees to: all with --yes, else the user's own code that flags name."""
    from lrtui.catalog.trust import ANY_FILE, ANYTHING, unagreed

    if yes:
        return {ANYTHING}
    agreed: set[str] = set()
    for spec in specs:
        named = {role: getattr(spec, role) for role in CHOICES if not have_files or flags[role]}
        items = unagreed(RunSpec(**named), ())
        agreed.update(item.line for item in items if item.kind != "call")
    return agreed if have_files else {*agreed, ANY_FILE}
