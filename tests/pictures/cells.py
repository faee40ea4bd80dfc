"""What a picture shows: its pieces of text with their places and colours, and its backgrounds.

The rest of an SVG of Textual's (ids, fonts, the frame) changes with its version and says nothing.
"""

import re
from html import unescape
from typing import NamedTuple

_STYLE = re.compile(r"\.[\w-]+-(r\d+) \{([^}]*)\}")
_TEXT = re.compile(r'<text class="[\w-]+-(r\d+)" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>')
_BACKGROUND = re.compile(r'<rect fill="([^"]+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"')


class Cells(NamedTuple):
    """A run of cells: text in a style, or a background and its width, at a place in pixels."""

    y: float
    x: float
    what: str
    style: str


def cells_of(svg: str) -> list[Cells]:
    """The cells of a picture, from the top left on; spaces are told by their backgrounds."""
    styles = {name: style.strip() for name, style in _STYLE.findall(svg)}
    cells = []
    for name, x, y, text in _TEXT.findall(svg):
        cells.append(Cells(float(y), float(x), unescape(text), styles[name]))
    for colour, x, y, width in _BACKGROUND.findall(svg):
        cells.append(Cells(float(y), float(x), width, colour))
    return sorted(cells)
