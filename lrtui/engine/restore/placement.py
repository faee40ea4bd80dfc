"""Where the copies of a snapshot go: on the tensors' own device, or in CPU memory.

By itself a copy stays on a GPU that has room for it. A GPU is short if, beside the copy, it cannot
hold the gradients and two moments for each trained weight, and a tenth of its memory for
activations and kernels: then the copy is in pinned CPU memory, and the room is the training's. Both
are copied back bit by bit; from CPU memory it takes longer.
"""

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, get_args

import torch

from lrtui.engine.restore.host_memory import bytes_of
from lrtui.engine.restore.tensors import plain_inside
from lrtui.settings import SnapshotPlace

MOMENTS = 2  # of Adam's family, for each weight; SGD has at most one
FOR_ACTIVATIONS = 0.1  # of a GPU's memory
HOST_RESERVE = 0.1  # of the free CPU memory: loaders and the rest of the machine need some
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")

PLACES = get_args(get_args(SnapshotPlace)[0])


class Room(NamedTuple):
    """Memory of a device, in bytes."""

    free: int
    total: int


class Need(NamedTuple):
    """Bytes that a device has to hold beside what is there now."""

    copy: int
    training: int


class Placement(NamedTuple):
    """The devices whose tensors are copied to CPU memory, and why, for the user; "" for no news."""

    to_cpu: frozenset[torch.device]
    why: str = ""


class NoRoomError(ValueError):
    """There is no memory for the copy."""


def check_place(place: str) -> None:
    """Raise ValueError for a place that does not exist."""
    if place not in PLACES:
        raise ValueError(f"`snapshot` must be one of {', '.join(PLACES)}, got {place!r}")


def placement(
    place: SnapshotPlace,
    needs: dict[torch.device, Need],
    room: "Callable[[torch.device], Room] | None" = None,
    host_free: Callable[[], int] | None = None,
) -> Placement:
    """Where the copies of tensors on these devices go.

    Args:
        place: "cpu" and "device" are followed; "auto" looks at the memory of GPUs.
        needs: of each device that holds tensors of the snapshot.
        room: memory of a GPU.
        host_free: free CPU memory.

    Raises:
        NoRoomError: "auto" finds no room for the copy, neither on a GPU nor in CPU memory.
    """
    if place == "device":
        return Placement(frozenset())
    if place == "cpu":
        return Placement(frozenset(needs))
    room, host_free = room or gpu_room, host_free or free_cpu_memory
    rooms = {device: room(device) for device in needs if device.type == "cuda"}
    short = [device for device, seen in rooms.items() if _is_short(needs[device], seen)]
    if not short:
        return Placement(frozenset())
    on_host, here = sum(needs[device].copy for device in short), host_free()
    if on_host <= (1 - HOST_RESERVE) * here:
        first = short[0]
        return Placement(frozenset(short), _moved_text(first, needs[first], rooms[first], on_host))
    for device in short:
        if needs[device].copy > rooms[device].free:
            raise NoRoomError(_no_room_text(device, needs[device], rooms[device], here))
    return Placement(frozenset(), _kept_text(short[0], rooms[short[0]], on_host, here))


def needs_of(
    copied: Iterable[torch.Tensor], trained: Iterable[torch.Tensor], has_state: bool
) -> dict[torch.device, Need]:
    """What each device has to hold for a snapshot of some tensors and a training of others.

    Args:
        copied: all tensors of the snapshot, gradients and optimizer state included.
        trained: the parameters that the optimizers train.
        has_state: the optimizers have their moments already.
    """
    needs: dict[torch.device, Need] = {}
    for tensor in copied:
        before = needs.get(tensor.device, Need(0, 0))
        needs[tensor.device] = before._replace(copy=before.copy + bytes_of(tensor))
    for parameter in trained:
        times = int(parameter.grad is None) + (0 if has_state else MOMENTS)
        for tensor in plain_inside(parameter):
            before = needs.get(tensor.device, Need(0, 0))
            more = before.training + times * bytes_of(tensor)
            needs[tensor.device] = before._replace(training=more)
    return needs


def gpu_room(device: torch.device) -> Room:
    """Memory of a GPU that this process can have, with what torch holds of it and does not use."""
    free, total = torch.cuda.mem_get_info(device)
    held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return Room(free + held, total)


def free_cpu_memory() -> int:
    """Bytes of CPU memory that this process can have: what the machine and its group leave.

    The processes of a run on this machine share it.
    """
    free = [_machine_free()]
    with contextlib.suppress(OSError, ValueError):  # "max", or no such group
        limit = int((_CGROUP / "memory.max").read_text())
        free.append(limit - int((_CGROUP / "memory.current").read_text()))
    return max(0, min(free)) // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def gib(count: float) -> str:
    """Bytes as a person reads them."""
    return f"{count / 2**30:.1f} GiB"


def _machine_free() -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _is_short(need: Need, room: Room) -> bool:
    return room.free < need.copy + need.training + FOR_ACTIVATIONS * room.total


def _moved_text(device: torch.device, need: Need, room: Room, on_host: int) -> str:
    return (
        f"the snapshot ({gib(on_host)}) is kept in pinned CPU memory: of {device}, "
        f"{gib(room.free)} are free, and training may need {gib(need.training)} of them "
        "(snapshot=device keeps it there)"
    )


def _kept_text(device: torch.device, room: Room, on_host: int, here: int) -> str:
    return (
        f"{device} is short of memory ({gib(room.free)} free), but the snapshot ({gib(on_host)}) "
        f"stays there: the CPU has {gib(here)} free"
    )


def _no_room_text(device: torch.device, need: Need, room: Room, here: int) -> str:
    return (
        f"there is no room for a copy of model and optimizer ({gib(need.copy)}): {device} has "
        f"{gib(room.free)} free, the CPU {gib(here)}; use a smaller model, or in Python "
        "memory_cache=False, which keeps it in a file"
    )
