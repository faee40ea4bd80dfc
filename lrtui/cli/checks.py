"""What is refused before a command begins, and where the files of a run are kept."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lrtui.launch.remote.host import Host


def check_output(output: Path, force: bool) -> None:
    """Refuse a file that the record could not be written to, before the run."""
    from lrtui.files import expanded, is_folder, is_taken

    path = expanded(output)
    if is_taken(path) and not force:
        raise click.UsageError(f"{output} already exists; --force overwrites it")
    if not is_folder(path.absolute().parent):
        raise click.UsageError(f"{output}: there is no folder {output.parent}")


def check_budget(iterations: int | None) -> None:
    """Refuse a race that is too short to tell rates apart."""
    from lrtui.analysis.race import check_budget

    if iterations is None:
        return
    try:
        check_budget(iterations)
    except ValueError as error:
        raise click.UsageError(f"--race: {error}") from None


def host_of(name: str | None, command: str | None) -> "Host | None":
    """The machine of --host; None for this one."""
    if name is None:
        if command is not None:
            raise click.UsageError("--host-command is of another machine: add --host")
        return None
    from lrtui.launch.remote.host import Host, HostError

    try:
        return Host(name, command or "")
    except HostError as error:
        raise click.UsageError(str(error)) from None


def check_home() -> None:
    """Refuse a data directory that cannot be read."""
    from lrtui import paths

    _refuse_home(paths.misnamed() or paths.unreadable())


def home_for_a_run() -> str:
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
