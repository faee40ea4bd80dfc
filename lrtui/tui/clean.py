"""Text that others wrote (names, reasons, paths, prints) must not control the terminal.

An escape sequence in a widget's text reaches the terminal and can set the clipboard or move the
cursor. So text is cleaned where it enters, and every line once more before it is written.
"""

import re

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# C0, DEL and C1 controls; characters that change the direction of text; line and paragraph
# separators; surrogates, which stand for what is not UTF-8
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def clean(text: str) -> str:
    """The text on one line, with every control character replaced by a visible one."""
    return _CONTROL.sub(_visible, text.replace("\n", " ").replace("\t", " "))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return "�"


class CleanFilter(LineFilter):
    """The last check: whatever a widget drew, no control character is written."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Replace the control characters in these segments."""
        return [_cleaned(segment) for segment in segments]


def _cleaned(segment: Segment) -> Segment:
    text, style, control = segment
    if not _CONTROL.search(text):
        return segment
    return Segment(_CONTROL.sub(_visible, text), style, control)
