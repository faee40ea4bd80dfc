from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.widgets import Static

from lrtui.tui.clean import CleanFilter, clean
from tests.tui.doubles import FakeDriver
from tests.tui.helpers import run_screen


@given(st.text())
def test_no_control_character_gets_through(text: str) -> None:
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in clean(text))


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_is_untouched(text: str) -> None:
    assert clean(text) == text


def test_what_was_removed_is_seen() -> None:
    assert clean("a\x1b]52;c;x\x07b") == "a␛]52;c;x␇b"
    assert clean("one\ntwo\tthree") == "one two three"
    assert "\u202e" not in clean("gnp\u202eexe")


def test_the_filter_keeps_styles_and_leaves_clean_segments_alone() -> None:
    style = Style(bold=True)
    segments = [Segment("fine", style), Segment("bad\x1b[2J", style)]
    out = CleanFilter().apply(segments, Color.parse("black"))
    assert out[0] is segments[0]
    assert out[1] == Segment("bad␛[2J", style)


async def test_the_app_lets_none_through_whatever_a_widget_shows() -> None:
    async with run_screen(FakeDriver()) as (screen, pilot):
        await screen.mount(Static("hostile \x1b]52;c;ZXZpbA==\x07 text", markup=False))
        await pilot.pause()
        shown = "".join(
            segment.text for strip in screen._compositor.render_strips() for segment in strip
        )
        assert "hostile" in shown
        assert "\x1b" not in shown
