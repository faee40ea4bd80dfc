"""Places: where workers of this machine run, a GPU each, or a group of cores each."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

import msgspec

from lrtui.spec import RunSpec

CORES_A_GROUP = 4
_NO_DEVICES = ("", "-1", "NoDevFiles")
_PATIENCE_SECONDS = 20.0
_ONE_DEVICE = "CUDA_VISIBLE_DEVICES"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where one worker at a time runs.

    Attributes:
        env: what its environment has of its own.
        cores: that it is pinned to; empty: not pinned.
        is_gpu: whether it is a GPU.
    """

    env: dict[str, str] = {}
    cores: tuple[int, ...] = ()
    is_gpu: bool = False


def places(specs: Sequence[RunSpec], workers: int = 0) -> list[Place]:
    """The places for these tests; `workers`: at most so many GPUs, or so many groups of cores."""
    if all(spec.device.startswith("cpu") for spec in specs):
        return core_groups(workers)
    gpus = visible_gpus()
    if not gpus:
        return core_groups(workers)
    if any(":" in spec.device for spec in specs):
        return [Place(is_gpu=True)]  # they name GPUs by number, so each must see all of them
    found = [Place(env={_ONE_DEVICE: gpu}, is_gpu=True) for gpu in gpus]
    return found[: workers or len(found)]


def core_groups(workers: int = 0) -> list[Place]:
    """So many groups of cores; 0: one for every four cores. Each worker has the threads of one."""
    cores = usable_cores()
    if not workers and sys.platform == "darwin":
        workers = 1  # `auto` is the one GPU there
    count = workers or max(1, len(cores) // CORES_A_GROUP)
    threads = max(1, len(cores) // count)
    found = []
    for index in range(count):
        group = cores[index * threads : (index + 1) * threads]
        if count == 1 or len(cores) < count:
            group = []  # the whole machine, or more workers than cores
        found.append(Place(env=thread_env(threads), cores=tuple(group)))
    return found


def thread_env(threads: int) -> dict[str, str]:
    """The environment of a worker with so many threads; fewer, where the user has said fewer."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdecimal() and int(said):
        threads = min(threads, int(said))
    return {"OMP_NUM_THREADS": str(threads)}


def usable_cores() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def visible_gpus() -> list[str]:
    """The NVIDIA GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    said = os.environ.get(_ONE_DEVICE)
    if said is None:
        return _listed()
    names = []
    for name in said.split(","):
        if name.strip() in _NO_DEVICES:
            break  # CUDA ignores what follows
        names.append(name.strip())
    return names


def _listed() -> list[str]:
    """The GPUs that nvidia-smi lists; of a GPU in parts, its parts."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        done = subprocess.run(  # noqa: S603 # nosec B603 # a fixed command
            [program, "-L"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return gpus_in(done.stdout) if done.returncode == 0 else []


def gpus_in(listing: str) -> list[str]:
    """The names in the output of `nvidia-smi -L`."""
    gpus: list[str] = []
    parts: list[str] = []
    for line in listing.splitlines():
        _, _, identifier = line.rpartition("UUID: ")
        name = identifier.rstrip(") \t")
        if line.startswith("GPU ") and name.startswith("GPU-"):
            gpus.append(name)
        elif line.strip().startswith("MIG ") and name.startswith("MIG-"):
            parts.append(name)
    return parts or gpus
