"""Where in the user's own files a run failed: from an exception, or from a crash's dump."""

import linecache
import re
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from lrtui.catalog.errors import is_from_worker, is_user_code, message_of
from lrtui.events import FailurePlace

_LONGEST = 200  # letters of a source line
_IN_TRACEBACK = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
_IN_DUMP = re.compile(r'^  File "([^"]+)", line (\d+) in (\S+)')  # faulthandler's
_DUMPED_THREAD = re.compile(r"^(Current thread|Thread) ")


def user_place(error: BaseException) -> FailurePlace | None:
    """The last frame in the user's own files of an error or of its causes, the first one first."""
    for cause in reversed(list(_chain(error))):
        place = _place_of(cause)
        if place is not None:
            return place
    return None


def crash_place(log: Sequence[str]) -> FailurePlace | None:
    """The last frame in the user's files of the thread that crashed, in faulthandler's dump."""
    in_crashed_thread = False
    for line in log:
        if _DUMPED_THREAD.match(line):
            in_crashed_thread = line.startswith("Current")
        frame = _IN_DUMP.match(line)
        if frame is None or not in_crashed_thread:
            continue
        place = _place(frame[1], int(frame[2]), frame[3])
        if place is not None:
            return place
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, then what caused it."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _place_of(error: BaseException) -> FailurePlace | None:
    if isinstance(error, SyntaxError) and error.filename:
        return _place(error.filename, error.lineno or 0, "")
    innermost: FailurePlace | None = None
    text = message_of(error)
    if is_from_worker(text.partition("\n")[0]):
        for file, line, function in _IN_TRACEBACK.findall(text):
            innermost = _place(file, int(line), function) or innermost
    if innermost is not None:
        return innermost
    for frame, number in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        innermost = _place(code.co_filename, number, code.co_name) or innermost
    return innermost


def _place(file: str, line: int, function: str) -> FailurePlace | None:
    """A place in a user's file with its source line; None in any other file."""
    if not is_user_code(Path(file), None):
        return None
    source = linecache.getline(file, line).strip()[:_LONGEST]
    if function == "<module>":
        function = ""
    return FailurePlace(file=file, line=line, function=function, source=source)
