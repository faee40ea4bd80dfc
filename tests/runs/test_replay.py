"""A record as events, and the driver that shows them."""

from pathlib import Path

import msgspec
import pytest

from lrtui.analysis.answer import Obstacle
from lrtui.events import Ended, Event, Restored, Started, Step, Suggested
from lrtui.launch.record_driver import RecordDriver
from lrtui.protocol import Confirm
from lrtui.record import History, RecordError, RunRecord, from_events, from_json
from lrtui.runs.replay import events_of
from lrtui.spec import RunSpec
from tests.sample import ENDED, STARTED, SUGGESTED, run_events, steps
from tests.tui.doubles import ANSWERED, curve

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.json"))
UNTOLD = ("unknown", "name")  # that no event tells


def parts(record: RunRecord) -> dict[str, object]:
    told: dict[str, object] = {**msgspec.structs.asdict(record), "spec": record.run_spec()}
    for name in UNTOLD:
        del told[name]
    return told


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_the_fold_of_the_events_is_the_record(path: Path) -> None:
    record = from_json(path.read_bytes())
    assert parts(from_events(events_of(record))) == parts(record)


def test_repeats_and_an_obstacle_come_back() -> None:
    record = from_events([STARTED, *steps(0), *steps(1), SUGGESTED, ENDED])
    obstacle = Obstacle(verdict="rate_fought", reason="a scheduler sets the rate")
    record = msgspec.structs.replace(record, notices=["one", "two"], obstacle=obstacle)
    assert parts(from_events(events_of(record))) == parts(record)


def test_times_grow_up_to_that_of_the_run() -> None:
    events = events_of(from_events(run_events()))
    times = [event.seconds for event in events if isinstance(event, Step)]
    assert times == sorted(times)
    assert times[-1] == ENDED.seconds


def test_a_curve_without_an_answer_gets_the_one_that_it_has() -> None:
    events: list[Event] = [STARTED, *curve(ANSWERED)]
    suggested = events_of(from_events(events))[-2]
    assert isinstance(suggested, Suggested)
    assert suggested.suggestion.lr is not None


def test_a_foreign_history_is_drawn_over_its_own_range() -> None:
    history = History(lr=[1e-5, 1e-4, 1e-3], loss=[3.0, 2.0, None])
    driver = RecordDriver(RunRecord(id="x", created="", history=history))
    started = driver.events[0]
    assert isinstance(started, Started)
    assert (started.spec.range.start_lr, started.spec.range.end_lr) == (1e-5, 1e-3)
    assert driver.spec == started.spec


def test_a_spec_of_a_newer_version_is_one_clear_line() -> None:
    record = RunRecord(id="x", created="", spec={"future": 1})
    with pytest.raises(RecordError, match="of another version"):
        RecordDriver(record)


def test_nothing_runs_on_a_record_and_a_check_says_so() -> None:
    driver = RecordDriver(from_events(run_events()))
    count = len(driver.events)
    driver.stop()
    assert len(driver.events) == count
    driver.reset()
    assert driver.events[-1] == Restored(digest=STARTED.digest, exact=True)
    driver.confirm(Confirm())
    assert "saved run" in str(driver.events[-1])
    driver.run(RunSpec())
    assert isinstance(driver.events[-1], Ended)
    assert not driver.busy
