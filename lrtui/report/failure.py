"""A failed run in words: the place in the user's code, what that printed last, what to do."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from lrtui.events import FailurePlace


def place(where: FailurePlace) -> str:
    """A place as a traceback names it: `net.py:12, in forward`; the path from here, if below."""
    path = Path(where.file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    words = f"{path}:{where.line}"
    if where.function:
        words += f", in {where.function}"
    return words


def next_step(where: FailurePlace | None, log: str = "") -> str:
    """What to do after a failure."""
    if where is not None:
        return f"Fix {Path(where.file).name}, then run again: the file is read anew."
    if log:
        return "The log says more."
    return ""


def lines(where: FailurePlace | None, output: Sequence[str]) -> Iterator[str]:
    """The place and its source line, then the last prints; nothing that is not known."""
    if where is not None:
        yield f"where    {place(where)}"
        if where.source:
            yield f"             {where.source}"
    label = "printed"
    for line in output:
        yield f"{label:9}{line}"
        label = ""
