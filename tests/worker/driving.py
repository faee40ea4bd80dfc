"""Runs in a real worker: quick and long specs, and one run from its start to its end."""

import msgspec

from lrtui.events import Ended, Step
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from tests.events import ended, of_kind
from tests.waiting import wait

QUICK = RunSpec(
    range=RangeSpec(num_iter=20, end_lr=1.0, start_lr=1e-4), loader=LoaderSpec(batch_size=16)
)
# long enough for an answer
ANSWERED = RunSpec(
    model=Choice("sample_models/mlp.py:MLP"),
    range=RangeSpec(num_iter=300, start_lr=1e-6),
    loader=LoaderSpec(batch_size=16),
)
# lasts for as long as a test needs it: the rate is too low to diverge
LONG = msgspec.structs.replace(
    QUICK, range=RangeSpec(num_iter=1_000_000, diverge_th=1e9, start_lr=1e-9, end_lr=1e-8)
)


def with_model(target: str, spec: RunSpec = QUICK) -> RunSpec:
    return msgspec.structs.replace(spec, model=Choice(target))


def run(driver: WorkerDriver, spec: RunSpec) -> Ended:
    """Run a spec to its end; the last event."""
    driver.run(spec)
    return finish(driver)


def finish(driver: WorkerDriver) -> Ended:
    """Wait for the end of a run; the last event."""
    # a driver is idle a moment before its last event is there
    wait(lambda: not driver.busy and isinstance(driver.events[-1], Ended))
    return ended(driver.events)


def steps(driver: WorkerDriver) -> list[Step]:
    return of_kind(driver.events, Step)
