"""What goes wrong between a pick and a live object, told in one line. No torch here: front ends show these too."""

import sysconfig
import traceback
from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).parent.parent

Phase = Literal[
    "model", "data", "optimizer", "loss", "metric", "step", "device", "precision", "training"
]


class CatalogError(ValueError):
    """A target that cannot be listed, found or loaded. Its text is one clear line."""


class PhaseError(Exception):
    """A run that failed: in which phase, and one clear line. The cause is chained."""

    def __init__(self, phase: Phase, message: str) -> None:
        """Raise with `from error` where there is one, so that the log has its traceback."""
        super().__init__(message)
        self.phase = phase
        self.message = message


def one_line(error: BaseException, limit: int = 300) -> str:
    """An exception in one line: its type and the first line of what it says."""
    name = type(error).__name__
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001 - a foreign exception's own __str__ may raise; its type is all there is to tell then
        text = ""
    if isinstance(error, SystemExit):
        return safe_line(f"it called sys.exit({error.code!r})", limit)
    if isinstance(error, SyntaxError) and error.filename:
        return f"{name}: {error.msg} ({Path(error.filename).name}:{error.lineno})"
    first = text.splitlines()[0] if text else ""
    return safe_line(f"{name}: {first}" if first else name, limit)


def safe_line(text: str, limit: int) -> str:
    """Foreign text that is safe in a line of ours: no control characters, not too long."""
    clean = "".join(letter if letter.isprintable() else "�" for letter in text)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def user_line(error: BaseException, folder: Path | None = None) -> str:
    """Where an exception was raised, as `net.py:12`: the innermost line of the user's own code.

    The user's code is what lies in `folder`; without one it is every file outside of lrtui, the
    standard library and site-packages. "" where no such line was passed.
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_users(frame.filename, folder):
            return f"{Path(frame.filename).name}:{frame.lineno}"
    return ""


def _is_users(filename: str, folder: Path | None) -> bool:
    if folder is not None:
        return filename.startswith(str(folder))
    if filename.startswith("<") or "site-packages" in filename:
        return False
    return not filename.startswith((str(_PACKAGE), sysconfig.get_path("stdlib")))
