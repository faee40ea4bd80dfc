"""The commands that run tests: `run` and `sweep`."""

from pathlib import Path
from typing import Any, Literal

import click

from lrtui.cli.checks import check_budget, check_home, check_output, home_for_a_run
from lrtui.cli.group import lrtui
from lrtui.cli.options import FILE, as_json_option, on_hangup_option
from lrtui.flags import spec_from, spec_options
from lrtui.spec import CHOICES, RunSpec


@lrtui.command()
@click.argument("spec_file", metavar="[SPEC.toml]", required=False, type=FILE)
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
@as_json_option("the run record")
@click.option("-o", "output", type=FILE, help="Write the run record to a file.")
@click.option("--force", is_flag=True, help="Overwrite the file that -o names.")
@click.option("-y", "--yes", is_flag=True, help="Agree to all code that SPEC.toml or flags name.")
@on_hangup_option
@click.pass_context
def run(
    context: click.Context,
    /,
    spec_file: Path | None,
    as_json: bool,
    output: Path | None,
    force: bool,
    yes: bool,
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

    Exit codes: 0 an answer; 2 usage; 3 no learning rate can be recommended; 4 your code or data
    failed; 5 the result could not be saved; 128 + signal.
    """
    if output is not None:
        check_output(output, force)
    elsewhere = home_for_a_run()
    from lrtui.commands.run import Checks, run_headless
    from lrtui.commands.streams import note

    names = ("iterations", "seconds", "stability")
    asked = {name: flags.pop(name) for name in names}
    check_budget(asked)
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
        )
    )


@lrtui.command()
@click.argument("grid_file", metavar="GRID.toml", type=FILE)
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
@as_json_option("the results")
@click.option("-o", "output", type=FILE, help="Write the results to a file, as JSON.")
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
        check_output(output, force)
    check_home()
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


def _agreed(spec: RunSpec, file: Path | None, flags: dict[str, Any], yes: bool) -> set[str]:
    """What the command agrees to: all with --yes, else the user's own code that flags name."""
    from lrtui.catalog.trust import ANY_FILE, ANYTHING, unagreed

    if yes:
        return {ANYTHING}
    named = {role: getattr(spec, role) for role in CHOICES if file is None or flags[role]}
    agreed = {item.line for item in unagreed(RunSpec(**named), ()) if item.kind != "call"}
    return agreed if file is not None else {*agreed, ANY_FILE}
