"""What `show`, `compare` and `export` open: kept runs, records, results of other finders."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lrtui.catalog.errors import one_line
from lrtui.commands.streams import USAGE, note, say
from lrtui.record import RecordError, RunRecord
from lrtui.runs.curves import THEIR_SMOOTH_F
from lrtui.runs.find import find
from lrtui.runs.foreign import Result, load_result
from lrtui.runs.tools import Smoothing, Tool

# what a file that is nearly a record makes the code raise that reads its details
UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
REFUSED = (RecordError, OSError, *UNREADABLE)


class Opened(NamedTuple):
    """A record, its file, and the tool that made it; None for lrtui."""

    record: RunRecord
    path: Path
    tool: Tool | None


def opened(name: str, smoothing: Smoothing) -> Opened:
    """The result of a name; stderr says what was guessed about one of another tool.

    Args:
        name: a file, an id, or the beginning of one.
        smoothing: of a file of another tool, as far as the user says it.

    Raises:
        RecordError: it cannot be found, or is no result.
        OSError: it cannot be read.
    """
    path = find(name)
    result = load_result(path, smoothing)
    guess = _guess(result, smoothing)
    if guess:
        note(f"{name}: {guess}")
    return Opened(result.record, path, result.tool)


def check_use(smoothing: Smoothing, results: Iterable[Opened]) -> None:
    """Raise RecordError where none of the results is one that `smoothing` is said of."""
    tools = {result.tool for result in results}
    if smoothing.smooth_f is not None and "torch_lr_finder" not in tools:
        raise RecordError("--smooth-f is for a torch_lr_finder history, and there is none")
    if smoothing.tool is not None and tools == {None}:
        raise RecordError("--from is for results of other tools, and there is none")


def refuse(name: str, error: Exception) -> int:
    """Say why a result is REFUSED; returns the exit code."""
    match error:
        case RecordError():
            return say(str(error), USAGE)
        case OSError():
            return say(f"{error.filename or name}: {error.strerror}", USAGE)
        case _:
            return say(f"{name}: this record cannot be read: {one_line(error)}", USAGE)


def _guess(result: Result, smoothing: Smoothing) -> str:
    """How a file of another tool was read, and the flags that say otherwise."""
    words = f"read as {result.record.reason}"
    if result.tool == "torch_lr_finder" and smoothing.smooth_f is None:
        default = f"{words}, smoothed with {THEIR_SMOOTH_F}"
        if result.is_guess:
            return f"{default}; --from says what made it, and --smooth-f how smooth"
        return f"{default}; --smooth-f says how smooth"
    if result.is_guess:
        return f"{words}; --from says what made it"
    return ""
