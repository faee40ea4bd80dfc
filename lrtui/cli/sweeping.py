"""The command `sweep`: many tests from one grid."""

from pathlib import Path
from typing import Literal

import click

from lrtui.cli.checks import check_home, check_output
from lrtui.cli.group import lrtui
from lrtui.cli.options import FILE, as_json_option


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
