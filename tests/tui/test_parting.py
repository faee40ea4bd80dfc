"""Leaving asks where something would be lost, and prints what the runs came to."""

from pathlib import Path

import msgspec
import pytest

from lrtui.commands.answer import answer_lines
from lrtui.events import Ended, Event, Notice, Restored
from lrtui.launch.process import LEFT_BEHIND
from lrtui.record import from_events
from lrtui.runs.store import journal_path, record_path, save
from lrtui.tui.dialogs.ask import Ask
from lrtui.tui.parting import Parting, last_words, lost_with_trials, parting_of, unsaved
from lrtui.tui.run.model import RunModel
from tests.tui.doubles import SPEC, FakeDriver, answer, curve, race_end, started, trial, whole_run
from tests.tui.helpers import all_drawn, run_screen, screen_words, until

RACE = [trial(3.2e-3, 0.4), trial(1e-2, 0.5), race_end()]


def model_of(events: list[Event]) -> RunModel:
    model = RunModel(FakeDriver(events), SPEC)
    model.start()
    model.poll()
    return model


def lines_of(events: list[Event]) -> tuple[str, ...]:
    words = last_words(model_of(events))
    assert words is not None
    return words.lines


def recorded(path: Path, events: list[Event]) -> str:
    """Write a record of these events; its path."""
    return str(save(from_events(events), path))


def test_the_last_words_are_the_answer_the_interval_the_bounds_and_the_record() -> None:
    lines = lines_of(whole_run(SPEC, record="/home/me/run.json"))
    assert lines[1:] == (
        "lr       3.2e-03 · constant · about 300 steps",
        "from     1.1e-03 to 7.9e-03",
        "bounds   2.0e-04 to 2.0e-01",
        "record   /home/me/run.json",
    )


def test_what_could_not_be_ended_is_said_last() -> None:
    left = Notice(text=f"{LEFT_BEHIND} process 7 (sudo): it belongs to another user")
    parting = Parting()
    parting.follow(model_of([*whole_run(SPEC), left]))
    *words, last = parting.lines()
    assert words
    assert last == left.text


@pytest.mark.parametrize("race", [[], RACE])
@pytest.mark.parametrize("steps", [None, 20_000])
def test_they_say_what_the_run_command_prints(race: list[Event], steps: int | None) -> None:
    ended = Ended(status="completed", reason="all", seconds=1)
    events = [started(SPEC), *curve(SPEC), answer(steps=steps), ended, *race]
    printed = list(answer_lines(from_events(events)))
    said = lines_of(events)
    assert printed[0].startswith(said[1])
    for line in said[2:]:
        assert line in printed


def test_the_bounds_are_those_that_the_person_left() -> None:
    model = model_of(whole_run(SPEC))
    model.activate("end")
    model.move(-20, 60)
    words = last_words(model)
    assert words is not None
    assert f"bounds   2.0e-04 to {model.boundaries.end:.1e}" in words.lines
    assert model.boundaries.end < 0.1


def test_a_failed_run_leaves_its_failure() -> None:
    failed = Ended(status="failed", phase="model", reason="net.py: no module named x", seconds=0)
    lines = lines_of([failed])
    assert lines[1] == "failed (model): net.py: no module named x"
    assert lines[2].startswith("log      ")


def test_of_a_run_that_measured_nothing_nothing_is_said() -> None:
    assert last_words(model_of([started(SPEC)])) is None


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([], "0 of 100 iterations"),
        ([started(SPEC), *curve(SPEC, 30)], "30 of 100 iterations"),
        (whole_run(SPEC), ""),
    ],
)
def test_a_run_in_progress_is_not_left_silently(events: list[Event], words: str) -> None:
    said = unsaved(model_of(events))
    assert words in said
    assert bool(said) == bool(words)


def test_a_race_is_lost_unless_the_record_on_the_disk_has_it(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    events = [*whole_run(SPEC, record=str(path)), *RACE]
    assert "no record" in lost_with_trials(model_of(events))  # there is no file
    recorded(path, events[:-1])
    assert "no record" in lost_with_trials(model_of(events))  # it is older than the race
    path.unlink()
    recorded(path, events)
    assert lost_with_trials(model_of(events)) == ""


def test_a_stopped_run_says_so_and_why_there_is_no_rate() -> None:
    refused = answer(
        lr=None, low=None, high=None, verdict="still_falling", reason="It falls.", advice="Go on."
    )
    reason = "stopped by the user after 30 of 100 iterations"
    stopped = Ended(status="stopped", reason=reason, seconds=1, record="/runs/part.json")
    lines = lines_of([started(SPEC), *curve(SPEC, 30), refused, stopped])
    assert lines[1:] == (
        reason,
        "no learning rate can be recommended (still falling)",
        "It falls.",
        "Go on.",
        "record   /runs/part.json",
    )


def test_ctrl_c_while_a_worker_ends_does_not_swallow_the_last_words() -> None:
    class Interrupted(FakeDriver):
        def join(self, timeout: float) -> None:
            raise KeyboardInterrupt

    model = RunModel(Interrupted(whole_run(SPEC, record="/runs/one.json")), SPEC)
    model.start()
    model.poll()
    parting = Parting()
    parting.follow(model)
    assert parting.lines()[-1] == "record   /runs/one.json"


async def test_q_in_mid_run_asks_and_stays_or_leaves() -> None:
    driver = FakeDriver([started(SPEC), *curve(SPEC, 30)])
    driver.busy = True
    async with run_screen(driver) as (screen, pilot):
        app = screen.app
        await all_drawn(screen, pilot)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert "30 of 100 iterations" in screen_words(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert app.return_code is None
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("enter")
    assert app.return_code == 0


async def test_the_question_stays_true_and_goes_away_with_the_run(tmp_path: Path) -> None:
    driver = FakeDriver([started(SPEC), *curve(SPEC, 30)])
    driver.busy = True
    async with run_screen(driver) as (screen, pilot):
        app = screen.app
        await all_drawn(screen, pilot)
        await pilot.press("q")
        await until(pilot, lambda: "30 of 100 iterations" in screen_words(app))
        driver.tell(*curve(SPEC, 60)[30:])
        await until(pilot, lambda: "60 of 100 iterations" in screen_words(app))
        driver.tell(*whole_run(SPEC)[61:])
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("q")
    assert app.return_code == 0


@pytest.mark.parametrize("key", ["r", "enter", "q", "escape"])
async def test_keys_that_would_forget_an_unrecorded_race_ask(key: str) -> None:
    driver = FakeDriver([*whole_run(SPEC), *RACE])
    async with run_screen(driver) as (screen, pilot):
        app = screen.app
        await all_drawn(screen, pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, Ask))
        assert driver.asked == []
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        assert driver.asked == []
        assert len(screen.model.state.measured) == len(RACE)


@pytest.mark.parametrize("key", ["r", "enter"])
async def test_nothing_is_asked_where_the_record_has_the_race(key: str, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    driver = FakeDriver([*whole_run(SPEC, record=str(path)), *RACE])
    recorded(path, driver.events)
    async with run_screen(driver) as (screen, pilot):
        app = screen.app
        await all_drawn(screen, pilot)
        await pilot.press(key)
        await until(pilot, lambda: bool(driver.asked))
        assert not isinstance(app.screen, Ask)


async def test_each_of_several_runs_gets_a_line_with_what_it_came_to() -> None:
    driver = FakeDriver(whole_run(SPEC, record="/runs/one.json"))
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("r")
        driver.tell(Restored(digest="d", exact=True))
        await all_drawn(screen, pilot)
        await pilot.press("enter")
        second = whole_run(SPEC, record="/runs/two.json")
        second[-2] = msgspec.structs.replace(answer(lr=1e-2))
        driver.tell(*second)
        await all_drawn(screen, pilot)
        lines = parting_of(screen.app).lines()
    assert len(lines) == 2
    assert "lr 3.2e-03" in lines[0]
    assert "/runs/one.json" in lines[0]
    assert "lr 1.0e-02" in lines[1]
    assert "/runs/two.json" in lines[1]


async def test_a_run_that_still_ends_while_the_app_closes_is_told_as_it_ended() -> None:
    driver = FakeDriver([started(SPEC), *curve(SPEC, 30)])
    driver.busy = True
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        app = screen.app
        app.exit()
    stopped = Ended(status="stopped", reason="by the user", seconds=1, record="/runs/part.json")
    driver.tell(stopped)
    assert parting_of(app).lines()[-1] == "record   /runs/part.json"


@pytest.mark.parametrize("written", [True, False])
def test_a_run_that_was_reset_in_the_middle_says_where_its_record_is_in_the_end(
    written: bool,
) -> None:
    """Its worker writes the record when the run is stopped, which is after the words were kept."""
    model = model_of([started(SPEC), *curve(SPEC, 20)])
    assert model.state.started is not None
    run_id = model.state.started.id
    parting = Parting()
    parting.follow(model)
    parting.keep(model)
    journal_path(run_id).write_text("{}")
    if written:
        record_path(run_id).write_text("{}")
    assert model.reset()
    said = "\n".join(parting.lines())
    if written:
        assert f"record   {record_path(run_id)}" in said
    else:
        assert "`lrtui recover` makes it" in said
