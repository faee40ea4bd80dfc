"""The canvas: curves, raw losses and the band of the repeats as cells, and signs at the edges."""

from dataclasses import dataclass, field

from lrtui.tui.chart.axis import Axis
from lrtui.tui.chart.glyphs import Glyphs
from lrtui.tui.chart.picture import BLANK, Cell, Curve, Picture, Role
from lrtui.tui.chart.raster import DOTS_ACROSS, DOTS_DOWN, Raster, interpolated
from lrtui.tui.chart.sampling import Ranges, Samples, ranges_of, samples_of
from lrtui.tui.chart.window import Window, window_for

MARKER_EVERY = 15  # columns
_EDGE_GAP = 6  # columns between two signs at the same edge

Path = list[int | None]  # row of dots in each column of dots


@dataclass
class Canvas:
    """Rows of cells; a row or column outside is ignored."""

    rows: list[list[Cell]]
    glyphs: Glyphs
    said: set[str] = field(default_factory=set)  # signs that the legend explains

    @classmethod
    def empty(cls, columns: int, rows: int, glyphs: Glyphs) -> "Canvas":
        """A canvas without anything on it."""
        return cls([[BLANK] * columns for _ in range(rows)], glyphs)

    def lay(self, raster: Raster, role: Role) -> None:
        """Draw dots in front of what is there."""
        known: dict[int, Cell] = {}
        for row, column, bits in raster.cells():
            cell = known.get(bits)
            if cell is None:
                cell = known[bits] = (self.glyphs.braille(bits, role), role)
            self.rows[row][column] = cell


@dataclass(frozen=True)
class _Drawn:
    """A curve with its samples."""

    curve: Curve
    samples: Samples
    ranges: Ranges


def draw_curves(picture: Picture, columns: int, rows: int, glyphs: Glyphs) -> tuple[Canvas, Window]:
    """The curves of a picture in cells, and the window that they are seen through."""
    width = columns * DOTS_ACROSS
    drawn = [_sampled(curve, picture.axis, width) for curve in picture.curves]
    window = _window(picture, drawn, rows)
    canvas = Canvas.empty(columns, rows, glyphs)
    _lay_band(canvas, picture, window)
    _lay_dots(canvas, drawn, window)
    paths = []
    for own in drawn:
        path = _path(own.samples, window, width)
        raster = Raster(columns, rows)
        raster.trace(path)
        canvas.lay(raster, own.curve.role)
        paths.append((own.curve, path))
    for curve, path in paths:
        _say_where_it_leaves(canvas, path, curve.role)
    _lay_markers(canvas, paths)
    _lay_not_finite(canvas, picture)
    return canvas, window


def _sampled(curve: Curve, axis: Axis, width: int) -> _Drawn:
    ranges: Ranges = []
    if curve.dots is not None:
        ranges = ranges_of(curve.dots, axis, width)
    return _Drawn(curve, samples_of(curve.line, axis, width), ranges)


def _window(picture: Picture, drawn: list[_Drawn], rows: int) -> Window:
    """The window of the curves in front: those behind them would flatten them."""
    raw: list[float] = []
    for own in drawn:
        for _, low, high in own.ranges:
            raw += (low, high)
    lines = [[loss for _, loss in own.samples] for own in drawn if own.curve.role != "repeat"]
    if not any(lines):
        lines = [[loss for _, loss in own.samples] for own in drawn]
    if not any(loss == loss for line in lines for loss in line):
        lines = [raw]
    return window_for(lines, rows, dots=raw, settled=picture.settled, log=picture.y_log)


def _path(samples: Samples, window: Window, width: int) -> Path:
    """The row of dots of a line in each of `width` columns."""
    dots = window.dots([loss for _, loss in samples])
    return interpolated([(x, dot) for (x, _), dot in zip(samples, dots, strict=True)], width)


def _lay_dots(canvas: Canvas, drawn: list[_Drawn], window: Window) -> None:
    """The lowest and the highest raw loss of every column, as dots."""
    raster = Raster(len(canvas.rows[0]), len(canvas.rows))
    for own in drawn:
        lows = window.dots([low for _, low, _ in own.ranges])
        highs = window.dots([high for _, _, high in own.ranges])
        for (x, _, _), low, high in zip(own.ranges, lows, highs, strict=True):
            for dot in (low, high):
                if dot == dot:
                    raster.dot(x, round(dot))
    canvas.lay(raster, "batch")


def _lay_band(canvas: Canvas, picture: Picture, window: Window) -> None:
    """Shade the cells whose middle lies between the lowest and the highest of the repeats."""
    if picture.band is None:
        return
    lrs, lows, highs = picture.band
    columns = len(canvas.rows[0])
    low, high = (
        _path(samples_of((lrs, edge), picture.axis, columns), window, columns)
        for edge in (lows, highs)
    )
    cell: Cell = (canvas.glyphs.shade, "band")
    for column, (bottom, top) in enumerate(zip(low, high, strict=True)):
        if bottom is None or top is None:
            continue
        first = max(-(-(top - 1) // DOTS_DOWN), 0)
        last = min((bottom - 2) // DOTS_DOWN, len(canvas.rows) - 1)
        for row in range(first, last + 1):
            canvas.rows[row][column] = cell


def _say_where_it_leaves(canvas: Canvas, path: Path, role: Role) -> None:
    """Put a sign at the edge where a line goes beyond it."""
    bottom = len(canvas.rows) * DOTS_DOWN - 1
    glyphs = canvas.glyphs
    last_sign = {True: -_EDGE_GAP, False: -_EDGE_GAP}
    before: int | None = None
    for x, y in enumerate(path):
        outside = y is not None and not 0 <= y <= bottom
        was_outside = before is not None and not 0 <= before <= bottom
        if y is not None and outside and not was_outside:
            column, above = x // DOTS_ACROSS, y < 0
            if column - last_sign[above] >= _EDGE_GAP:
                row, sign = (0, glyphs.above) if above else (-1, glyphs.below)
                canvas.rows[row][column] = (sign, role)
                canvas.said.add("off")
                last_sign[above] = column
        before = y


def _lay_not_finite(canvas: Canvas, picture: Picture) -> None:
    """Mark the rates whose loss is not finite, at the top edge."""
    columns = len(canvas.rows[0])
    for lr in picture.not_finite:
        if picture.axis.shows(lr):
            canvas.rows[0][picture.axis.column(lr, columns)] = (canvas.glyphs.bad, "bad")
            canvas.said.add("not finite")


def _lay_markers(canvas: Canvas, paths: list[tuple[Curve, Path]]) -> None:
    """Each curve's marker on its line, at other columns than those of the other curves."""
    marked = [(curve, path) for curve, path in paths if curve.marker]
    all_places = [_visible_places(path, len(canvas.rows)) for _, path in marked]
    taken: set[tuple[int, int]] = set()
    for (curve, _), places in zip(marked, all_places, strict=True):
        _lay_name(canvas, curve, places, taken)
    for index, ((curve, _), places) in enumerate(zip(marked, all_places, strict=True)):
        offset = index * MARKER_EVERY // len(marked)
        for row, column in places:
            if column % MARKER_EVERY == offset and (row, column) not in taken:
                _lay_text(canvas, row, column, curve.marker, curve.role)


def _visible_places(path: Path, rows: int) -> list[tuple[int, int]]:
    """Row and column of the cells that a line goes through, one a column."""
    places = []
    for x in range(0, len(path), DOTS_ACROSS):
        y = path[x] if path[x] is not None else path[x + 1]
        if y is not None and 0 <= y < rows * DOTS_DOWN:
            places.append((y // DOTS_DOWN, x // DOTS_ACROSS))
    return places


def _lay_name(
    canvas: Canvas, curve: Curve, places: list[tuple[int, int]], taken: set[tuple[int, int]]
) -> None:
    """Write marker and name at the end of a line, or before it where others are written."""
    text = canvas.glyphs.text(curve.marker + curve.name)
    columns = len(canvas.rows[0])
    for row, column in reversed(places):
        left = min(column, columns - len(text))
        cells = {(row, left + offset) for offset in range(-1, len(text) + 1)}
        if left >= 0 and not cells & taken:
            _lay_text(canvas, row, left, text, curve.role)
            taken |= cells
            return


def _lay_text(canvas: Canvas, row: int, column: int, text: str, role: Role) -> None:
    cells = canvas.rows[row]
    for offset, char in enumerate(canvas.glyphs.text(text)[: len(cells) - column]):
        cells[column + offset] = (char, role)
