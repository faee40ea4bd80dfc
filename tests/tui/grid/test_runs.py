"""The runs of a grid, one at a time or one on each device, without an app."""

import pytest

from lrtui.events import Ended
from lrtui.spec import RunSpec
from lrtui.tui.grid.opening import lanes_of
from lrtui.tui.grid.runs import GridRuns, SessionLane
from tests.tui.doubles import FakeSession, answer, curve, started, whole_run

SPECS = [RunSpec(seed=number) for number in range(3)]
STOPPED = Ended(status="stopped", reason="stopped by the user", seconds=1.0)


def begun() -> tuple[GridRuns, FakeSession]:
    session = FakeSession()
    runs = GridRuns(SPECS, session)
    assert runs.poll()
    return runs, session


def test_one_runs_at_a_time_and_the_next_begins_when_it_has_ended() -> None:
    runs, session = begun()
    assert [cell.standing for cell in runs.cells] == ["running", "waiting", "waiting"]
    assert not runs.poll()
    session.drivers[0].tell(*whole_run(SPECS[0], "/runs/a.json"))
    assert runs.poll()
    assert session.drivers[0].asked == ["run", "close"]
    runs.poll()
    assert [cell.standing for cell in runs.cells] == ["done", "running", "waiting"]
    assert session.drivers[1].specs == [SPECS[1]]
    assert runs.state.steps == 0


def test_a_run_that_fails_does_not_end_the_grid() -> None:
    runs, session = begun()
    failed = Ended(status="failed", reason="no such file", seconds=0.1, phase="model")
    session.drivers[0].tell(started(SPECS[0]), failed)
    runs.poll()
    runs.poll()
    assert [cell.standing for cell in runs.cells] == ["failed", "running", "waiting"]
    assert runs.cells[0].reason == "no such file"
    assert runs.records == []


def test_it_is_over_after_the_last_run_and_knows_what_each_suggests() -> None:
    runs, session = begun()
    for number, spec in enumerate(SPECS):
        ended = Ended(status="completed", reason="", seconds=10.0, record=f"/runs/{number}.json")
        session.drivers[number].tell(started(spec), *curve(spec), answer(lr=1e-3), ended)
        runs.poll()
        runs.poll()
    assert runs.is_over
    assert runs.done == 3
    assert [str(path) for path in runs.records] == [f"/runs/{n}.json" for n in range(3)]
    assert all(cell.suggestion and cell.suggestion.lr == 1e-3 for cell in runs.cells)
    assert not runs.poll()
    assert len(session.drivers) == 3


def test_stop_ends_the_run_in_progress_and_begins_no_other() -> None:
    runs, session = begun()
    runs.stop()
    assert session.drivers[0].asked == ["run", "stop"]
    assert runs.cells[0].standing == "running"  # what it measured is still being kept
    session.drivers[0].tell(started(SPECS[0]), STOPPED)
    runs.poll()
    assert runs.is_over
    assert [cell.standing for cell in runs.cells] == ["stopped"] * 3
    assert not runs.poll()


def test_closing_closes_the_worker() -> None:
    runs, session = begun()
    runs.close()
    assert session.drivers[0].asked == ["run", "close"]
    assert runs.is_over


def test_the_time_left_counts_the_runs_that_wait() -> None:
    runs, session = begun()
    assert runs.seconds_left is None
    session.drivers[0].tell(*whole_run(SPECS[0]))
    runs.poll()
    runs.poll()
    assert runs.seconds_left == 10.0  # one waits, the running one has no step yet


def test_with_two_lanes_two_run_at_a_time_and_the_shown_one_stays_until_it_ends() -> None:
    session = FakeSession()
    runs = GridRuns(SPECS, session, [SessionLane(session), SessionLane(session)])
    assert runs.poll()
    assert [cell.standing for cell in runs.cells] == ["running", "running", "waiting"]
    session.drivers[1].tell(*whole_run(SPECS[1]))
    assert runs.poll()
    assert [cell.standing for cell in runs.cells] == ["running", "done", "running"]
    assert runs.current == 0
    assert runs.state.steps == 0  # not those of the run that has ended
    session.drivers[0].tell(*whole_run(SPECS[0]))
    runs.poll()
    assert runs.current == 2
    session.drivers[2].tell(*whole_run(SPECS[2]))
    runs.poll()
    assert runs.is_over


def test_only_several_gpus_are_used_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3")
    assert len(lanes_of(SPECS, ())) == 3  # as many as there are runs
    for name in ("0", ""):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", name)
        assert not lanes_of(SPECS, ())
