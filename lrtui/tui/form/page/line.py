"""Lines: a row of the screen as pieces of text, each in one look; cut and filled to a width."""

from typing import Literal

from rich.cells import cell_len, set_cell_size

Look = Literal["plain", "bold", "dim", "accent", "here", "error", "reverse"]
Piece = tuple[str, Look]
Line = tuple[Piece, ...]

CUT = "…"


def width_of(line: Line) -> int:
    """Columns of a line."""
    return sum(cell_len(text) for text, _ in line)


def fit(text: str, width: int) -> str:
    """A text in at most so many columns; one that is cut ends with a mark."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    return set_cell_size(text, width - 1).rstrip() + CUT


def fill(line: Line, width: int) -> Line:
    """A line in exactly so many columns; one that is cut ends with a mark."""
    spare = width - width_of(line)
    if spare == 0:
        return line
    if spare > 0:
        return (*line, (" " * spare, "plain"))
    pieces: list[Piece] = []
    left = width
    for text, look in line:
        if cell_len(text) >= left:  # more follows, if only a space
            pieces.append((set_cell_size(text, left - 1) + CUT, look))
            break
        pieces.append((text, look))
        left -= cell_len(text)
    return tuple(pieces)


def cut(line: Line, start: int, end: int) -> Line:
    """The columns of a line from `start` up to `end`."""
    pieces: list[Piece] = []
    column = 0
    for text, look in line:
        columns = cell_len(text)
        first, last = max(start - column, 0), min(end - column, columns)
        if first < last:
            kept = set_cell_size(text, last)
            pieces.append((kept[_letters(kept, first) :], look))
        column += columns
    return tuple(pieces)


def _letters(text: str, columns: int) -> int:
    """How many letters at the beginning of a text take so many columns."""
    letters = taken = 0
    while taken < columns and letters < len(text):
        taken += cell_len(text[letters])
        letters += 1
    return letters


def wrapped(text: str, width: int, most: int = 100) -> list[str]:
    """A text in lines of at most so many columns, broken between words where that can be."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        while cell_len(word) > width > 0:
            head = set_cell_size(word, width).rstrip()
            lines[-1] = head
            word = word[len(head) :]
            lines.append("")
        lines[-1] = word
    if len(lines) > most:
        rest = " ".join(lines[most - 1 :])
        lines = [*lines[: most - 1], fit(rest, width)]
    return lines


def changed_span(before: Line, after: Line) -> tuple[int, int]:
    """Where two lines of one width differ: the first column, and the number of columns."""
    start = _equal_columns(before, after)
    end = _equal_columns(before[::-1], after[::-1])
    width = width_of(after)
    return start, max(width - start - end, 0)


def _equal_columns(before: Line, after: Line) -> int:
    columns = 0
    for piece, other in zip(before, after, strict=False):
        if piece != other:
            break
        columns += cell_len(piece[0])
    return columns
