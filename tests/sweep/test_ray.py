"""Sweeps on real local Ray clusters: the same curves, lost nodes, and what is sent."""

import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lrtui import paths
from lrtui.catalog.searchpath import Installed
from lrtui.catalog.trust import ANYTHING
from lrtui.runs.store import load
from lrtui.spec import Choice
from lrtui.sweep import away
from lrtui.sweep.away import bring_home, job_of, run_job
from lrtui.sweep.executor import ExecutorError, Test
from lrtui.sweep.identity import key_of
from lrtui.sweep.local import LocalPool
from lrtui.sweep.places import core_groups
from lrtui.sweep.ray_pool import RayPool
from tests.sweep.sweeping import SMALL, curve, made_tests, outcomes_of, run_all, slow_user_model
from tests.waiting import wait

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed")


@pytest.fixture
def other_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process runs jobs as a Ray task does, and keeps nothing of it."""
    yield
    away._leave()


def started(tests: list[Test], workers: int = 2, address: str = "") -> tuple[RayPool, list[str]]:
    said: list[str] = []
    specs = [test.spec for test in tests]
    pool = RayPool.start(
        specs, workers=workers, address=address, agreed=[ANYTHING], say=said.append
    )
    return pool, said


@pytest.mark.slow
def test_the_curves_are_those_of_the_local_pool_with_files_of_the_users(tmp_path: Path) -> None:
    own = msgspec.structs.replace(SMALL, model=Choice(slow_user_model(tmp_path, 0)))
    tests = [*made_tests(3), *made_tests(1, own)]
    here = run_all(LocalPool.of(core_groups(2), [ANYTHING]), tests)
    pool, said = started(tests)
    there = run_all(pool, tests)
    for test in tests:
        assert curve(there[test.key]) == curve(here[test.key])
        assert load(Path(there[test.key].record)).spec == msgspec.to_builtins(test.spec)
    (line,) = said
    assert "4 tests on a Ray cluster on this machine, 2 at a time" in line
    assert line.endswith(f"; sent: {tmp_path}/slow_net.py")
    assert not ray.is_initialized()


def test_files_that_are_not_on_the_other_machine_are_run_from_copies(
    tmp_path: Path, other_machine: None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "helper.py").write_text("from torch import nn\n")
    (folder / "net.py").write_text(
        "from helper import nn\n"
        "def net():\n    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))\n"
    )
    spec = msgspec.structs.replace(SMALL, model=Choice(f"{folder}/net.py:net"))
    test = Test(key_of(spec), spec)
    job = job_of(test, (), threads=1, is_gpu=False, installed=Installed())
    assert sorted(Path(name).name for name in job.bundle.files) == ["helper.py", "net.py"]
    (folder / "helper.py").unlink()
    (folder / "net.py").write_text("raise SystemExit('the wrong file')\n")
    brought = run_job(msgspec.json.encode(job))
    assert not list((home / "runs").glob("*"))
    monkeypatch.setenv("LRTUI_HOME", str(home))  # the job has set its own
    outcome = bring_home(test, brought)
    assert outcome.reason == "" or outcome.status != "failed"
    record = load(Path(outcome.record))
    assert record.history.lr
    assert record.spec["model"]["target"] == f"{folder}/net.py:net"
    assert Path(outcome.record).parent == paths.runs()


def test_another_lrtui_on_the_other_machine_is_said(other_machine: None) -> None:
    (test,) = made_tests(1)
    job = job_of(test, (), threads=1, is_gpu=False, installed=Installed())
    old = msgspec.structs.replace(job, version="0.0.1")
    outcome = bring_home(test, run_job(msgspec.json.encode(old)))
    assert outcome.status == "failed"
    assert "0.0.1 here" in outcome.reason


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("127.0.0.1:1", "the Ray cluster at 127.0.0.1:1 cannot be reached"),
        ("ray://127.0.0.1:1", "cannot be reached"),
        ("nowhere", "expected HOST:PORT"),
        ("host:port", "expected HOST:PORT"),
    ],
)
def test_a_cluster_that_cannot_be_reached_is_one_line_at_once(address: str, problem: str) -> None:
    with pytest.raises(ExecutorError) as caught:
        started(made_tests(1), address=address)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not ray.is_initialized()


@pytest.mark.slow
def test_a_lost_node_costs_only_its_running_tests_and_they_are_run_again(tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    own = msgspec.structs.replace(SMALL, model=Choice(slow_user_model(tmp_path, 0.2)))
    tests = made_tests(6, own)
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        node = cluster.add_node(num_cpus=1)
        pool, said = started(tests, address=cluster.address)
        assert "2 at a time" in said[0]
        for test in tests:
            pool.submit(test)
        first = outcomes_of(pool, 1)
        wait(lambda: pool.poll() is not None and len(pool.running) == 2)
        cluster.remove_node(node, allow_graceful=False)
        rest = outcomes_of(pool, 5)
        pool.close()
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]
    outcomes = {**first, **rest}
    assert [one.reason for one in outcomes.values() if one.status == "failed"] == []
    here = run_all(LocalPool.of(core_groups(2), [ANYTHING]), tests)
    for test in tests:
        assert curve(outcomes[test.key]) == curve(here[test.key])


@pytest.mark.slow
def test_a_killed_worker_of_a_task_costs_only_its_test(tmp_path: Path) -> None:
    once = tmp_path / "once"
    path = tmp_path / "dies_once.py"
    path.write_text(
        "import os, pathlib\nfrom torch import nn\n"
        f"once = pathlib.Path({str(once)!r})\n"
        "def net():\n"
        "    if not once.exists():\n"
        "        once.touch()\n"
        f"        os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))\n"
    )
    spec = msgspec.structs.replace(SMALL, model=Choice(f"{path}:net"))
    tests = [Test(key_of(spec), spec)]
    pool, _ = started(tests, workers=1)
    outcome = run_all(pool, tests)[tests[0].key]
    assert outcome.status != "failed", outcome.reason
    assert once.exists()
