"""Where in the user's own files a run failed: from an exception, or from a crash's dump."""

import linecache
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, MappingProxyType

from lrtui.catalog.errors import is_from_worker, is_user_code
from lrtui.events import FailurePlace
from lrtui.output.exceptions import chain, message_of

_LONGEST = 200  # letters of a source line
_IN_TRACEBACK = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')
_IN_DUMP = re.compile(r'^  File "([^"]+)", line (\d+) in (\S+)')  # faulthandler's
_PACKAGE = Path(__file__).resolve().parents[1]
# files of lrtui, or functions, and what they do; of a dump the innermost decides
_PHASES: Mapping[str, str] = MappingProxyType(
    {
        "_next_batch": "data",
        "engine/data/batches.py": "data",
        "engine/validation.py": "validation",
        "engine/race/": "trials",
        "engine/stability.py": "stability",
        "engine/step.py": "training",
        "build/first_batch.py": "data",
        "build/loaders.py": "data",
        "build/datasets/": "data",
        "build/dry_run.py": "the first batch",
        "build/importing.py": "import",
        "build/models.py": "model",
        "build/optimizers.py": "optimizer",
        "build/losses.py": "loss",
        "build/metrics.py": "metric",
    }
)
_DUMPED_THREAD = re.compile(r"^(Current thread|Thread) ")


def user_place(error: BaseException) -> FailurePlace | None:
    """The last frame in the user's own files of an error or of its causes, the first one first."""
    for cause in reversed(chain(error)):
        place = _place_of(cause)
        if place is None and isinstance(cause, BaseExceptionGroup):
            place = user_place(cause.exceptions[0])
        if place is not None:
            return place
    return None


def frame_place(frame: FrameType) -> FailurePlace | None:
    """Where a frame of the user's own files is; None for any other."""
    return _place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)


def crash_place(log: Sequence[str]) -> FailurePlace | None:
    """The last frame in the user's files of the thread that crashed, in faulthandler's dump."""
    frames = user_frames_in_dump(_crashed_thread(log))
    return frames[0] if frames else None


def crash_phase(log: Sequence[str]) -> str:
    """What lrtui was doing when the user's code crashed, by faulthandler's dump; "" if unknown."""
    for line in _crashed_thread(log):
        frame = _IN_DUMP.match(line)
        if frame is None or not Path(frame[1]).is_relative_to(_PACKAGE):
            continue
        file = Path(frame[1]).relative_to(_PACKAGE).as_posix()
        for part, phase in _PHASES.items():
            if file.startswith(part) or frame[3] == part:
                return phase
    return ""


def user_frames_in_dump(lines: Iterable[str]) -> list[FailurePlace]:
    """The frames of the user's own files in a dump, innermost first."""
    places = []
    for line in lines:
        frame = _IN_DUMP.match(line)
        if frame is None:
            continue
        place = _place(frame[1], int(frame[2]), frame[3])
        if place is not None:
            places.append(place)
    return places


def _crashed_thread(log: Sequence[str]) -> Iterator[str]:
    in_crashed_thread = False
    for line in log:
        if _DUMPED_THREAD.match(line):
            in_crashed_thread = line.startswith("Current")
        elif in_crashed_thread:
            yield line


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
