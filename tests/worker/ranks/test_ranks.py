"""Runs on two processes, in a real worker: the same curve, and a named end however one fails."""

import shutil
from pathlib import Path

import msgspec
import pytest

from lrtui.events import Ended, Restored, Started
from lrtui.keeper.descendants import descendants
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.record import from_json
from lrtui.runs.store import journal_path
from lrtui.spec import Choice, DevicesSpec, LoaderSpec, RangeSpec, RunSpec
from tests.events import of_kind
from tests.slowly import slow_after
from tests.waiting import wait
from tests.worker.driving import finish, steps
from tests.worker.ranks import faulty

pytestmark = pytest.mark.timeout(300)
PATIENCE = 15.0  # seconds: a process may import torch for longer than another one
TWO = DevicesSpec(nproc=2, timeout=60)
SPEC = RunSpec(
    model=Choice("sample_models/mlp.py:MLP"),
    optimizer=Choice("torch.optim:SGD"),
    range=RangeSpec(num_iter=40, start_lr=1e-4, end_lr=0.1),
    loader=LoaderSpec(batch_size=16),
    device="cpu",
)


def on_two(spec: RunSpec, *, shard: bool = False) -> RunSpec:
    devices = msgspec.structs.replace(TWO, shard=shard)
    return msgspec.structs.replace(spec, devices=devices)


def run_slowly(driver: WorkerDriver, spec: RunSpec) -> Ended:
    """Run a spec to its end: the processes import torch, all on the same cores."""
    driver.run(spec)
    wait(lambda: not driver.busy, 120)
    return of_kind(driver.events, Ended)[-1]


def ranks_of(driver: WorkerDriver) -> list[int]:
    """The processes below the worker."""
    assert driver._process is not None
    worker = descendants(driver._process.pid)
    return [pid for pid in worker if b"lrtui.worker.ranks" in command_of(pid)]


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def losses(driver: WorkerDriver) -> list[float | None]:
    return [step.raw_loss for step in steps(driver)]


@pytest.mark.parametrize("shard", slow_after(1, [False, True]))
@pytest.mark.slow
def test_the_curve_of_two_processes_is_that_of_one(driver: WorkerDriver, shard: bool) -> None:
    """With DDP and with FSDP2, validation, several passes over the data and accumulation."""
    test = msgspec.structs.replace(SPEC.range, val=True, accumulation_steps=3)
    spec = msgspec.structs.replace(SPEC, range=test, loader=LoaderSpec(batch_size=16, subset=500))
    run_slowly(driver, spec)
    alone = losses(driver)
    assert len(alone) == 40
    ended = run_slowly(driver, on_two(spec, shard=shard))
    assert ended.status == "completed", ended.reason
    assert losses(driver)[len(alone) :] == pytest.approx(alone, rel=1e-6, abs=1e-6)
    record = from_json(Path(ended.record).read_bytes())
    assert record.spec["devices"]["nproc"] == 2
    started = of_kind(driver.events, Started)
    assert started[-1].samples_per_step == started[0].samples_per_step


def test_a_stop_reaches_both_and_both_are_put_back(driver: WorkerDriver) -> None:
    long = RangeSpec(num_iter=100_000, start_lr=1e-4, end_lr=0.1, diverge_th=1e9)
    driver.run(on_two(msgspec.structs.replace(SPEC, range=long)))
    wait(lambda: len(steps(driver)) >= 20 or not driver.busy, 120)
    driver.stop()
    ended = finish(driver)
    count = len(steps(driver))
    assert ended.reason == f"stopped by the user after {count} of 100000 iterations"
    driver.reset()
    wait(lambda: isinstance(driver.events[-1], Restored))
    (restored,) = of_kind(driver.events, Restored)
    assert restored.exact
    assert restored.digest == of_kind(driver.events, Started)[-1].digest


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raises", "rank 1: module (Net) of the model failed on batch 10"),
        pytest.param("dies", "rank 1 was ended by SIGKILL (out of memory", marks=pytest.mark.slow),
        pytest.param("hangs", "rank 1 did not answer for 15 s", marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
def test_a_rank_that_fails_is_named_and_the_curve_is_kept(
    driver: WorkerDriver, tmp_path: Path, how: str, reason: str
) -> None:
    file = shutil.copy(faulty.__file__, tmp_path / "faulty.py")  # outside of any package
    model = Choice(f"{file}:Net", {"how": how})
    devices = DevicesSpec(nproc=2, timeout=PATIENCE)
    spec = msgspec.structs.replace(SPEC, model=model, devices=devices)
    ended = run_slowly(driver, spec)
    assert ended.status == "failed"
    assert ended.reason.startswith(reason)
    record = from_json(Path(ended.record).read_bytes())
    assert len(record.history.lr) == len(steps(driver)) > 5
    assert not journal_path(record.id).exists()
    # no rank is left, also of those that hang
    wait(lambda: not ranks_of(driver))


def test_machines_that_never_meet_end_the_run_in_time(driver: WorkerDriver) -> None:
    devices = DevicesSpec(nproc=1, nnodes=2, rdzv_endpoint="localhost:29431", timeout=2)
    ended = run_slowly(driver, msgspec.structs.replace(SPEC, devices=devices))
    assert ended.reason.startswith("2 machines have not met at localhost:29431 within 2 s")
    assert ended.record
