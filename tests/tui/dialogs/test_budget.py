"""The race's dialog: budgets in iterations and time, with what a race does for each."""

import pytest

from lrtui.tui.dialogs.budget import AskBudget, offers
from lrtui.tui.run.model import RunModel
from tests.tui.doubles import SPEC, FakeDriver, race_end, trial, whole_run
from tests.tui.helpers import all_drawn, run_screen, screen_text, text_input, until


def model_of(driver: FakeDriver) -> RunModel:
    model = RunModel(driver, SPEC)
    model.start()
    model.poll()
    return model


def test_offers_lie_around_the_usual_budget_and_say_the_plan_of_the_race() -> None:
    found = list(offers(model_of(FakeDriver(whole_run(SPEC))), 1200))
    assert [offer.iterations for offer in found] == [600, 1200, 2400, 4800]
    assert found[1].does == "3 rates × 171; best two: 2 × 171"


def test_after_an_open_race_what_it_asked_for_is_offered() -> None:
    open_race = race_end(verdict="open", more_steps=3120)
    driver = FakeDriver([*whole_run(SPEC), trial(3.2e-3, 0.4), open_race])
    found = {offer.iterations: offer.does for offer in offers(model_of(driver), 1200)}
    assert "would decide the last race" in found[3200]
    assert "would decide" not in found[1200]


@pytest.mark.parametrize("size", [(60, 18), (100, 30)])
async def test_the_arrows_choose_and_the_time_is_that_of_the_test(size: tuple[int, int]) -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver, size=size) as (screen, pilot):
        app = screen.app
        await all_drawn(screen, pilot)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, AskBudget))
        await until(pilot, lambda: "▸  1,200  ≈ 2 min" in screen_text(app))  # 0.1 s a step
        await pilot.press("down")
        assert text_input(app).value == "2400"
        await pilot.press("up", "up", "up")
        assert text_input(app).value == "600"
        await until(pilot, lambda: "▸    600  ≈ 60 s" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(driver.budgets))
        assert driver.budgets[0].iterations == 600
