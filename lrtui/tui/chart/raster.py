"""Raster: a canvas of dots, 2 × 4 in each character cell, as braille has them.

Each column of dots is one integer whose bit `y` is the dot in row `y` from the top. A vertical run
is then one operation, and a column that is empty costs nothing.
"""

from collections.abc import Iterator

DOTS_ACROSS, DOTS_DOWN = 2, 4  # of a cell
FAR = 10**7  # rows of dots; what is farther away is drawn as if it were there


def _braille_bits(dots: tuple[int, int, int, int]) -> list[int]:
    """The braille bits of each pattern of four dots that are below each other."""
    patterns = []
    for pattern in range(16):
        patterns.append(sum(bit for row, bit in enumerate(dots) if pattern >> row & 1))
    return patterns


_LEFT = _braille_bits((0x01, 0x02, 0x04, 0x40))
_RIGHT = _braille_bits((0x08, 0x10, 0x20, 0x80))


class Raster:
    """Dots of one role."""

    def __init__(self, columns: int, rows: int) -> None:
        self.width = columns * DOTS_ACROSS
        self.height = rows * DOTS_DOWN
        self._columns = [0] * self.width

    def dot(self, x: int, y: int) -> None:
        """Set one dot, if it is on the canvas."""
        if 0 <= y < self.height and 0 <= x < self.width:
            self._columns[x] |= 1 << y

    def run(self, x: int, first: int, last: int) -> None:
        """Set the dots of a column between two rows, both included."""
        top, bottom = max(min(first, last), 0), min(max(first, last), self.height - 1)
        if top <= bottom:
            self._columns[x] |= ((1 << (bottom - top + 1)) - 1) << top

    def trace(self, path: "list[int | None]") -> None:
        """Draw a line through one row of dots a column; None is a gap."""
        before: int | None = None
        for x, y in enumerate(path):
            if y is None:
                before = None
                continue
            if before is None or abs(y - before) <= 1:
                self.run(x, y, y)
            else:
                self._join(x, before, y)
            before = y

    def _join(self, x: int, before: int, y: int) -> None:
        """Join a row in the column before with one in this column: they meet halfway."""
        middle = (before + y) // 2
        if before < y:
            self.run(x - 1, before, middle)
            self.run(x, middle + 1, y)
        else:
            self.run(x - 1, middle + 1, before)
            self.run(x, y, middle)

    def cells(self) -> Iterator[tuple[int, int, int]]:
        """Row, column and braille bits of every cell with a dot in it."""
        for column in range(0, self.width, DOTS_ACROSS):
            left, right = self._columns[column], self._columns[column + 1]
            either = left | right
            if not either:
                continue
            top = (either & -either).bit_length() - 1
            bottom = either.bit_length() - 1
            for row in range(top // DOTS_DOWN, bottom // DOTS_DOWN + 1):
                shift = row * DOTS_DOWN
                bits = _LEFT[left >> shift & 15] | _RIGHT[right >> shift & 15]
                if bits:
                    yield row, column // DOTS_ACROSS, bits


def interpolated(samples: list[tuple[int, float]], width: int) -> list[int | None]:
    """A row of dots for each of `width` columns, from samples (column, row) of ever more columns.

    A row that is nan is a gap. Samples may lie outside: the line comes from them.
    """
    path: list[int | None] = [None] * width
    before: tuple[int, float] | None = None
    for x, y in samples:
        if y != y:
            before = None
            continue
        if before is not None:
            _interpolate(path, before, (x, y))
        elif 0 <= x < width:
            path[x] = round(y)
        before = x, y
    return path


def _interpolate(
    path: list[int | None], before: tuple[int, float], after: tuple[int, float]
) -> None:
    (left, top), (right, bottom) = before, after
    slope = (bottom - top) / (right - left)
    for x in range(max(left + 1, 0), min(right + 1, len(path))):
        path[x] = round(top + slope * (x - left))
