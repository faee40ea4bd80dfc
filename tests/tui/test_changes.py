"""Only changed cells are sent, and the terminal then shows what the screen shows."""

from typing import Any
from unicodedata import normalize

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.pilot import Pilot
from textual.widgets import Static

from lrtui.tui.changes import ChangedCells
from tests.tui.helpers import until

SIZE = (40, 4)


class TwoTexts(App[None]):
    CSS = "Static { width: 20; height: 4; }"

    def __init__(self) -> None:
        super().__init__()
        self.changes = ChangedCells()
        self.terminal = pyte.Screen(*SIZE)
        self.stream = pyte.Stream(self.terminal)
        self.sent = 0

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(id="left", markup=False)
            yield Static(id="right", markup=False)

    def _display(self, screen: Any, renderable: Any) -> None:
        if renderable is not None:
            update = self.changes.only(renderable, self.size)
            written = update.render_segments(self.console).replace("\n", "\r\n")
            self.sent += len(written)
            self.stream.feed(written)

    async def show(self, pilot: Pilot[None], place: str, text: str) -> int:
        """Show a text; the number of characters that were sent for it."""
        before = self.sent
        self.query_one(place, Static).update(text)
        await pilot.pause()
        return self.sent - before

    def agrees(self) -> bool:
        strips = self.screen._compositor.render_strips()
        return [strip.text for strip in strips] == self.terminal.display


async def test_a_changed_character_is_all_that_is_sent() -> None:
    app = TwoTexts()
    async with app.run_test(size=SIZE) as pilot:
        await app.show(pilot, "#right", "loss 0.123\nrate 1e-3")
        await app.show(pilot, "#right", "loss 0.124\nrate 1e-3")  # learns what is on the screen
        sent = await app.show(pilot, "#right", "loss 0.125\nrate 1e-3")
        assert 0 < sent < 40
        assert app.agrees()
        assert await app.show(pilot, "#right", "loss 0.125\nrate 1e-3") == 0


async def test_after_the_screen_was_redrawn_nothing_is_taken_as_sent() -> None:
    app = TwoTexts()
    async with app.run_test(size=SIZE) as pilot:
        for _ in range(2):
            await app.show(pilot, "#left", "one")
        app.terminal.reset()  # as after a resume
        app.screen.refresh()
        await until(pilot, app.agrees)
        assert "one" in app.terminal.display[0]
        assert await app.show(pilot, "#left", "one") > 0
        assert await app.show(pilot, "#left", "one") == 0


characters = [*"ab 1⣀⠒│━●字✅", "e\u0301"]
lines = st.lists(st.sampled_from(characters), max_size=9).map("".join)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(["#left", "#right"]), lines), max_size=12))
async def test_any_sequence_of_texts_ends_in_what_the_screen_shows(
    changes: list[tuple[str, str]],
) -> None:
    app = TwoTexts()
    async with app.run_test(size=SIZE) as pilot:
        for place, text in changes:
            await app.show(pilot, place, text)
        # pyte draws a wide character into one cell and an empty one
        shown = "".join(app.terminal.display)
        expected = "".join(strip.text for strip in app.screen._compositor.render_strips())
        assert _letters(shown) == _letters(expected)


def _letters(text: str) -> str:
    return normalize("NFC", text).replace(" ", "")
