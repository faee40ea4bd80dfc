"""Presets from the form: saving, opening, and files that are refused."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from lrtui import presets
from lrtui.spec import Choice, RunSpec
from lrtui.specfile import read
from lrtui.tui.dialogs.open_preset import OpenPreset
from lrtui.tui.dialogs.write import Write
from lrtui.tui.run.screen import RunScreen
from lrtui.tui.widgets.quiet import Quiet
from tests.tui.doubles import FakeSession
from tests.tui.form.finding import cursor, is_shown, type_into
from tests.tui.helpers import box, screen_text, screen_words, setup_screen, until


async def replace_text(pilot: Pilot[None], text: str) -> None:
    pilot.app.screen.query_one(Input).value = text
    await pilot.pause()


async def test_f2_saves_the_whole_form_and_asks_before_it_overwrites(tmp_path: Path) -> None:
    spec = RunSpec(seed=4, metric=Choice("lrtui:accuracy"))
    (tmp_path / "mine.toml").write_text("precious")
    async with setup_screen(spec=spec) as (screen, pilot):
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(screen.app.screen, Write))
        await replace_text(pilot, f"{tmp_path}/mine")
        await pilot.press("enter")
        await until(pilot, lambda: "already exists" in screen_words(screen.app))
        assert (tmp_path / "mine.toml").read_text() == "precious"
        await pilot.press("enter")
        await until(pilot, lambda: screen.app.screen is screen)
        assert read(tmp_path / "mine.toml") == spec


async def test_a_form_with_a_problem_is_not_saved() -> None:
    async with setup_screen() as (screen, pilot):
        type_into(screen, "range.num_iter", "ten")
        await pilot.pause()
        await pilot.press("f2")
        await until(pilot, lambda: cursor(screen) == "range.num_iter")
        assert screen.app.screen is screen


async def test_f3_lists_recent_presets_first_filters_and_fills_the_form() -> None:
    presets.save(RunSpec(seed=7), presets.preset_path("seven"), overwrite=False)
    presets.remember(RunSpec(seed=8, model=Choice("sample_models/mlp.py:MLP")))
    async with setup_screen() as (screen, pilot):
        app = screen.app
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, OpenPreset))
        dialog = app.screen
        assert isinstance(dialog, OpenPreset)
        assert [preset.recent for preset in dialog.shown] == [True, False]
        assert "MLP" in screen_text(app)
        await replace_text(pilot, "sev")
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: screen.spec is not None and screen.spec.seed == 7)
        await until(pilot, lambda: is_shown(screen, "seed"))
        assert box(screen, "seed").text == "7"
        assert app.screen is screen
        assert cursor(screen) == "run"


@pytest.mark.parametrize(
    ("text", "message"),
    [("sead = 1", "wrong.toml:1: sead: unknown field 'sead'"), ("seed = ", "not TOML")],
)
async def test_a_wrong_file_is_refused_and_the_form_stays(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    async with setup_screen(size=(140, 40)) as (screen, pilot):
        app = screen.app
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, OpenPreset))
        await replace_text(pilot, str(path))
        await pilot.press("enter")
        answer = app.screen.query_one("#answer", Quiet)
        await until(pilot, lambda: message in answer.shown.plain)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)


async def test_a_run_is_remembered() -> None:
    session = FakeSession()
    async with setup_screen(session, RunSpec(seed=11)) as (screen, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        listed = presets.presets(Path("/nowhere"))
        assert [read(preset.path).seed for preset in listed] == [11]
