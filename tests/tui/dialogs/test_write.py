"""The dialog that writes a file, while it is written."""

import threading
from pathlib import Path

from lrtui.tui.dialogs.write import Write
from tests.tui.doubles import FakeDriver
from tests.tui.helpers import run_screen, screen_words, until


class SlowSave:
    """Writes when it is let."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.let = threading.Event()

    def __call__(self, place: str, *, overwrite: bool) -> str:
        self.calls.append(place)
        assert self.let.wait(60)
        return f"/here/{place}"


async def test_the_screen_goes_on_while_a_file_is_written_and_another_enter_writes_no_other() -> (
    None
):
    save = SlowSave()
    written: list[str | None] = []
    async with run_screen(FakeDriver()) as (screen, pilot):
        app = screen.app
        app.push_screen(Write(Path("curve.pdf"), save), written.append)
        await until(pilot, lambda: isinstance(app.screen, Write))
        try:
            await pilot.press("enter")
            await until(pilot, lambda: "writing" in screen_words(app))
            await pilot.press("enter")
        finally:
            save.let.set()
        await until(pilot, lambda: app.screen is screen)
    assert save.calls == ["curve.pdf"]
    assert written == ["/here/curve.pdf"]
