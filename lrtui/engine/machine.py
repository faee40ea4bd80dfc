"""What a run takes of the machine, sampled once a second on a thread of its own.

A GPU is asked through NVML (`pip install 'lrtui[gpu]'`); without that package, or on a CPU, the
numbers are those of this process.
"""

import contextlib
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import torch

from lrtui.events import Machine

SECONDS = 1.0
Send = Callable[[Machine], None]


class Meter(Protocol):
    """Reads one sample; None where there is nothing to read."""

    def __call__(self) -> Machine | None:
        """The numbers since the last call."""
        ...


@contextlib.contextmanager
def sampled(device: torch.device, send: Send, seconds: float = SECONDS) -> Iterator[None]:
    """Send a sample a second for as long as the context is open."""
    over = threading.Event()
    thread = threading.Thread(
        target=_sample, args=(device, send, over, seconds), name="machine", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _sample(device: torch.device, send: Send, over: threading.Event, seconds: float) -> None:
    meter = meter_of(device)
    while not over.wait(seconds):
        sample = meter()
        if sample is not None and not over.is_set():
            send(sample)


def meter_of(device: torch.device) -> Meter:
    """The meter of a device: of its GPU where NVML can be asked, else of this process."""
    if device.type == "cuda":
        with contextlib.suppress(Exception):  # no package, no driver, no permission
            return GpuMeter(torch.cuda.get_device_properties(device))
    return CpuMeter()


class GpuMeter:
    """One GPU, found by its UUID: NVML and CUDA may count GPUs differently.

    Args:
        properties: of the device, as torch has them.

    Raises:
        Exception: NVML is not there, or does not know the GPU.
    """

    def __init__(self, properties: Any) -> None:
        self._nvml: Any = import_module("pynvml")  # its errors have no base but Exception
        self._nvml.nvmlInit()
        self._gpu = self._nvml.nvmlDeviceGetHandleByUUID(f"GPU-{properties.uuid}")
        self._name = str(properties.name)
        self._nvml.nvmlDeviceGetMemoryInfo(self._gpu)  # raises now rather than every second

    def __call__(self) -> Machine | None:
        """The numbers of the last moment; None where they cannot be read."""
        try:
            memory = self._nvml.nvmlDeviceGetMemoryInfo(self._gpu)
            utilisation = self._nvml.nvmlDeviceGetUtilizationRates(self._gpu).gpu
        except Exception:  # noqa: BLE001 - NVMLError, which only the package knows
            return None
        return Machine(
            kind="gpu",
            name=self._name,
            utilisation=float(utilisation),
            memory_used=int(memory.used),
            memory_total=int(memory.total),
        )


class CpuMeter:
    """This process: its time on all cores, and its resident memory."""

    def __init__(self) -> None:
        self._read = _cpu_seconds()
        self._at = time.monotonic()

    def __call__(self) -> Machine | None:
        """The numbers since the last call."""
        now, used = time.monotonic(), _cpu_seconds()
        elapsed = max(now - self._at, 1e-9)
        utilisation = 100 * (used - self._read) / elapsed
        self._read, self._at = used, now
        return Machine(
            kind="cpu",
            name=f"CPU, {torch.get_num_threads()} threads",
            utilisation=utilisation,
            memory_used=_resident_bytes(),
            memory_total=_total_bytes(),
        )


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _resident_bytes() -> int:
    """Resident memory now; where the system does not say, the most so far."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def _total_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (OSError, ValueError):
        return 0
