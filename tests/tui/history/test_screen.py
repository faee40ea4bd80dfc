"""The runs screen: what is seen, opened, run again, renamed, deleted, exported and recovered."""

import fcntl
import json
from pathlib import Path
from typing import cast

import pytest
from textual.events import Key
from textual.widgets import Input

from lrtui import paths
from lrtui.events import Event, Started, encode
from lrtui.keeper.control import ControlFile
from lrtui.runs.store import control_path, journal_path, load, record_path
from lrtui.tui.app import LrtuiApp
from lrtui.tui.attached import AttachedScreen
from lrtui.tui.compare.screen import CompareScreen
from lrtui.tui.form.screen import SetupScreen
from lrtui.tui.history.screen import HistoryScreen
from lrtui.tui.run.screen import RunScreen
from tests.tui.doubles import FakeSession, curve, started
from tests.tui.helpers import screen_text, screen_words, setup_screen, text_input, until
from tests.tui.history.kept import history_screen, kept, run_id, spec_of


def row(screen: HistoryScreen, number: int) -> str:
    """The line of a run on the screen, by what is unique in it."""
    lines = screen_text(screen.app).splitlines()
    return next(line for line in lines if f" wd {number:g}" in line or f"run{number}" in line)


async def test_all_runs_are_listed_the_newest_first_with_their_rates() -> None:
    kept(1, lr=1e-3, name="run1")
    kept(2, lr=None, name="run2")
    async with history_screen() as (screen, pilot):
        await until(pilot, lambda: "run2" in screen_text(screen.app))
        assert screen_text(screen.app).index("run2") < screen_text(screen.app).index("run1")
        assert "1.0e-03 ok" in row(screen, 1)
        assert "falls" in row(screen, 2)
        assert "2 runs" in screen_text(screen.app)


async def test_no_runs_is_said() -> None:
    async with history_screen() as (screen, pilot):
        await until(pilot, lambda: "no runs yet" in screen_text(screen.app))
        await pilot.press("enter", "r", "n", "d", "e", "space", "C", "M")
        assert screen.app.screen is screen


async def test_the_highlighted_run_is_previewed_when_the_cursor_rests() -> None:
    kept(1, lr=2e-4)
    kept(2, lr=3e-2)
    async with history_screen() as (screen, pilot):
        await until(pilot, lambda: "3.00e-02" in screen_text(screen.app))
        await pilot.press("down")
        await until(pilot, lambda: "2.00e-04" in screen_text(screen.app))
        assert "300 iterations" not in screen_text(screen.app)
        assert "all iterations ran" in screen_words(screen.app)


async def test_a_run_that_goes_on_is_seen_to_grow_and_becomes_a_record() -> None:
    spec = spec_of()
    journal = journal_path(run_id(7))
    events: list[Event] = [started(spec, id=run_id(7)), *curve(spec, 30)]
    with journal.open("ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(b"".join(map(encode, events)))
        async with history_screen() as (screen, pilot):
            await until(pilot, lambda: "running 30/100, 0:07 left" in screen_text(screen.app))
            assert "1 running" in screen_text(screen.app)
            file.write(b"".join(map(encode, curve(spec, 50)[30:])))
            await until(pilot, lambda: "running 50/100" in screen_text(screen.app))
            kept(7, name="run7")
            journal.unlink()
            await until(pilot, lambda: "ok" in screen_text(screen.app))
            assert "running" not in row(screen, 7)


async def test_a_run_that_goes_on_is_opened_followed_and_stopped_from_the_list() -> None:
    spec = spec_of()
    journal, control = journal_path(run_id(7)), ControlFile(control_path(run_id(7)))
    control.open()
    events: list[Event] = [started(spec, id=run_id(7)), *curve(spec, 30)]
    with journal.open("ab", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(b"".join(map(encode, events)))
        async with history_screen() as (screen, pilot):
            app = screen.app
            await until(pilot, lambda: "running 30/100" in screen_text(app))
            await pilot.press("x")
            await until(pilot, lambda: control.path.read_bytes().endswith(b"\nstop\n"))
            control.open()
            await pilot.press("enter")
            await until(pilot, lambda: "30/100" in screen_text(app) and "NEXT" in screen_text(app))
            file.write(b"".join(map(encode, curve(spec, 50)[30:])))
            await until(pilot, lambda: "● 50/100" in screen_text(app))
            assert "leave; it goes on in" in screen_text(app)
            for key in ("c", "l", "plus", "r", "enter"):
                await pilot.press(key)
                await until(pilot, lambda: "only where the run was started" in screen_words(app))
                app.clear_notifications()
                await until(pilot, lambda: "only where the run" not in screen_words(app))
            await pilot.press("x")
            await until(pilot, lambda: control.path.read_bytes().endswith(b"\nstop\n"))
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is screen)
            assert journal.exists()


async def test_of_several_runs_that_go_on_one_is_chosen() -> None:
    kept(1)
    files = []
    for number in (7, 8):
        file = journal_path(run_id(number)).open("ab", buffering=0)
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(encode(started(spec_of(), id=run_id(number))))
        files.append(file)
    app = LrtuiApp(choose=True)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: "2 found" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, AttachedScreen))
        driver = cast("AttachedScreen", app.screen).model.driver
        await until(pilot, lambda: bool(driver.events))
        assert cast("Started", driver.events[0]).id == run_id(7)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not app.is_running)
    for file in files:
        file.close()


async def test_runs_that_were_cut_off_are_offered_and_recovered() -> None:
    spec = spec_of()
    events: list[Event] = [started(spec, id=run_id(7)), *curve(spec, 90)]
    journal_path(run_id(7)).write_bytes(b"".join(map(encode, events)))
    async with history_screen() as (screen, pilot):
        await until(pilot, lambda: "1 was cut off: R makes a record" in screen_text(screen.app))
        await pilot.press("R")
        await until(pilot, lambda: record_path(run_id(7)).exists())
        await until(pilot, lambda: "cut off at" not in screen_text(screen.app))
        await until(pilot, lambda: "✂" not in screen_text(screen.app))


async def test_a_search_narrows_the_list_and_escape_ends_it_before_it_leaves() -> None:
    kept(1, spec_of("SGD"))
    kept(2, spec_of("AdamW"))
    async with history_screen() as (screen, pilot):
        await pilot.press("slash", *"sgd")
        await until(pilot, lambda: "1 found" in screen_text(screen.app))
        assert [row.id for row in screen.model.shown] == [run_id(1)]
        await pilot.press("enter", "d")
        await until(pilot, lambda: not record_path(run_id(1)).exists())
        await pilot.press("escape")
        await until(pilot, lambda: screen.model.query == "")
        assert screen.app.screen is screen
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(screen.app.screen, SetupScreen))


async def test_what_is_typed_at_once_after_the_slash_reaches_the_search() -> None:
    kept(1, spec_of("SGD"))
    async with history_screen() as (screen, pilot):
        for key in ["slash", *"sgd/d"]:  # without a pause between them
            screen.app.post_message(Key(key, None if key == "slash" else key))
        await until(pilot, lambda: screen.query_one(Input).value == "sgd/d")
        assert record_path(run_id(1)).exists()


async def test_keys_do_not_act_while_the_person_types_a_search() -> None:
    kept(1)
    async with history_screen() as (screen, pilot):
        await pilot.press("slash", *"dqnr")
        await until(pilot, lambda: screen.query_one(Input).value == "dqnr")
        assert record_path(run_id(1)).exists()
        assert screen.app.screen is screen


async def test_a_run_opens_with_its_curve_and_answer_and_leaves_no_trace() -> None:
    path = kept(1, lr=4e-3)
    before = path.read_bytes()
    async with history_screen() as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        await until(pilot, lambda: "4.00e-03" in screen_text(screen.app))
        await pilot.press("s", "right", "escape")
        await until(pilot, lambda: screen.app.screen is screen)
    assert path.read_bytes() == before


async def test_a_run_of_a_newer_version_says_why_it_does_not_open() -> None:
    kept(1).write_text(
        json.dumps({"schema": "lrtui.run/1", "id": run_id(1), "created": "", "spec": {"x:": 1}})
    )
    async with history_screen() as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: "of another version" in screen_words(screen.app))
        assert screen.app.screen is screen


async def test_run_again_fills_the_form_with_the_settings_of_the_run() -> None:
    kept(1, spec_of("SGD", batch_size=16))
    session = FakeSession()
    async with history_screen(session) as (screen, pilot):
        app = screen.app
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, SetupScreen))
        form = app.screen
        assert isinstance(form, SetupScreen)
        await until(pilot, lambda: form.body is not None and form.spec == spec_of("SGD", 16))
        assert session.drivers == []


async def test_a_run_of_live_objects_has_nothing_to_fill_a_form_with() -> None:
    kept(1, spec={**load(kept(1)).spec, "model": {"target": "Net", "args": {}}})
    async with history_screen() as (screen, pilot):
        await pilot.press("r")
        await until(pilot, lambda: "not made from a form" in screen_words(screen.app))
        assert screen.app.screen is screen


async def test_a_name_is_kept_in_the_record_beside_keys_of_a_newer_version() -> None:
    path = kept(1)
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "future": [1, 2]}))
    async with history_screen() as (screen, pilot):
        await pilot.press("n")
        await until(pilot, lambda: screen.app.screen is not screen)
        await pilot.press(*"best", "enter")
        await until(pilot, lambda: "best · SmallCNN" in screen_text(screen.app))
        assert json.loads(path.read_text()) == {**document, "future": [1, 2], "name": "best"}
        await pilot.press("n")
        await until(pilot, lambda: screen.app.screen is not screen)
        text_input(screen.app).value = ""
        await pilot.press("enter")
        await until(pilot, lambda: "name" not in json.loads(path.read_text()))


async def test_a_deleted_run_comes_back_with_undo_in_the_order_of_deletion() -> None:
    kept(1, name="run1")
    kept(2, name="run2")
    async with history_screen() as (screen, pilot):
        await pilot.press("d")
        await until(pilot, lambda: screen.model.count == 1)
        await pilot.press("d")
        await until(pilot, lambda: screen.model.count == 0)
        assert len(list(paths.trash().iterdir())) == 2
        await pilot.press("u")
        await until(pilot, lambda: screen.model.count == 1)
        assert record_path(run_id(1)).exists()
        await pilot.press("u")
        await until(pilot, lambda: screen.model.count == 2)


@pytest.mark.parametrize("ending", [".csv", ".json", ".html", ".pdf"])
async def test_a_run_is_exported_in_the_format_that_the_name_says(
    tmp_path: Path, ending: str
) -> None:
    path = kept(1)
    target = tmp_path / f"out{ending}"
    async with history_screen() as (screen, pilot):
        await pilot.press("e")
        await until(pilot, lambda: screen.app.screen is not screen)
        text_input(screen.app).value = str(target)
        await pilot.press("enter")
        await until(pilot, target.exists)
        await until(pilot, lambda: screen.app.screen is screen)
    if ending == ".json":
        assert load(target) == load(path)
        return
    if ending != ".csv":
        assert target.read_bytes().startswith({".html": b"<!doctype", ".pdf": b"%PDF"}[ending])
        return
    head, *points = target.read_text().splitlines()
    assert head == "repeat,iteration,lr,loss,raw_loss,train_loss,metric,run,lrtui,torch"
    assert len(points) == len(load(path).history.lr)
    assert points[0].startswith("0,0,1e-07,")


async def test_a_run_is_exported_to_a_dashboard(tmp_path: Path) -> None:
    kept(1)
    async with history_screen() as (screen, pilot):
        await pilot.press("e")
        await until(pilot, lambda: screen.app.screen is not screen)
        text_input(screen.app).value = f"tensorboard:{tmp_path}"
        await pilot.press("enter")
        await until(pilot, lambda: screen.app.screen is screen)
    assert list(tmp_path.glob("*/events.*"))


async def test_another_ending_is_refused_and_says_which_there_are(tmp_path: Path) -> None:
    kept(1)
    async with history_screen() as (screen, pilot):
        await pilot.press("e")
        await until(pilot, lambda: screen.app.screen is not screen)
        text_input(screen.app).value = str(tmp_path / "out.xlsx")
        await pilot.press("enter")
        await until(pilot, lambda: "end the name in .csv, .json" in screen_words(screen.app))
    assert not (tmp_path / "out.xlsx").exists()


async def test_marked_runs_are_compared_and_keep_letter_and_marker_on_both_screens() -> None:
    kept(1, spec_of("SGD"), lr=1e-1)
    kept(2, spec_of("AdamW"), lr=1e-3)
    async with history_screen() as (screen, pilot):
        await pilot.press("space", "space")
        await until(pilot, lambda: "2 marked" in screen_text(screen.app))
        await until(pilot, lambda: "THE PICK" in screen_text(screen.app))
        assert "●A" in screen_text(screen.app)
        await pilot.press("C")
        await until(pilot, lambda: isinstance(screen.app.screen, CompareScreen))
        await until(pilot, lambda: "WHAT DIFFERS" in screen_text(screen.app))
        lines = screen_text(screen.app).splitlines()
        optimizers = next(line for line in lines if line.startswith("optimizer"))
        assert optimizers.split() == ["optimizer", "AdamW", "SGD"]
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        await pilot.press("M")
        await until(pilot, lambda: "THE PICK" not in screen_text(screen.app))


async def test_marks_are_still_there_when_the_screen_is_opened_again() -> None:
    kept(1)
    async with history_screen() as (screen, pilot):
        await pilot.press("space")
        marks = screen.model.marks
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(screen.app.screen, SetupScreen))
        assert marks.of(run_id(1)) is not None
        again = HistoryScreen()
        await screen.app.push_screen(again)
        assert again.model.marks is marks


async def test_without_marks_the_repeats_of_the_run_are_compared() -> None:
    kept(1, spec_of(repeats=3))
    kept(2)
    async with history_screen() as (screen, pilot):
        await pilot.press("C")
        await until(pilot, lambda: "mark two runs" in screen_words(screen.app))
        await pilot.press("down", "C")
        await until(pilot, lambda: isinstance(screen.app.screen, CompareScreen))
        await until(pilot, lambda: "3 repeats" in screen_text(screen.app))


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (200, 50)])
async def test_the_list_fits_every_size(size: tuple[int, int]) -> None:
    for number in range(60):
        kept(number, name=f"run{number}")
    async with history_screen(size=size) as (screen, pilot):
        await until(pilot, lambda: "run59" in screen_text(screen.app))
        await pilot.press("end")
        await until(pilot, lambda: "run0 " in screen_text(screen.app))
        await until(pilot, lambda: "run59" not in screen_text(screen.app))
        await pilot.press("home", "pagedown")
        assert screen.model.cursor > 5


async def test_nothing_is_drawn_while_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    kept(1)
    async with history_screen() as (screen, pilot):
        await until(pilot, lambda: "1.00e-03" in screen_text(screen.app))
        drawn: list[object] = []
        monkeypatch.setattr(screen, "redraw", lambda: drawn.append(None))
        for _ in range(8):
            await pilot.pause(0.2)
        assert drawn == []


async def test_h_on_the_run_button_opens_the_list() -> None:
    kept(1, name="run1")
    async with setup_screen() as (form, pilot):
        app = form.app
        await pilot.press("h")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
        await until(pilot, lambda: "run1" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is form)
