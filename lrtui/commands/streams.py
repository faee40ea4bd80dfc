"""Output of a command: the answer on stdout, the rest on stderr, and no tracebacks."""

import contextlib
import json
import re
import shutil
import sys
from collections.abc import Generator, Iterable, Iterator
from textwrap import wrap

from lrtui.events import json_document
from lrtui.shell.streams import ANSWER, NO_ANSWER, NOT_SAVED, Stream

USAGE, USER_FAILED = 2, 4

_LONGEST = 2000  # characters of a message
_LABEL = 9  # columns of `lr       ` and the other labels of an answer
_IN_ONE_PIECE = ("code ", "log ", "record ")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")

__all__ = ["ANSWER", "NOT_SAVED", "NO_ANSWER", "USAGE", "USER_FAILED"]


def put(lines: Iterable[str], code: int = ANSWER) -> int:
    """Write lines to stdout, until nobody reads them; returns `code`."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
        if isinstance(sys.stdout, Stream) and sys.stdout.error is not None:
            break
    if isinstance(lines, Generator):
        lines.close()  # what it has begun it finishes here, and not when Python shuts down
    sys.stdout.flush()
    return code


def folded(lines: Iterable[str]) -> Iterator[str]:
    """The lines, on a terminal broken at spaces where they are wider than it.

    Code and paths stay in one piece, to be copied. What follows a label stays in its column.
    """
    width = terminal_columns()
    for line in lines:
        if width is None or len(line) <= width or line.startswith(_IN_ONE_PIECE):
            yield line
            continue
        indent = " " * _LABEL if line[_LABEL - 2 : _LABEL] == "  " else ""
        yield from wrap(
            line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )


def terminal_columns() -> int | None:
    """How wide the terminal is that stdout goes to; None where it goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def put_json(document: str, code: int = ANSWER) -> int:
    """Write a JSON document to stdout; with escapes where it takes only ASCII. Returns `code`."""
    if isinstance(sys.stdout, Stream) and sys.stdout.ascii:
        document = _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], document)
    return put([document.rstrip("\n")], code)


def say(text: str, code: int) -> int:
    """Write an error to stderr, in one line; returns `code`."""
    note(f"lrtui: {shortened(text)}")
    return code


def note(text: str) -> None:
    """Write a line to stderr; without a stderr nothing is written."""
    with contextlib.suppress(OSError):
        if sys.stderr is not None:
            sys.stderr.write(f"{printable(text)}\n")


def shortened(text: str) -> str:
    """A message without its middle where it quotes what is too long to read."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"


def printable(text: str) -> str:
    """The text with spaces for control characters: a record may come from anybody."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def json_text(document: object) -> str:
    """A document as JSON, indented by two."""
    return json_document(document)
