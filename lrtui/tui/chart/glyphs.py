"""Glyphs: every character of a chart beyond ASCII, and what stands for it in plain ASCII."""

from collections.abc import Mapping
from dataclasses import dataclass
from unicodedata import combining, east_asian_width

from lrtui.shell.ascii import ascii_text
from lrtui.tui.chart.picture import RUN_ROLES, Role, Standing

# marker and colour of each run, the same in charts and in texts
ROLE_MARKERS: dict[Role, str] = dict(zip(RUN_ROLES, "●■▲◆○□△◇", strict=True))
_COLOURS = ["cyan", "yellow", "magenta", "blue", "red", "green", "bright_cyan", "bright_yellow"]
ROLE_COLOURS: dict[Role, str] = {
    role: f"ansi_{colour}" for role, colour in zip(RUN_ROLES, _COLOURS, strict=True)
}


@dataclass(frozen=True)
class Glyphs:
    """The characters that a chart is drawn with."""

    ascii: bool
    marks: Mapping[Role, str]  # vertical lines
    markers: Mapping[Role, str]
    tried: Mapping[Standing, str]
    vertical: str = "│"
    tick: str = "┤"
    corner: str = "└"
    horizontal: str = "─"
    x_tick: str = "┬"
    foot: str = "┴"  # of a mark on the axis
    crossing: str = "┼"  # of a mark on a tick
    interval: str = "▀"
    shade: str = "░"
    line: str = "━"  # in the legend
    dot: str = "·"
    above: str = "↑"  # not a triangle: those are the sign of the answer, and a run's marker
    below: str = "↓"
    answer: str = "▼"  # before the answer's name
    best: str = "▾"
    bad: str = "✕"

    def braille(self, bits: int, role: Role) -> str:
        """The character of a cell of 2 × 4 dots."""
        if not self.ascii:
            return chr(0x2800 | bits)
        if role == "trend":
            return "*"
        if not bits & _LOWER:
            return "'"
        if not bits & _UPPER:
            return "."
        return ":"

    def text(self, text: str) -> str:
        """A text of which every character fills one cell."""
        if text.isascii() and text.isprintable():
            return text
        return "".join(map(self._character, text))

    def _character(self, char: str) -> str:
        if self.ascii:
            char = ascii_text(char)
            return char if len(char) == 1 and char.isprintable() else "?"
        if not char.isprintable() or combining(char) or east_asian_width(char) in "WF":
            return "?"
        return char


_UPPER = 0x01 | 0x02 | 0x08 | 0x10
_LOWER = 0x04 | 0x40 | 0x20 | 0x80

GLYPHS = Glyphs(
    ascii=False,
    marks={
        "answer": "┃",
        "active": "│",
        "bound": "┊",
        "limit": "¦",
        "cross": "╎",
        **dict.fromkeys(RUN_ROLES, "╎"),
    },
    markers=ROLE_MARKERS,
    tried={"pick": "●", "as good": "◐", "worse": "○", "blew up": "✕", "running": "◌"},
)
ASCII = Glyphs(
    ascii=True,
    marks={
        "answer": "|",
        "active": "!",
        "bound": ":",
        "limit": ";",
        "cross": "!",
        **dict.fromkeys(RUN_ROLES, ":"),
    },
    markers={role: ascii_text(marker) for role, marker in ROLE_MARKERS.items()},
    tried={"pick": "@", "as good": "o", "worse": ".", "blew up": "x", "running": "~"},
    vertical="|",
    tick="+",
    corner="+",
    horizontal="-",
    x_tick="+",
    foot="|",
    crossing="+",
    interval="=",
    shade=":",
    line="*",
    dot=".",
    above="^",
    below="v",
    answer="v",
    best="v",
    bad="x",
)


def glyphs_for(ascii: bool) -> Glyphs:
    """The glyphs of a terminal that shows Unicode, or only ASCII."""
    if ascii:
        return ASCII
    return GLYPHS
