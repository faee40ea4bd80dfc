"""Every key of the run screen, on the events of a fake driver."""

import json
from pathlib import Path

import msgspec
import pytest
from textual.binding import Binding

from lrtui.analysis.answer import Plan
from lrtui.events import Ended, Event, Notice, Restored, Started
from lrtui.record import from_json
from lrtui.tui.chart.widget import Chart
from lrtui.tui.widgets.key_bar import KeyBar
from lrtui.tui.widgets.quiet import Quiet
from tests.tui.doubles import DIGEST, SPEC, FakeDriver, answer, curve, started, whole_run
from tests.tui.helpers import (
    all_drawn,
    run_screen,
    screen_text,
    screen_words,
    text_input,
    until,
)


async def test_a_run_is_asked_for_once_when_the_screen_opens() -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        await pilot.pause()
        assert driver.asked == ["run"]
        assert driver.specs == [SPEC]
        assert "building" in screen_text(screen.app)


async def test_a_run_that_is_on_already_is_not_asked_for_again() -> None:
    driver = FakeDriver([started(SPEC)])
    driver.busy = True
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        assert driver.asked == []


async def test_progress_lr_and_losses_are_text_while_it_runs() -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        driver.tell(started(SPEC), *curve(SPEC, 50))
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        last = curve(SPEC, 50)[-1]
        assert "50/100" in text
        assert "0:05 left" in text  # 50 points in 5 seconds, 50 to come
        assert f"lr {last.lr:.2e}" in text
        assert f"(batch {last.raw_loss:.4g})" in text
        assert "falling" in text


async def test_the_answer_is_readable_as_text() -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        for words in (
            "3.20e-03",
            "good 1.10e-03 … 7.90e-03",
            "●●●○ fairly sure",
            "race it: 1,200 steps",
        ):
            assert words in text
        assert "valley" not in text  # the published rules are behind i
        assert "constant · about 300 steps" in text
        assert "done: all iterations ran" in text
        assert DIGEST[:12] not in text  # it is in the details


async def test_without_a_justified_rate_the_reason_is_shown_and_no_rate() -> None:
    events: list[Event] = [
        started(SPEC),
        *curve(SPEC),
        answer(lr=None, low=None, high=None, verdict="no_descent", reason="it never fell"),
    ]
    async with run_screen(FakeDriver(events)) as (screen, pilot):
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        assert "no descent: it never fell" in text
        assert "3.20e-03" not in text


async def test_boundaries_stand_at_the_ends_before_there_is_a_proposal() -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        driver.tell(started(SPEC), *curve(SPEC, 10))
        await all_drawn(screen, pilot)
        assert (screen.model.boundaries.start, screen.model.boundaries.end) == (1e-7, 10.0)
        assert "1.00e-07" in screen_text(screen.app)


async def test_a_run_that_ends_without_an_answer_leaves_them_at_the_ends_of_its_curve() -> None:
    stopped = Ended(status="stopped", reason="by you", seconds=1)
    events: list[Event] = [started(SPEC), *curve(SPEC, 60), stopped]
    async with run_screen(FakeDriver(events)) as (screen, pilot):
        await all_drawn(screen, pilot)
        assert screen.model.boundaries.end == pytest.approx(curve(SPEC, 60)[-1].lr)


async def test_s_and_e_choose_and_the_arrows_move_by_columns() -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        columns = screen.query_one(Chart).columns
        axis = screen.model.state.axis
        start, end = screen.model.boundaries.start, screen.model.boundaries.end
        assert (start, end) == (2e-4, 2e-1)
        await pilot.press("e", "left", "left")
        assert screen.model.boundaries.start == start
        assert axis.column(screen.model.boundaries.end, columns) == axis.column(end, columns) - 2
        await pilot.press("s", "shift+right")
        assert (
            axis.column(screen.model.boundaries.start, columns) == axis.column(start, columns) + 10
        )
        assert f"{screen.model.boundaries.start:.2e}" in screen_text(screen.app)


async def test_a_boundary_stops_at_the_axis_and_at_the_other_one() -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("s", *["shift+left"] * 12)
        assert screen.model.boundaries.start == 1e-7
        await pilot.press(*["shift+right"] * 12)
        assert screen.model.boundaries.start < screen.model.boundaries.end


async def test_boundaries_move_while_the_run_goes_on_and_no_proposal_takes_them_back() -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        driver.tell(started(SPEC), *curve(SPEC, 30))
        await all_drawn(screen, pilot)
        await pilot.press("s", "shift+right")
        moved = screen.model.boundaries.start
        driver.tell(*curve(SPEC)[30:], answer(), Ended(status="completed", reason="", seconds=1))
        await all_drawn(screen, pilot)
        assert screen.model.boundaries.start == moved
        await pilot.press("a")
        assert (screen.model.boundaries.start, screen.model.boundaries.end) == (2e-4, 2e-1)
        assert not screen.model.boundaries.touched  # they follow the answer again


async def test_the_key_bar_is_made_again_only_when_other_keys_do_something() -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("s", "right")
        await until(pilot, lambda: " a adopt " in screen_text(screen.app))
        keys = screen.query_one(KeyBar).shown
        await pilot.press("right", "right", "e", "left")
        await pilot.pause()
        assert screen.query_one(KeyBar).shown is keys
        await pilot.press("a")
        await until(pilot, lambda: " a adopt " not in screen_text(screen.app))


async def test_x_stops_only_what_runs() -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        driver.tell(started(SPEC), *curve(SPEC, 5))
        await all_drawn(screen, pilot)
        await pilot.press("x")
        assert driver.asked == ["run", "stop"]
        driver.tell(Ended(status="stopped", reason="stopped by the user", seconds=1))
        await all_drawn(screen, pilot)
        await pilot.press("x")
        assert driver.asked == ["run", "stop"]
        assert "stopped by the user" in screen_text(screen.app)


async def test_reset_empties_the_chart_at_once_and_says_when_it_is_done() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("r")
        assert driver.asked == ["reset"]
        assert screen.model.state.repeats == []
        assert screen.model.bounds is None
        driver.tell(Restored(digest=DIGEST, exact=True))
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        assert "model put back exactly" in text
        assert "⣀" not in text
        assert "┃" not in text


async def test_a_restore_that_is_not_exact_says_so() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("r")
        driver.tell(Restored(digest="f" * 16, exact=False))
        await all_drawn(screen, pilot)
        assert "model NOT put back exactly" in screen_text(screen.app)


async def test_events_that_still_arrive_after_a_reset_are_not_drawn() -> None:
    driver = FakeDriver([started(SPEC), *curve(SPEC, 20)])
    driver.busy = True
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("r")
        driver.tell(
            *curve(SPEC)[20:40], answer(), Ended(status="stopped", reason="reset", seconds=1)
        )
        await all_drawn(screen, pilot)
        assert screen.model.state.repeats == []
        assert screen.model.state.suggested is None


async def test_enter_runs_again_after_a_reset_and_after_an_end_but_not_in_between() -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        driver.tell(*whole_run(SPEC))
        await all_drawn(screen, pilot)
        await pilot.press("enter")
        assert driver.asked == ["run", "run"]
        await pilot.press("enter")
        assert driver.asked == ["run", "run"]
        driver.tell(started(SPEC, digest="e" * 16), *curve(SPEC, 10))
        await all_drawn(screen, pilot)
        assert screen.model.state.steps == 10
        assert screen.model.state.initial_digest == "e" * 16


async def test_reset_without_a_model_is_refused() -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        driver.tell(Ended(status="failed", phase="model", reason="net.py: no such file", seconds=0))
        await all_drawn(screen, pilot)
        await pilot.press("r")
        assert "reset" not in driver.asked


async def test_w_writes_the_record_with_the_boundaries_as_they_are(tmp_path: Path) -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("e", "shift+left", "w")
        target = tmp_path / "out.json"
        text_input(screen.app).value = str(target)
        await pilot.press("enter")
        await until(pilot, lambda: screen.app.screen is screen)
        record = from_json(target.read_bytes())
        assert record.bounds == screen.model.boundaries.bounds
        assert record.status == "completed"
        assert len(record.history.lr) == 100
        assert record.suggestion is not None
        assert record.suggestion.lr == 3.2e-3


async def test_w_asks_before_it_overwrites(tmp_path: Path) -> None:
    target = tmp_path / "there.json"
    target.write_text("mine")
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("w")
        text_input(screen.app).value = str(target)
        await pilot.press("enter")
        await until(pilot, lambda: "already exists" in screen_words(screen.app))
        assert target.read_text() == "mine"
        await pilot.press("enter")
        await until(pilot, lambda: screen.app.screen is screen)
        assert json.loads(target.read_text())["schema"] == "lrtui.run/1"


async def test_another_path_after_the_question_is_asked_about_too(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("mine")
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("w")
        field = text_input(screen.app)
        field.value = str(tmp_path / "a.json")
        await pilot.press("enter")
        await until(pilot, lambda: "already exists" in screen_words(screen.app))
        field.value = str(tmp_path / "b.json")
        await until(pilot, lambda: "already exists" not in screen_words(screen.app))
        await pilot.press("enter")
        await until(pilot, lambda: "already exists" in screen_words(screen.app))
        assert (tmp_path / "b.json").read_text() == "mine"
        await pilot.press("escape")
        assert (tmp_path / "a.json").read_text() == "mine"


@pytest.mark.parametrize(
    "path", ["/nowhere/at/all.json", "/", "", "~nobody-here/x.json", "a\x00b.json", "x.jpg"]
)
async def test_a_record_that_cannot_be_written_is_an_error_in_the_dialog_which_stays(
    path: str,
) -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("w")
        dialog = screen.app.screen
        text_input(screen.app).value = path
        await pilot.press("enter")
        await until(
            pilot,
            lambda: (
                "not written" in screen_words(screen.app) or "needed" in screen_words(screen.app)
            ),
        )
        assert screen.app.screen is dialog


async def test_w_before_anything_started_says_so_and_opens_nothing() -> None:
    async with run_screen(FakeDriver()) as (screen, pilot):
        await pilot.press("w")
        assert screen.app.screen is screen


async def test_y_copies_the_rate_and_b_the_boundaries() -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("y")
        assert screen.app.clipboard == "0.0032"
        await pilot.press("b")
        assert screen.app.clipboard == "base_lr=0.0002, max_lr=0.2"


async def test_y_without_an_answer_copies_the_boundaries() -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        driver.tell(started(SPEC), *curve(SPEC, 5))
        await all_drawn(screen, pilot)
        await pilot.press("y")
        assert screen.app.clipboard == "base_lr=1e-07, max_lr=10"


async def test_a_failed_run_shows_what_where_and_the_log_and_the_app_lives() -> None:
    driver = FakeDriver()
    async with run_screen(driver) as (screen, pilot):
        driver.tell(
            Ended(
                status="failed",
                phase="model",
                reason="net.py failed to import: No module named 'x'",
                seconds=0,
            )
        )
        await all_drawn(screen, pilot)
        text = screen_text(screen.app)
        assert "failed" in text
        assert "model" in text
        assert "net.py failed to import" in text
        assert driver.log in text
        assert "┃" not in text  # without a curve there are no boundaries
        await pilot.press("enter")
        assert driver.asked == ["run", "run"]


async def test_q_leaves_and_the_driver_is_closed() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        app = screen.app
        await all_drawn(screen, pilot)
        await pilot.press("q")
    assert "close" in driver.asked
    assert app.return_code == 0


HOSTILE = "[/] [bold] \x1b]52;c;ZXZpbA==\x07 \x1b[2J [link=x"


async def test_hostile_text_is_shown_and_never_obeyed() -> None:
    spec = msgspec.structs.replace(
        SPEC, model=msgspec.structs.replace(SPEC.model, target=f"/tmp/{HOSTILE}.py:{HOSTILE}")
    )
    driver = FakeDriver()
    async with run_screen(driver, spec, size=(200, 50)) as (screen, pilot):
        event = answer(verdict="too_noisy", reason=HOSTILE, advice=HOSTILE)
        event = msgspec.structs.replace(event, suggestions={HOSTILE: 1.0})
        driver.tell(
            started(spec, digest=HOSTILE, log=HOSTILE),
            Notice(text=HOSTILE, level="warning"),
            *curve(SPEC, 9),
            event,
        )
        await all_drawn(screen, pilot)
        driver.tell(Ended(status="failed", phase=HOSTILE, reason=HOSTILE, seconds=1))
        await all_drawn(screen, pilot)
        await pilot.press("w")
        text_input(screen.app).value = f"/nowhere/{HOSTILE}"
        await pilot.press("enter")
        await until(pilot, lambda: "not written" in screen_words(screen.app))
        await pilot.press("escape")
        text = screen_text(screen.app)
        assert "[/]" in text
        assert not any(ord(char) < 32 and char != "\n" for char in text)


async def test_help_lists_every_key_from_the_table_that_binds_it() -> None:
    async with run_screen(FakeDriver(whole_run(SPEC)), size=(100, 100)) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: screen.app.screen is not screen)
        text = screen_text(screen.app)
        for binding in screen.BINDINGS:
            assert isinstance(binding, Binding)
            assert binding.tooltip in text  # also of keys that do nothing now
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)


async def test_keys_can_be_remapped() -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        screen.app.set_keymap({"run.reset": "f9"})
        await pilot.pause()
        await pilot.press("r")
        assert driver.asked == []
        await pilot.press("f9")
        assert driver.asked == ["reset"]


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (200, 50), (60, 18)])
async def test_every_size_is_drawn(size: tuple[int, int]) -> None:
    async with run_screen(FakeDriver(whole_run(SPEC)), size=size) as (screen, pilot):
        await all_drawn(screen, pilot)
        if size[0] >= 80:
            text = screen_text(screen.app)
            assert "start" in text
            assert "q quit" in text
            assert "1e-3" in text


async def test_repeats_are_drawn_and_counted() -> None:
    spec = msgspec.structs.replace(SPEC, range=msgspec.structs.replace(SPEC.range, repeats=3))
    driver = FakeDriver()
    async with run_screen(driver, spec) as (screen, pilot):
        driver.tell(
            started(spec), *(step for repeat in range(3) for step in curve(spec, repeat=repeat))
        )
        await all_drawn(screen, pilot)
        assert "300/300" in screen_text(screen.app)
        assert len(screen.model.state.repeats) == 3


async def test_events_of_an_earlier_run_are_not_in_the_record(tmp_path: Path) -> None:
    driver = FakeDriver(whole_run(SPEC))
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("enter")
        driver.tell(
            started(SPEC),
            Notice(text="second"),
            *curve(SPEC, 7),
            Ended(status="stopped", reason="x", seconds=1),
        )
        await all_drawn(screen, pilot)
        assert isinstance(screen.model.state.events[0], Started)
        assert sum(isinstance(event, Started) for event in screen.model.state.events) == 1
        assert len(screen.model.state.events) == 10


async def test_with_a_theme_of_textuals_own_it_is_drawn_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEXTUAL_THEME", "textual-dark")
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        assert screen.app.theme == "textual-dark"
        assert "3.20e-03" in screen_text(screen.app)


PLAN = Plan(schedule="one-cycle", steps=3000, warmup=200)


def planned_run(**changes: object) -> FakeDriver:
    suggested = answer(**{"schedule": "one-cycle", "steps": 3000, **changes})
    ended = Ended(status="completed", reason="all", seconds=1.0)
    return FakeDriver([started(SPEC, plan=PLAN), *curve(SPEC), suggested, ended])


@pytest.mark.parametrize("size", [(100, 30), (200, 50)])
async def test_the_answer_says_for_which_training_it_is(size: tuple[int, int]) -> None:
    driver = planned_run(coverage=0.9, loss_within=1.2, cost=400)
    async with run_screen(driver, size=size) as (screen, pilot):
        await all_drawn(screen, pilot)
        panel = str(screen.query_one("#panel", Quiet).shown)
        for words in (
            "one-cycle · 3,000 steps, 200 of them warm-up",
            "9 of 10 such intervals hold a rate within 5 % of the best loss after 300 steps",
        ):
            assert words in panel
        assert "3.20e-03" in screen_text(screen.app)
        assert "one-cycle" in screen_text(screen.app)


async def test_a_long_training_gets_the_interval_and_what_trials_cost() -> None:
    async with run_screen(planned_run(steps=20_000)) as (screen, pilot):
        await all_drawn(screen, pilot)
        panel = str(screen.query_one("#panel", Quiet).shown)
        assert " 1.10e-03 … 7.90e-03 " in panel
        assert "one-cycle · 20,000 steps" in panel
        assert "unsure: only the interval is known" in panel
        assert "confirm it" not in panel  # one next step
        assert "race it: 9,400 steps" in panel
        assert "3.20e-03" not in panel
