"""A device that fails: what to change, and a fresh process for the next run.

Without a GPU the model raises what torch raises then; with one the device fails in earnest.
"""

from pathlib import Path

import msgspec
import pytest
import torch

from lrtui.engine.failures.device import device_trouble
from lrtui.events import Ended, Restored, Started
from lrtui.launch.worker_driver import WorkerDriver
from lrtui.record import Failure
from lrtui.runs.store import load
from tests.events import of_kind
from tests.slowly import slow_after
from tests.user_modules import module
from tests.worker.conftest import driver
from tests.worker.driving import QUICK, run, steps, with_model

__all__ = ["driver"]

RAISED = {
    "memory": "raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 9.00 GiB.')",
    "assert": "raise torch.AcceleratorError('CUDA error: device-side assert triggered')",
    "lost": "raise torch.AcceleratorError('CUDA error: unspecified launch failure')",
}
ADVICE = {
    "memory": ("loader.batch_size to 8", "accumulation_steps to 2", "bf16"),
    "assert": ("label or an index", "device to cpu"),
    "lost": ("fresh process",),
}


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), "memory"),
        (torch.AcceleratorError("CUDA error: out of memory"), "memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), "memory"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), "memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "host memory"),
        (MemoryError(), "host memory"),
        (torch.AcceleratorError("CUDA error: device-side assert triggered"), "assert"),
        (RuntimeError("CUDA error: device-side assert triggered"), "assert"),
        (torch.AcceleratorError("CUDA error: an illegal memory access"), "lost"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), "lost"),
        (RuntimeError("I am out of memory of how this works"), None),
        (ValueError("CUDA error: no error of torch's"), None),
    ],
    ids=str,
)
def test_a_failure_of_the_device_is_told_from_one_of_the_code(
    error: BaseException, trouble: str | None
) -> None:
    assert device_trouble(error) == trouble
    wrapped = ValueError("wrapped")
    wrapped.__cause__ = error
    assert device_trouble(wrapped) == trouble


def failing(driver: WorkerDriver, folder: Path, trouble: str) -> Ended:
    once = folder / "once"
    fail = f"open({str(once)!r}, 'w').close(); {RAISED[trouble]}"
    body = f"if self.calls == 7 and not os.path.exists({str(once)!r}): {fail}"
    return run(driver, with_model(module(folder, "net", f"{body}\n        print(os.getpid())")))


@pytest.mark.parametrize("trouble", slow_after(1, RAISED))
def test_the_failure_says_what_to_change_and_the_next_run_has_another_process(
    driver: WorkerDriver, tmp_path: Path, trouble: str
) -> None:
    end = failing(driver, tmp_path, trouble)
    assert (end.status, end.phase) == ("failed", "device")
    assert isinstance(end.advice, str)
    for words in ADVICE[trouble]:
        assert words in end.advice
    assert len(steps(driver)) >= 3
    failure = load(Path(end.record)).failure
    assert isinstance(failure, Failure)
    assert failure.advice == end.advice
    before = driver.output()[0]
    # the very same run again
    again = run(driver, of_kind(driver.events, Started)[0].spec)
    assert again.status in ("completed", "diverged")
    assert driver.output()[0] != before


def test_a_reset_after_it_does_not_touch_the_device(driver: WorkerDriver, tmp_path: Path) -> None:
    failing(driver, tmp_path, "assert")
    driver.reset()
    assert driver.events[-1] == Restored(digest="", exact=True)


ON_GPU = msgspec.structs.replace(QUICK, device="cuda")


@pytest.mark.gpu
def test_memory_that_a_gpu_does_not_have(driver: WorkerDriver, tmp_path: Path) -> None:
    body = "if self.calls == 7: torch.empty(1 << 50, device=x.device)"
    end = run(driver, with_model(module(tmp_path, "net", body), ON_GPU))
    assert (end.status, end.phase) == ("failed", "device")
    assert "loader.batch_size to 8" in str(end.advice)
    assert len(steps(driver)) >= 3
    assert run(driver, ON_GPU).status != "failed"


@pytest.mark.gpu
def test_an_assert_on_a_gpu(driver: WorkerDriver, tmp_path: Path) -> None:
    body = "if self.calls == 7: torch.ones(2, device=x.device)[torch.tensor([9], device=x.device)]"
    end = run(driver, with_model(module(tmp_path, "net", body), ON_GPU))
    assert (end.status, end.phase) == ("failed", "device")
    assert "label or an index" in str(end.advice)
    assert steps(driver)
    assert run(driver, ON_GPU).status != "failed"
