"""Data that cannot be loaded: named as such, with the line, in this process and in a loader's."""

import sys
from pathlib import Path

import msgspec
import pytest

from lrtui.events import Ended, Event, Notice
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.runs.store import load
from lrtui.spec import Choice, LoaderSpec, RangeSpec, RunSpec
from tests.events import of_kind
from tests.faults.test_raising import Worker, worker
from tests.slowly import slow_after
from tests.user_files import WriteFile, imports_undone, user_file
from tests.waiting import wait
from tests.worker.conftest import driver
from tests.worker.driving import finish, run, steps

__all__ = ["driver", "imports_undone", "user_file", "worker"]

DATA = """
import os, signal, sys, time
import torch
from torch import nn
from torch.utils.data import Dataset, get_worker_info

class Net(nn.Linear):
    def __init__(self):
        super().__init__(4, 2)

def fail():
    BODY

class Points(Dataset):
    def __init__(self):
        self.drawn = 0

    def __len__(self):
        return 400

    def __getitem__(self, index):
        self.drawn += 1
        if self.drawn == 40:
            fail()
        return torch.ones(4), index % 2
"""
QUICK = RunSpec(
    loader=LoaderSpec(batch_size=8, val_fraction=0.01),
    range=RangeSpec(num_iter=30, start_lr=1e-6, end_lr=1e-5),
)
FAILS = {
    "exception": ("raise ValueError('why')", "ValueError: why"),
    "exit": ("sys.exit(3)", "it called sys.exit(3)"),
    "interrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "os exit": ("os._exit(3)", "exited with code 3"),
    "segfault": ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
    "abort": ("os.abort()", "SIGABRT"),
    "kill": ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
}
FEW = ("exit", "segfault")
IN_PROCESS = ("exception", "exit", "interrupt")


def spec_of(path: Path, processes: int = 0) -> RunSpec:
    loader = msgspec.structs.replace(QUICK.loader, workers=processes)
    return msgspec.structs.replace(
        QUICK, model=Choice(f"{path}:Net"), data=Choice(f"{path}:Points"), loader=loader
    )


def check(end: Ended, kind: str, path: Path) -> None:
    body, words = FAILS[kind]
    assert (end.status, end.phase) == ("failed", "data"), end
    assert words in end.reason
    assert "\n" not in end.reason
    if kind != "kill":
        assert end.where is not None, end
        assert (end.where.file, end.where.source) == (str(path), body)


@pytest.mark.parametrize("kind", slow_after(2, IN_PROCESS))
def test_an_item_that_fails_in_mid_run_is_loading(
    worker: Worker, user_file: WriteFile, kind: str
) -> None:
    path = user_file(DATA.replace("BODY", FAILS[kind][0]))
    end = worker.run(spec_of(path))
    check(end, kind, path)
    assert "loading batch 4" in end.reason
    assert worker.steps == 3


@pytest.mark.skipif(sys.platform != "linux", reason="processes of a loader are forked")
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind in FEW else pytest.mark.slow) for kind in FAILS]
)
def test_what_ends_a_process_of_the_loader_is_loading(
    driver: WorkerDriver, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "points.py"
    path.write_text(DATA.replace("BODY", FAILS[kind][0]))
    end = run(driver, spec_of(path, 2))
    check(end, kind, path)
    assert len(steps(driver)) <= 10


WAITS = "while not os.path.exists(__file__ + '.go'): time.sleep(0.01)"


def hung(path: Path, processes: int) -> str:
    """The notice of a run that hangs until there is one."""

    def seen(event: Event) -> None:
        if isinstance(event, Notice) and "no batch" in event.text:
            Path(f"{path}.go").touch()

    patient = Worker(seen, patience=1.0)
    end = patient.run(spec_of(path, processes))
    assert end.status == "completed"
    (text,) = [notice.text for notice in of_kind(patient.events, Notice) if "no b" in notice.text]
    assert text in load(Path(end.record)).notices
    return text


def test_a_loader_that_hangs_is_said_with_the_line(user_file: WriteFile) -> None:
    path = user_file(DATA.replace("BODY", WAITS))
    text = hung(path, 0)
    assert text.startswith("no batch for 1 s: loading waits in ")
    assert f"{path.name}:12, in fail: while not os.path" in text


@pytest.mark.skipif(sys.platform != "linux", reason="processes of a loader are forked")
def test_processes_of_a_loader_that_hang_are_asked_for_their_line(user_file: WriteFile) -> None:
    path = user_file(DATA.replace("BODY", WAITS))
    text = hung(path, 2)
    assert text.startswith("no batch for 1 s: the loader waits for its 2 worker processes; process")
    assert f"{path.name}:12, in fail: while not os.path" in text


def test_a_loader_that_hangs_can_be_stopped(
    driver: WorkerDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lrtui.launch.worker_driver._STOP_SECONDS", 0.5)
    path = tmp_path / "points.py"
    path.write_text(DATA.replace("BODY", "time.sleep(600)"))
    driver.run(spec_of(path))
    wait(lambda: len(steps(driver)) == 3)
    driver.stop()
    end = finish(driver)
    assert end.status == "stopped"
    assert len(steps(driver)) == 3
