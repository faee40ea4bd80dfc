"""Errors between a target and a live object, each with a message of one line."""

import re
import sysconfig
import traceback
from pathlib import Path
from typing import Literal

from lrtui.output.exceptions import exit_code, message_of

Phase = Literal[
    "model", "data", "optimizer", "loss", "metric", "step", "device", "precision", "training"
]

_PACKAGE = Path(__file__).resolve().parents[1]
_STANDARD_LIBRARY = tuple(
    Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")
)
_INSTALLED = ("site-packages", "dist-packages")


class CatalogError(ValueError):
    """A target that cannot be listed or loaded. Its message is one line."""


class PhaseError(Exception):
    """A run that failed: the phase, and a message of one line. The cause is chained."""

    def __init__(self, phase: Phase, message: str) -> None:
        """Raise with `from error` where there is a cause, so that the log has its traceback."""
        super().__init__(message)
        self.phase = phase
        self.message = message


def one_line(error: BaseException, limit: int = 300) -> str:
    """An exception in one line: its type and the first line of its message."""
    name = type(error).__name__
    if isinstance(error, SystemExit):
        return safe_line(f"it called sys.exit({exit_code(error)})", limit)
    if isinstance(error, SyntaxError) and error.filename:
        return f"{name}: {error.msg} ({Path(error.filename).name}:{error.lineno})"
    lines = message_of(error).splitlines()
    if not lines:
        return safe_line(name, limit)
    if is_from_worker(lines[0]):
        return safe_line(lines[-1].strip(), limit)
    line = f"{name}: {lines[0]}"
    if isinstance(error, BaseExceptionGroup):
        line = f"{line}; the first: {one_line(error.exceptions[0], limit)}"
    return safe_line(line, limit)


def is_from_worker(first_line: str) -> bool:
    """Whether a message is the traceback of a DataLoader's worker or of a replica, as text."""
    return first_line.startswith("Caught ") and (
        " in DataLoader " in first_line or " in replica " in first_line
    )


def _line_in_worker(error: BaseException, folder: Path | None) -> str:
    """The innermost line of the user's code in a traceback that a worker sent as text."""
    text = message_of(error)
    innermost = ""
    if not is_from_worker(text.partition("\n")[0]):
        return innermost
    for file, line in re.findall(r'File "([^"]+)", line (\d+)', text):
        path = Path(file)
        if is_user_code(path, folder):
            innermost = f"{path.name}:{line}"
    return innermost


def safe_line(text: str, limit: int) -> str:
    """Text from elsewhere, made safe for one line: no control characters, at most `limit` long."""
    text = text[: limit + 1]  # a longer one takes seconds
    printable = "".join(letter if letter.isprintable() else "�" for letter in text)
    if len(printable) <= limit:
        return printable
    return printable[: limit - 1] + "…"


def user_line(error: BaseException, folder: Path | None = None) -> str:
    """The innermost line of the user's code in a traceback, as `net.py:12`; "" if there is none.

    The user's code is every file outside of the standard library, of installed packages and of
    lrtui; and every file inside `folder`, wherever that is.
    """
    innermost = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        if is_user_code(path, folder):
            innermost = f"{path.name}:{line}"
    return _line_in_worker(error, folder) or innermost


def with_user_line(message: str, error: BaseException, folder: Path | None = None) -> str:
    """The message, followed by ` (net.py:12)` if the traceback has a line of the user's code."""
    line = user_line(error, folder)
    if not line:
        return message
    return f"{message} ({line})"


def is_user_code(path: Path, folder: Path | None) -> bool:
    """Whether a file is the user's own, and no package's: see `user_line`."""
    # not files of Python source: <string>, <frozen importlib._bootstrap>, an extension's .pyx
    if path.name.startswith("<") or path.suffix not in (".py", ""):
        return False
    path = path.absolute()
    if folder is not None and path.is_relative_to(folder.absolute()):
        return True
    if any(part in _INSTALLED or part.startswith("torchinductor") for part in path.parts):
        return False  # packages, and what torch.compile generated
    resolved = path.resolve()
    return not any(resolved.is_relative_to(root) for root in (_PACKAGE, *_STANDARD_LIBRARY))
