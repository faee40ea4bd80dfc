"""Foreign text: names, reasons, paths and prints that others wrote. None of it may steer the terminal.

An escape sequence in any widget's text reaches the terminal and can set the clipboard or move the cursor, so text is
cleaned where it enters, and every line once more on its way out.
"""

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# C0, DEL and C1 controls; the characters that turn the direction of text round; line and paragraph separators.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def clean(text: str) -> str:
    """The text on one line, with every control character made visible."""
    return _CONTROL.sub(_visible, text.replace("\n", " ").replace("\t", " "))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "�"


class CleanFilter(LineFilter):
    """The last gate: whatever a widget drew, no control character leaves in it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments; those with a control character in their text rewritten."""
        return [
            Segment(_CONTROL.sub(_visible, text), style, control)
            if _CONTROL.search(text)
            else segment
            for segment in segments
            for text, style, control in (segment,)
        ]
