"""Short trainings and the stability limit: asked for, drawn as they come, in the record."""

import re
from pathlib import Path

import msgspec
import pytest
from textual.pilot import Pilot

from lrtui.analysis.answer import Plan, Suggestion
from lrtui.commands.answer import answer_lines
from lrtui.endings import check_problem
from lrtui.events import Ended, Event, Measured, Racing, StabilityResult
from lrtui.report.training import RACE
from lrtui.runs.store import load
from lrtui.tui.chart.plotting import draw
from lrtui.tui.dialogs.ask import Ask
from lrtui.tui.race.screen import Trials
from lrtui.tui.run.answer_panel import verdict_and_reason
from lrtui.tui.run.budget import Budget, parse_budget
from lrtui.tui.run.pictures import trials_picture
from lrtui.tui.run.screen import RunScreen
from lrtui.tui.run.state import RunState
from tests.tui.doubles import (
    SPEC,
    FakeDriver,
    answer,
    curve,
    race_end,
    started,
    trial,
    whole_run,
)
from tests.tui.helpers import (
    all_drawn,
    run_screen,
    screen_text,
    screen_words,
    suggestion_of,
    text_input,
    until,
)

TRIALS = [trial(3.2e-3, 0.4), trial(9.6e-3, 0.3), trial(1.1e-3, None)]
LIMIT = Measured(StabilityResult(limit=1e-3, eigenvalue=2000.0, formula="2/λ", problem=""))


async def start_trainings(
    screen: RunScreen, pilot: Pilot[None], driver: FakeDriver, *events: Event
) -> None:
    """Ask for trainings with the default budget; these events come."""
    await all_drawn(screen, pilot)
    await pilot.press("c")
    await until(pilot, lambda: screen.app.screen is not screen)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(screen.app.screen, Trials))
    trials = screen.app.screen
    assert isinstance(trials, Trials)
    driver.tell(*events)
    await all_drawn(screen, pilot)
    await until(pilot, lambda: trials.drawn[:1] == (screen.model.version,))


@pytest.mark.parametrize(
    ("text", "iterations", "seconds"),
    [
        ("1200", 1200, None),
        (" 30 s", None, 30.0),
        ("2 min", None, 120.0),
        ("1.5m", None, 90.0),
        ("500 steps", 500, None),
    ],
)
def test_a_budget_is_iterations_or_a_time(
    text: str, iterations: int | None, seconds: float | None
) -> None:
    assert parse_budget(text) == Budget(iterations, seconds)


@pytest.mark.parametrize(
    "text", ["", "0", "-3", "many", "1.5", "nan", "1e9999", "30 parsecs", "59"]
)
def test_what_is_no_budget_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match="iterations"):
        parse_budget(text)


async def test_c_asks_for_a_budget_and_the_driver_is_given_it() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("c")
        await until(pilot, lambda: "budget" in screen_text(screen.app))
        assert "3.20e-03" in screen_text(screen.app)
        text_input(screen.app).value = "soon"
        await pilot.press("enter")
        assert "such as 30 s" in screen_text(screen.app)
        assert driver.budgets == []
        text_input(screen.app).value = "30 s"
        await pilot.press("enter")
        await until(pilot, lambda: bool(driver.budgets))
        (asked,) = driver.budgets
        assert (asked.lr, asked.iterations, asked.seconds) == (3.2e-3, None, 30.0)


async def test_the_dialog_says_what_training_the_race_is_for() -> None:
    ended = Ended(status="completed", reason="all", seconds=1)
    plan = Plan(schedule="one-cycle", steps=3000)
    suggested = answer(schedule="one-cycle", steps=3000)
    driver = FakeDriver([started(SPEC, plan=plan), *curve(SPEC), suggested, ended])
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("c")
        await until(pilot, lambda: "one-cycle, 3,000 steps" in screen_words(screen.app))
        assert "1200" in screen_text(screen.app)


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 50)])
async def test_trials_fill_a_table_as_they_arrive_and_the_verdict_is_text(
    size: tuple[int, int],
) -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver, size=size) as (screen, pilot):
        await start_trainings(screen, pilot, driver, *TRIALS[:2])
        text = screen_text(screen.app)
        assert "3.20e-03  suggestion" in text
        assert "9.60e-03  × 3" in text
        assert "0.3" in text
        assert "x stops" in text
        assert any(0x2800 < ord(char) < 0x2900 for char in text)  # their curves
        driver.tell(TRIALS[2], race_end())
        await all_drawn(screen, pilot)
        await until(pilot, lambda: "confirmed: no rate trains better" in screen_text(screen.app))
        text = screen_text(screen.app)
        assert "÷ 2.91" in text
        assert "blew up" in text
        assert "validation loss" in text
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        assert "race: confirmed" in screen_text(screen.app)


async def test_x_stops_the_trainings() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await start_trainings(screen, pilot, driver, TRIALS[0])
        await pilot.press("x")
        assert driver.asked == ["confirm", "stop"]
        driver.tell(check_problem("confirmation", "stopped by the user after 1 trials"))
        await all_drawn(screen, pilot)
        await until(pilot, lambda: "stopped by the user" in screen_text(screen.app))
        assert not screen.model.state.busy
        await pilot.press("x")
        assert driver.asked == ["confirm", "stop"]


async def test_the_rate_of_the_race_is_the_answer_everywhere_and_in_a_copy_of_the_record(
    tmp_path: Path,
) -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        replaced = race_end("replaced", better=9.6e-3, reason="3.2e-03 reached 9 % more loss")
        await start_trainings(screen, pilot, driver, *TRIALS, replaced)
        await until(pilot, lambda: "replaced: train at 9.6e-03" in screen_words(screen.app))
        assert re.search(r"▸ . 9\.60e-03 .* pick", screen_text(screen.app))
        await pilot.press("w")
        target = tmp_path / "out.json"
        await until(pilot, lambda: bool(screen.app.screen.query("Input")))
        text_input(screen.app).value = str(target)
        await pilot.press("enter")
        await until(pilot, target.exists)
        record = load(target)
        assert [one.__struct_config__.tag for one in record.measured] == [
            *["trial"] * 3,
            "confirmation",
        ]
        shown = "\n".join(answer_lines(record))
        assert shown.startswith("lr       9.6e-03 · ")
        assert "the test alone: 3.2e-03" in shown
        assert "lr=0.0096" in shown
        await until(pilot, lambda: isinstance(screen.app.screen, Trials))
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        assert suggestion_of(screen).lr == 9.6e-3
        assert "9.60e-03" in screen_text(screen.app)


async def test_an_open_race_names_its_price() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        undecided = race_end("open", reason="at most 9 % apart", more_steps=417)
        await start_trainings(screen, pilot, driver, *TRIALS, undecided)
        await until(
            pilot,
            lambda: "open: at most 9 % apart; about 420 more steps" in screen_words(screen.app),
        )


def test_after_a_race_the_reason_begins_with_the_verdict_of_the_race_alone() -> None:
    raced = Suggestion(verdict="ok", lr=1e-3, method=RACE, reason="open in the race: 4 % apart")
    assert verdict_and_reason(raced).plain == "open in the race: 4 % apart"
    tested = msgspec.structs.replace(raced, method="", reason="The loss fell.")
    assert verdict_and_reason(tested).plain == "The loss fell."


async def test_without_an_answer_the_active_boundary_is_tried() -> None:
    refused = answer(lr=None, low=None, high=None, verdict="disagree")
    ended = Ended(status="completed", reason="all", seconds=1)
    driver = FakeDriver([started(SPEC), *curve(SPEC), refused, ended])
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("e", "shift+left")
        await pilot.press("c")
        await until(pilot, lambda: "the end boundary" in screen_text(screen.app))
        await pilot.press("enter")
        await until(pilot, lambda: bool(driver.budgets))
        assert driver.budgets[0].lr == screen.model.boundaries.end


async def test_checks_and_runs_do_not_start_while_the_other_is_running() -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        driver.tell(started(SPEC), *curve(SPEC, 5))
        await all_drawn(screen, pilot)
        await pilot.press("c", "l")
        assert driver.asked == ["run"]
        driver.tell(*curve(SPEC)[5:], answer(), Ended(status="completed", reason="", seconds=1))
        await all_drawn(screen, pilot)
        await pilot.press("l", "l", "enter")
        assert driver.asked == ["run", "stability"]


async def test_the_stability_limit_is_a_line_with_its_value_and_formula_and_l_hides_it() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        assert "limit" not in screen_text(screen.app)
        await pilot.press("l")
        assert driver.asked == ["stability"]
        driver.tell(LIMIT)
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        assert "limit" in "".join(text.split("\n")[1:4])
        assert "¦" in text
        assert "stable below 1.00e-03 at the start" in text
        await pilot.press("l")
        assert "¦" not in screen_text(screen.app)
        assert driver.asked == ["stability"]


async def test_an_optimizer_without_a_theory_is_reported_in_a_line() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("l")
        driver.tell(check_problem("stability", "there is no theory for Lion"))
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        assert "there is no theory for Lion" in text
        assert "¦" not in text


def test_a_training_that_blew_up_does_not_flatten_those_in_front() -> None:
    state = RunState(SPEC)
    blown_up = msgspec.structs.replace(trial(0.1, None).result, curve=[2.3, 50.0, 4000.0])
    for event in (trial(3.2e-3, 0.4), trial(9.6e-3, 0.3), Measured(blown_up)):
        state.feed(event)
    picture = trials_picture(state)
    rows = draw(picture, 100, 20)
    high = max(
        float(label)
        for row in rows[1:-2]
        if (label := "".join(char for char, _ in row[:6]).strip())
    )
    assert high < 10
    assert picture.curves[-1].name == "3.20e-03"  # the pick is in front


async def test_a_reset_takes_the_trials_away() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await start_trainings(screen, pilot, driver, *TRIALS, race_end())
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(screen.app.screen, Ask))  # no record has them
        await pilot.press("enter")
        await until(pilot, lambda: screen.model.state.trials == [])
        assert "confirmed" not in screen_text(screen.app)


RACING = Racing(
    lr=9.6e-3, round=0, seed=0, done=12, of=40, trials=1, total=9, spent=52, budget=400,
    seconds_left=41.0,
)  # fmt: skip


async def test_a_race_says_how_far_it_is_and_which_rate_is_trained_now() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await start_trainings(screen, pilot, driver, trial(3.2e-3, 0.4), RACING)
        await until(pilot, lambda: "trial 2 of at most 9" in screen_text(screen.app))
        text = screen_text(screen.app)
        assert "0:41 left" in text
        assert re.search(r"9\.60e-03 .* running", text)
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        assert "trial 2 of at most 9" in screen_text(screen.app)
        assert RACING not in screen.model.state.events  # it is in no record
        driver.tell(race_end())
        await until(pilot, lambda: screen.model.state.racing is None)


async def test_the_curves_of_a_race_are_named_and_marked_as_its_table_is() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await start_trainings(screen, pilot, driver, *TRIALS, race_end())
        await until(pilot, lambda: "confirmed" in screen_text(screen.app))
        chart, table = screen_text(screen.app).split("what it is")
        for row in screen.model.state.standings:
            marker = re.search(rf"(\S) {row.lr:.2e}", table)
            assert marker is not None
            assert f"{marker[1]}{row.lr:.2e}" in chart


@pytest.mark.parametrize("size", [(60, 18), (80, 24)])
async def test_a_small_terminal_shows_each_rate_on_one_line_and_the_verdict(
    size: tuple[int, int],
) -> None:
    tried = [trial(3.2e-3 * 2.15**power, 0.3 + abs(power)) for power in (0, -1, 1, 2)]
    tried.append(trial(3.2e-3 * 2.15**3, None))
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver, size=size) as (screen, pilot):
        await start_trainings(screen, pilot, driver, *tried, race_end())
        rows = screen_text(screen.app).splitlines()
        assert sum("worse" in row and " 40 " in row for row in rows) == 3
        assert sum("blew up" in row and " 40 " in row for row in rows) == 1
        assert "confirmed: no rate trains better" in screen_words(screen.app)


async def test_the_losses_of_chart_and_table_have_their_own_names() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await start_trainings(screen, pilot, driver, *TRIALS, race_end())
        rows = screen_text(screen.app).splitlines()
        assert "training loss" in rows[1]
        (header,) = [row for row in rows if "what it is" in row]
        assert "validation loss" in header
