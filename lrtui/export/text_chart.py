"""A curve in braille: where a report can have no picture."""

import numpy as np

from lrtui.analysis.curve import FloatArray
from lrtui.export.content import Content
from lrtui.export.drawing import Drawing

COLUMNS, ROWS = 64, 10  # of the picture at its largest, without labels
Dots = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

_LABEL = 9
_FEWEST = 24  # columns, of two rates below the axis and a space between them
_EMPTY = "⠀"  # braille without dots: not every font has it as wide as the others
# the bit of each of the 2 × 4 dots in a braille character
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


def text_chart(content: Content, drawing: Drawing, width: int = 80) -> list[str]:
    """The trend and a mark at the suggested rate, in lines of fewer characters than `width`.

    They have at most 75. There are none where so few show nothing.
    """
    columns = min(COLUMNS, width - _LABEL - 3)
    if columns < _FEWEST:
        return []
    dots = np.zeros((4 * ROWS, 2 * columns), dtype=bool)
    _draw(dots, drawing)
    low, high = drawing.y
    lines = [f"{drawing.y_label} (trend) over learning rate"]
    for row, text in enumerate(_braille(dots)):
        label = ""
        if row in (0, ROWS - 1):
            label = f"{high if row == 0 else low:.3g}"
        lines.append(f"{label:>{_LABEL}} ┤{text}".replace(_EMPTY, " ").rstrip())
    lines.append(f"{'':{_LABEL}} └{'─' * columns}")
    return [*lines, *_rates(content, drawing, columns)]


def _rates(content: Content, drawing: Drawing, columns: int) -> list[str]:
    """The ends of the axis; below it a mark at the suggested rate."""
    first, last = drawing.x
    start, end = f"{first:.1e}", f"{last:.1e}"
    lines = [f"{'':{_LABEL}}  {start}{end:>{columns - len(start)}}"]
    lr = content.lr
    if lr is not None and first <= lr <= last:
        column = int(_dot_columns(np.array([lr]), drawing, columns)[0]) // 2
        text = f"▴ lr {lr:.1e}"
        if column + len(text) > columns:
            text = f"lr {lr:.1e} ▴"
            column -= len(text) - 1
        lines.append(f"{'':{_LABEL + 2 + column}}{text}")
    return lines


def _draw(dots: Dots, drawing: Drawing) -> None:
    """The trend, as a dot for each of many points along it."""
    trend, (low, high) = drawing.trend, drawing.y
    finite = np.isfinite(trend.value)
    if finite.sum() < 2:
        return
    width = dots.shape[1] // 2
    columns = _dot_columns(trend.lr[finite], drawing, width)
    along = np.linspace(columns[0], columns[-1], 400 * width)
    heights = (np.interp(along, columns, trend.value[finite]) - low) / (high - low)
    rows = np.round((1 - heights) * (len(dots) - 1)).astype(int)
    inside = (rows >= 0) & (rows < len(dots))
    dots[rows[inside], np.round(along[inside]).astype(int)] = True


def _dot_columns(lr: FloatArray, drawing: Drawing, width: int) -> FloatArray:
    """Columns of dots, from the first to the last rate."""
    first, last = drawing.x
    if drawing.log_lr:
        shares = np.log10(lr / first) / np.log10(last / first)
    else:
        shares = (lr - first) / (last - first)
    columns: FloatArray = np.clip(shares, 0, 1) * (2 * width - 1)
    return columns


def _braille(dots: Dots) -> list[str]:
    cells = dots.reshape(ROWS, 4, -1, 2)
    codes = (cells * _BITS[None, :, None, :]).sum(axis=(1, 3))
    return ["".join(chr(0x2800 + int(code)) for code in row) for row in codes]
