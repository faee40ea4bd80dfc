"""Placement: which of the machines of a run this one is, from its spec and Slurm's environment.

Plain, without torch: a front end asks it whether the first process is here.
"""

import os
import re
import socket
from collections.abc import Mapping

import msgspec

from lrtui.spec import DevicesSpec

_PORTS = 15_000, 20_000  # the first one, and how many: a Slurm job takes the one of its number


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """Where the processes of a run are.

    Attributes:
        nproc: processes that are started here.
        nnodes: places with as many: machines, or the tasks of a Slurm step.
        node: the number of this one; the first process is in 0.
        endpoint: HOST:PORT where all meet; "" where there is one place only.
        local: the number of the first process here among all on this machine.
        local_size: processes on this machine.
    """

    nproc: int
    nnodes: int = 1
    node: int = 0
    endpoint: str = ""
    local: int = 0
    local_size: int = 1

    @property
    def size(self) -> int:
        """Processes in all."""
        return self.nproc * self.nnodes

    @property
    def first_rank(self) -> int:
        """The rank of the first process here."""
        return self.nproc * self.node

    @property
    def has_first(self) -> bool:
        """Whether rank 0 is here: it speaks the events, and its front end keeps the record."""
        return self.node == 0


def placement_of(
    devices: DevicesSpec, environment: Mapping[str, str] | None = None, host: str = ""
) -> Placement:
    """The placement of a run's processes.

    In a step of Slurm with several tasks (`srun lrtui run --nproc …`) each task is a place, on as
    many machines as there are.

    Args:
        devices: of the spec.
        environment: None: the process's own.
        host: the name of this machine; "": ask.
    """
    environment = os.environ if environment is None else environment
    tasks = _slurm_tasks(environment)
    if devices.nnodes == 1 and tasks > 1:
        return _in_slurm(devices, environment, tasks)
    node = devices.node_rank
    if node < 0:
        node = 0 if devices.nnodes == 1 or _is_here(devices.rdzv_endpoint, host) else 1
    return Placement(
        nproc=devices.nproc,
        nnodes=devices.nnodes,
        node=node,
        endpoint=devices.rdzv_endpoint,
        local_size=devices.nproc,
    )


def _slurm_tasks(environment: Mapping[str, str]) -> int:
    """The tasks of the Slurm step that this process is one of; 0 outside a step.

    A batch script has SLURM_NTASKS as well, but is alone: only `srun` sets SLURM_STEP_ID.
    """
    if "SLURM_STEP_ID" not in environment or "SLURM_PROCID" not in environment:
        return 0
    return _number(environment, "SLURM_STEP_NUM_TASKS") or _number(environment, "SLURM_NTASKS")


def _in_slurm(devices: DevicesSpec, environment: Mapping[str, str], tasks: int) -> Placement:
    nodes = environment.get("SLURM_STEP_NODELIST") or environment.get("SLURM_JOB_NODELIST", "")
    first, count = _PORTS
    port = first + _number(environment, "SLURM_JOB_ID") % count
    machines = max(1, _number(environment, "SLURM_STEP_NUM_NODES", "SLURM_NNODES"))
    return Placement(
        nproc=devices.nproc,
        nnodes=tasks,
        node=_number(environment, "SLURM_PROCID"),
        endpoint=devices.rdzv_endpoint or f"{first_host(nodes) or 'localhost'}:{port}",
        local=_number(environment, "SLURM_LOCALID") * devices.nproc,
        local_size=-(-tasks // machines) * devices.nproc,
    )


def first_host(nodes: str) -> str:
    """The first machine in Slurm's list, such as `gpu[03-06,9],login1`."""
    match = re.match(r"([^\[,]+)(?:\[(\d+)[^\]]*\])?([^,\[]*)", nodes)
    if match is None:
        return ""
    name, number, rest = match.groups()
    return f"{name}{number or ''}{rest if number else ''}"


def _number(environment: Mapping[str, str], *names: str) -> int:
    """The first variable that is a number; 0 where none is."""
    for name in names:
        value = environment.get(name, "")
        if value.isdecimal():
            return int(value)
    return 0


def _is_here(endpoint: str, name: str) -> bool:
    """Whether the host of an endpoint is this machine."""
    host = endpoint.rpartition(":")[0].strip("[]")
    name = name or socket.gethostname()
    if host in ("localhost", "127.0.0.1", "::1", name, name.partition(".")[0]):
        return True
    try:
        wanted = {info[4][0] for info in socket.getaddrinfo(host, None)}
        own = {info[4][0] for info in socket.getaddrinfo(name, None)}
    except OSError:
        return False
    return bool(wanted & own)
