"""The help: a drawn example first, then the screen's own keys in sections, at every size."""

import pytest

from lrtui.tui import keys
from lrtui.tui.dialogs.help import Help
from tests.tui.doubles import SPEC, FakeDriver, whole_run
from tests.tui.helpers import all_drawn, run_screen, screen_text, setup_screen, until


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (200, 50)])
async def test_it_begins_with_an_example_and_its_end_can_be_reached(size: tuple[int, int]) -> None:
    async with run_screen(FakeDriver(whole_run(SPEC)), size=size) as (screen, pilot):
        app = screen.app
        await all_drawn(screen, pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        for words in ("start", "answer", "end", "too low:", "good rates", "blows up:"):
            assert words in screen_text(app)
        for _ in range(20):
            await pilot.press("pagedown")
        await until(pilot, lambda: "leave lrtui" in screen_text(app))


async def test_keys_stand_in_sections_in_their_order() -> None:
    async with run_screen(FakeDriver(whole_run(SPEC)), size=(100, 80)) as (screen, pilot):
        app = screen.app
        await all_drawn(screen, pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        text = screen_text(app)
        places = [text.index(f" {section} ") for section in keys.SECTIONS]
        assert places == sorted(places)
        assert places[0] < text.index("select the start boundary") < places[1]
        assert text.index("copy the suggested learning rate") > places[3]


async def test_on_the_form_it_has_the_keys_of_the_form() -> None:
    async with setup_screen(size=(100, 60)) as (screen, pilot):
        app = screen.app
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        assert "save the whole form as a preset" in screen_text(app)
        assert "select the start boundary" not in screen_text(app)


@pytest.mark.parametrize("key", ["question_mark", "i", "c", "w"])
async def test_under_a_dialog_only_its_own_keys_are_listed(key: str) -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        app = screen.app
        await all_drawn(screen, pilot)
        assert "quit" in screen_text(app).split("\n")[-1]
        await pilot.press(key)
        await until(pilot, lambda: "esc " in screen_text(app).split("\n")[-1])
        last = screen_text(app).split("\n")[-1]
        assert "reset" not in last
        assert "quit" not in last
        await pilot.press("escape")
        await until(pilot, lambda: "quit" in screen_text(app).split("\n")[-1])


def test_every_key_of_a_section_exists() -> None:
    ids = {
        getattr(binding, "id", "")
        for table in (*keys.SCREENS, keys.EVERYWHERE)
        for binding in table
    }
    assert {binding_id for section in keys.SECTIONS.values() for binding_id in section} <= ids
