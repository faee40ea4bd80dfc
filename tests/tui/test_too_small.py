"""A terminal that is too small gets one line; one that grows gets its screen back."""

import pytest

from lrtui.tui.app import LrtuiApp
from lrtui.tui.dialogs.ask import Ask
from lrtui.tui.run.screen import RunScreen
from lrtui.tui.too_small import TooSmall
from tests.tui.doubles import SPEC, FakeDriver, whole_run
from tests.tui.helpers import all_drawn, run_screen, screen_text, until


@pytest.mark.parametrize("size", [(59, 30), (60, 17), (20, 6)])
async def test_it_says_in_one_line_what_is_needed(size: tuple[int, int]) -> None:
    app = LrtuiApp(SPEC, driver=FakeDriver(whole_run(SPEC)))
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        said = f"lrtui needs 60×18, this terminal is {size[0]}×{size[1]}"
        # a wider line wraps
        await until(
            pilot, lambda: " ".join(screen_text(app).split()).startswith(said[: size[0] - 8])
        )
        await pilot.resize_terminal(60, 18)
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await until(pilot, lambda: "3.20e-03" in screen_text(app))


async def test_the_least_size_is_enough() -> None:
    async with run_screen(FakeDriver(whole_run(SPEC)), size=(60, 18)) as (screen, pilot):
        await all_drawn(screen, pilot)
        assert "lrtui needs" not in screen_text(screen.app)


async def test_shrinking_and_growing_brings_back_the_dialog_that_was_open() -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        app = screen.app
        await all_drawn(screen, pilot)
        answers: list[bool | None] = []
        app.push_screen(Ask("Go on?", "yes", "no"), answers.append)
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.resize_terminal(40, 12)
        await until(pilot, lambda: isinstance(app.screen, TooSmall))
        await pilot.press("enter")  # no key reaches the dialog that is out of sight
        await pilot.resize_terminal(39, 12)
        await until(pilot, lambda: "39×12" in screen_text(app))
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert answers == []
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        assert answers == [True]
