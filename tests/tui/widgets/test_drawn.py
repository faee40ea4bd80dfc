"""Drawn: what is painted, and when."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.strip import Strip

from lrtui.tui.widgets.drawn import Drawn
from tests.tui.helpers import screen_text


class Words(Drawn[str]):
    """Each word on a row; a Resize is lost, as Textual loses some."""

    LOOKS = "words"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"words--plain"}

    def __init__(self, *words: str) -> None:
        super().__init__()
        self.words = words
        self.sent: list[tuple[Region, ...]] = []

    def draw_rows(self, size: Size) -> Sequence[str]:
        return [word.ljust(size.width)[: size.width] for word in self.words]

    def strip_of(self, row: str) -> Strip:
        return Strip([Segment(row, self.style_of("plain"))])

    def refresh(self, *regions: Region, **how: Any) -> "Words":
        if self.is_running:
            self.sent.append(regions)
        return super().refresh(*regions, **how)

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Resize):
            await super().on_event(event)


class WordsApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Words("one", "two")


async def test_rows_are_painted_at_every_size_though_no_resize_arrives() -> None:
    app = WordsApp()
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        assert screen_text(app).split() == ["one", "two"]
        await pilot.resize_terminal(2, 5)
        await pilot.pause()
        assert screen_text(app).split() == ["on", "tw"]


async def test_only_rows_that_differ_are_sent() -> None:
    app = WordsApp()
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause()
        words = app.query_one(Words)
        words.sent.clear()
        words.words = ("one", "three")
        words.redraw()
        words.redraw()
        assert words.sent == [(Region(0, 1, 20, 1),)]
        await pilot.pause()
        assert screen_text(app).split() == ["one", "three"]
