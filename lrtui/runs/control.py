"""A run that goes on in another process: which one that is, and how to stop the run from here."""

from lrtui.keeper import control
from lrtui.runs.store import control_path


def owner_of(run_id: str) -> str:
    """Where a run goes on: `process 4711 on node7`."""
    owner = control.owner(control_path(run_id))
    if owner is None:
        return "another process"
    return f"process {owner.pid} on {owner.host}"


def stop(run_id: str) -> str:
    """Have a run stop after the step in progress; returns why that is not possible, or "".

    Its worker learns of it within about a second, on whatever machine it is.
    """
    try:
        control.ask_to_stop(control_path(run_id))
    except FileNotFoundError:
        return "the run has just ended, or belongs to an older lrtui: stop it where it was started"
    except OSError as error:
        return f"the run cannot be stopped from here: {error.strerror}"
    return ""
