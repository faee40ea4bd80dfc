"""The local pool: the same curves on any number of workers; a killed one costs only its test."""

import os
import signal
from pathlib import Path

import msgspec
import pytest

from lrtui import paths
from lrtui.catalog.trust import ANYTHING
from lrtui.spec import Choice
from lrtui.sweep.executor import MOST_ATTEMPTS, Test
from lrtui.sweep.identity import key_of
from lrtui.sweep.lane import WorkerLane
from lrtui.sweep.local import LocalPool
from lrtui.sweep.places import Place, core_groups
from tests.sweep.sweeping import SMALL, curve, made_tests, outcomes_of, run_all, slow_user_model
from tests.waiting import wait


@pytest.mark.slow
def test_the_curves_are_the_same_on_one_worker_and_on_two_in_another_order() -> None:
    tests = made_tests(4)
    alone = run_all(LocalPool.of(core_groups(1)), tests)
    both = run_all(LocalPool.of(core_groups(2)), tests[::-1])
    assert {outcome.status for outcome in alone.values()} <= {"completed", "diverged"}
    for test in tests:
        assert curve(alone[test.key]) == curve(both[test.key])
    assert len({curve(outcome).raw_loss[0] for outcome in alone.values()}) == 4


@pytest.mark.slow
def test_what_libraries_have_shares_a_worker_and_code_of_the_users_does_not(tmp_path: Path) -> None:
    lane = WorkerLane(Place(), [ANYTHING])
    pool = LocalPool([lane], more_come=True)
    own = msgspec.structs.replace(SMALL, model=Choice(slow_user_model(tmp_path, 0)))
    first, second, third = made_tests(3)
    mine, mine_again = made_tests(2, own)
    pids = []
    for test in (first, second, mine, mine_again, third):
        pool.submit(test)
        outcomes_of(pool, 1)
        pids.append(lane.pid)
    pool.close()
    assert pids[0] == pids[1]
    assert len({pids[1], pids[3], pids[4]}) == 3
    assert pids[2] != pids[3]


@pytest.mark.slow
def test_a_killed_worker_costs_only_its_test_which_is_run_again(tmp_path: Path) -> None:
    slow = msgspec.structs.replace(SMALL, model=Choice(slow_user_model(tmp_path)))
    lane = WorkerLane(Place(), [ANYTHING])
    pool = LocalPool([lane])
    tests = [*made_tests(1, slow), *made_tests(1)]
    for test in tests:
        pool.submit(test)
    pool.poll()
    wait(lambda: list(paths.runs().glob("*.jsonl")))
    os.kill(lane.pid, signal.SIGKILL)
    outcomes = outcomes_of(pool, 2)
    pool.close()
    assert [one.reason for one in outcomes.values() if one.status == "failed"] == []
    assert len(list(paths.runs().glob("*.json"))) == 2  # none of the attempt that was killed
    assert not list(paths.runs().glob("*.jsonl"))


@pytest.mark.slow
def test_a_test_that_kills_its_worker_again_is_failed_and_the_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "deadly.py"
    path.write_text("import os\ndef net():\n    os._exit(9)\n")
    spec = msgspec.structs.replace(SMALL, model=Choice(f"{path}:net"))
    deadly = Test(key_of(spec), spec)
    tests = [deadly, *made_tests(2)]
    outcomes = run_all(LocalPool.of(core_groups(2), [ANYTHING]), tests)
    assert outcomes[deadly.key].status == "failed"
    assert "exited with code 9; its log" in outcomes[deadly.key].reason
    assert f"({MOST_ATTEMPTS} attempts)" in outcomes[deadly.key].reason
    assert all(outcomes[test.key].record for test in tests[1:])


def test_a_test_that_fails_by_itself_is_not_run_again(tmp_path: Path) -> None:
    count = tmp_path / "count"
    path = tmp_path / "broken.py"
    path.write_text(f"def net():\n    open({str(count)!r}, 'a').write('x')\n    raise ValueError\n")
    spec = msgspec.structs.replace(SMALL, model=Choice(f"{path}:net"))
    test = Test(key_of(spec), spec)
    outcome = run_all(LocalPool.of([Place()], [ANYTHING]), [test])[test.key]
    assert outcome.status == "failed"
    assert count.read_text() == "x"


def test_code_that_nobody_agreed_to_is_not_run(tmp_path: Path) -> None:
    spec = msgspec.structs.replace(SMALL, model=Choice(slow_user_model(tmp_path)))
    test = Test(key_of(spec), spec)
    outcome = run_all(LocalPool.of([Place()]), [test])[test.key]
    assert outcome.status == "failed"
    assert outcome.refused


@pytest.mark.slow
def test_stop_keeps_what_the_running_test_has_measured_and_begins_no_other(tmp_path: Path) -> None:
    slow = msgspec.structs.replace(SMALL, model=Choice(slow_user_model(tmp_path, 0.2)))
    pool = LocalPool.of([Place()], [ANYTHING])
    tests = made_tests(2, slow)
    for test in tests:
        pool.submit(test)
    pool.poll()
    driver = pool.driver(tests[0].key)
    assert driver is not None
    wait(lambda: len(driver.events) > 5)
    pool.stop()
    (outcome,) = outcomes_of(pool, 1).values()
    assert outcome.status == "stopped"
    assert curve(outcome).lr
    assert pool.running == []
    pool.close()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity on this system")
def test_a_worker_is_pinned_to_the_cores_of_its_place() -> None:
    core = min(os.sched_getaffinity(0))
    lane = WorkerLane(Place(cores=(core,)))
    lane.begin(SMALL, more=False)
    assert os.sched_getaffinity(lane.pid) == {core}
    lane.close()
