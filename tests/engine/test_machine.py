"""Samples of the machine: this process on a CPU, and a GPU through a stand-in for NVML."""

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from lrtui.engine.machine import CpuMeter, GpuMeter, meter_of, sampled
from lrtui.events import Machine
from tests.waiting import wait

NVML = """
from types import SimpleNamespace

class NVMLError(Exception):
    pass

calls = []

def nvmlInit():
    calls.append("init")

def nvmlDeviceGetHandleByUUID(uuid):
    if uuid != "GPU-1234-abcd":
        raise NVMLError(uuid)
    return "handle"

def nvmlDeviceGetMemoryInfo(gpu):
    return SimpleNamespace(used=3 * 2**30, total=80 * 2**30)

def nvmlDeviceGetUtilizationRates(gpu):
    if gpu != "handle" or "lost" in calls:
        raise NVMLError("gone")
    return SimpleNamespace(gpu=81)
"""
GPU = SimpleNamespace(uuid="1234-abcd", name="NVIDIA H100")


@pytest.fixture
def nvml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pynvml.py").write_text(NVML)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)


@pytest.mark.usefixtures("nvml")
def test_a_gpu_is_found_by_its_uuid_and_read() -> None:
    assert GpuMeter(GPU)() == Machine(
        kind="gpu",
        name="NVIDIA H100",
        utilisation=81.0,
        memory_used=3 * 2**30,
        memory_total=80 * 2**30,
    )


@pytest.mark.usefixtures("nvml")
def test_a_gpu_that_is_lost_has_no_sample_and_raises_nothing() -> None:
    meter = GpuMeter(GPU)
    sys.modules["pynvml"].calls.append("lost")
    assert meter() is None


@pytest.mark.usefixtures("nvml")
def test_a_gpu_that_nvml_does_not_know_is_measured_by_its_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = SimpleNamespace(uuid="other", name="")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: other)
    assert isinstance(meter_of(torch.device("cuda")), CpuMeter)


def test_without_the_package_a_gpu_is_measured_by_its_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: GPU)
    assert isinstance(meter_of(torch.device("cuda")), CpuMeter)


@pytest.mark.usefixtures("nvml")
def test_a_cpu_never_asks_for_a_gpu() -> None:
    assert isinstance(meter_of(torch.device("cpu")), CpuMeter)
    assert "pynvml" not in sys.modules


def test_a_busy_process_takes_a_core_and_the_memory_that_it_has() -> None:
    meter = CpuMeter()
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    sample = meter()
    assert sample is not None
    assert sample.kind == "cpu"
    assert sample.utilisation > 5
    assert 10**7 < sample.memory_used < sample.memory_total


def test_samples_come_while_the_context_is_open_and_not_after() -> None:
    samples: list[Machine] = []
    with sampled(torch.device("cpu"), samples.append, seconds=0.01):
        wait(lambda: len(samples) >= 3)
    count = len(samples)
    time.sleep(0.05)
    assert len(samples) == count
