"""AsciiFilter: only ASCII is written, whatever a widget drew."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from lrtui.shell.ascii import ascii_text


class AsciiFilter(LineFilter):
    """Whatever a widget drew, only ASCII is written."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Replace every glyph that is not ASCII."""
        return [_in_ascii(segment) for segment in segments]


def _in_ascii(segment: Segment) -> Segment:
    text, style, control = segment
    if text.isascii():
        return segment
    return Segment(ascii_text(text), style, control)
