"""What the person changed reaches the run's own record, whichever way they leave it."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.app import App

from lrtui.events import Event, encode
from lrtui.record import RunRecord, from_events
from lrtui.report.race import corrected
from lrtui.runs.store import journal_path, load, record_path, save
from lrtui.tui.app import LrtuiApp
from lrtui.tui.run.boundaries import Boundaries
from lrtui.tui.run.export import RecordChanges, record_changes, save_changes
from lrtui.tui.run.screen import RunScreen
from tests.tui.doubles import SPEC, FakeDriver, FakeSession, race_end, trial, whole_run
from tests.tui.helpers import (
    all_drawn,
    run_screen,
    setup_screen,
    until,
)

ID = "01KAN000000000000000ABCDEF"


@pytest.fixture
def record() -> Path:
    """The record that the worker wrote when the run ended."""
    path = record_path(ID)
    return save(from_events(whole_run(SPEC, str(path))), path)


def run_of(record: Path) -> list[Event]:
    return whole_run(SPEC, str(record))


async def test_moved_boundaries_are_saved_on_quit(record: Path) -> None:
    before = load(record)
    async with run_screen(FakeDriver(run_of(record))) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("e", "shift+left", "s", "right")
        moved = screen.model.boundaries.bounds
        await pilot.press("q")
    assert moved != before.bounds
    assert load(record) == saved_with(before, bounds=moved)


async def test_moved_boundaries_are_saved_when_the_person_goes_back_to_the_form(
    record: Path,
) -> None:
    session = FakeSession()
    async with setup_screen(session) as (screen, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(screen.app.screen, RunScreen))
        run = screen.app.screen
        assert isinstance(run, RunScreen)
        session.drivers[0].tell(*run_of(record))
        await all_drawn(run, pilot)
        await pilot.press("s", "right")
        moved = run.model.boundaries.bounds
        await pilot.press("escape")
        await until(pilot, lambda: screen.app.screen is screen)
        await until(pilot, lambda: load(record).bounds == moved)


@pytest.mark.parametrize("key", ["enter", "r"])
async def test_moved_boundaries_are_saved_before_another_run_and_before_a_reset(
    record: Path, key: str
) -> None:
    driver = FakeDriver(run_of(record))
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("s", "shift+right")
        moved = screen.model.boundaries.bounds
        await pilot.press(key)
        assert driver.asked in (["run"], ["reset"])
        await until(pilot, lambda: load(record).bounds == moved)


async def test_a_race_is_kept_beside_the_answer_of_the_test(record: Path) -> None:
    raced = [trial(3.2e-3, 0.4), trial(9.6e-3, 0.3), race_end("replaced", better=9.6e-3)]
    # the worker wrote the record again, with the trials
    save(from_events([*run_of(record), *raced]), record, overwrite=True)
    async with run_screen(FakeDriver([*run_of(record), *raced])) as (screen, pilot):
        await all_drawn(screen, pilot)
        assert screen.model.suggested_lr == 9.6e-3
        await pilot.press("s", "shift+right")
        moved = screen.model.boundaries.bounds
        await pilot.press("q")
    saved = load(record)
    assert saved.bounds == moved
    assert len(saved.measured) == 3
    after, _ = corrected(saved.measured, saved.suggestion, saved.bounds)
    assert after is not None
    assert after.lr == 9.6e-3


async def test_a_record_of_which_nothing_was_changed_is_not_touched(record: Path) -> None:
    before = record.read_bytes(), record.stat().st_mtime_ns
    async with run_screen(FakeDriver(run_of(record))) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("s", "right", "a", "comma", "q")
    assert (record.read_bytes(), record.stat().st_mtime_ns) == before


async def test_live_objects_have_no_record_and_none_is_made() -> None:
    async with run_screen(FakeDriver(whole_run(SPEC))) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("s", "right")
        assert record_changes(screen.model) is None
        await pilot.press("q")
    assert not record_path(ID).exists()


async def test_a_record_that_cannot_be_saved_is_told_in_a_line_and_the_next_run_goes_on(
    record: Path,
) -> None:
    driver = FakeDriver(run_of(record))
    async with run_screen(driver) as (screen, pilot):
        await all_drawn(screen, pilot)
        await pilot.press("s", "right")
        record.write_text("no record any more")
        await pilot.press("enter")
        assert driver.asked == ["run"]
        await until(pilot, lambda: "your changes are not in the run's record" in toasts(screen.app))
    assert record.read_text() == "no record any more"


async def test_on_quit_a_failure_is_printed_when_the_terminal_is_free(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[object] = []
    leave = LrtuiApp.exit

    def exit(
        app: LrtuiApp, result: None = None, return_code: int = 0, message: object = None
    ) -> None:
        messages.append(message)
        leave(app, result, return_code)

    monkeypatch.setattr(LrtuiApp, "exit", exit)
    async with run_screen(FakeDriver(run_of(record))) as (screen, pilot):
        app = screen.app
        await all_drawn(screen, pilot)
        await pilot.press("s", "right")
        record.unlink()
        await pilot.press("q")
    assert messages[-1] == (
        f"lrtui: your changes are not in the run's record: {record}: No such file or directory"
    )
    assert app.return_code == 0


def toasts(app: App[Any]) -> str:
    return "\n".join(toast.message for toast in app._notifications)


def saved_with(record: RunRecord, **changes: object) -> RunRecord:
    """The record as it is loaded after these changes were saved."""
    changed = msgspec.structs.replace(record, **changes)
    return msgspec.structs.replace(changed, unknown=load_document(changed))


def load_document(record: RunRecord) -> dict[str, object]:
    document = msgspec.to_builtins(record)
    del document["unknown"]
    assert isinstance(document, dict)
    return document


def test_what_a_killed_worker_left_in_its_journal_is_kept(record: Path) -> None:
    journal = journal_path(ID)
    events = [*run_of(record), trial(3.2e-3, 0.4)]
    journal.write_bytes(b"".join(map(encode, events)))
    bounds = Boundaries(1e-3, 1e-1).bounds
    save_changes(RecordChanges(record, bounds))
    saved = load(record)
    assert saved.bounds == bounds
    assert len(saved.measured) == 1
    assert not journal.exists()


def test_keys_of_a_newer_version_survive(record: Path) -> None:
    document = msgspec.json.decode(record.read_bytes())
    document["later"] = {"kept": True}
    record.write_bytes(msgspec.json.encode(document))
    save_changes(RecordChanges(record, Boundaries(1e-3, 1e-1).bounds))
    assert msgspec.json.decode(record.read_bytes())["later"] == {"kept": True}
