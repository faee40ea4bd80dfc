"""`lrtui attach`: the run screen on a run that goes on in another process."""

from lrtui.commands.streams import USAGE, say
from lrtui.launch.journal_driver import JournalDriver
from lrtui.record import RecordError
from lrtui.runs.find import find_going_on
from lrtui.spec import RunSpec
from lrtui.tui.app import run_app
from lrtui.tui.config import Flags
from lrtui.tui.terminal import refusal

_INSTEAD = "without one, `lrtui show` has the answer of a run when it has ended"


def attach(name: str, flags: Flags) -> int:
    """Open the app on the run whose id begins so, or on a choice; returns the exit code."""
    try:
        going = find_going_on(name)
    except RecordError as error:
        return say(str(error), USAGE)
    except OSError as error:
        return say(f"{error.filename}: {error.strerror}", USAGE)
    problem = refusal(_INSTEAD)
    if problem:
        return say(problem, USAGE)
    if len(going) > 1:
        return run_app(choose=True, flags=flags)
    driver = JournalDriver(going[0])
    driver.look()
    spec = RunSpec() if driver.started is None else driver.started.spec
    driver.follow()
    return run_app(spec, driver=driver, flags=flags)
