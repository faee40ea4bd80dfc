"""Where the processes of a run are: one machine, several, and the tasks of a Slurm step."""

import pytest

from lrtui.ranks.placement import Placement, first_host, placement_of
from lrtui.spec import DevicesSpec

SRUN = {  # the fifth task of eight, on the second of two machines
    "SLURM_JOB_ID": "123456",
    "SLURM_STEP_ID": "0",
    "SLURM_PROCID": "5",
    "SLURM_LOCALID": "1",
    "SLURM_NTASKS": "8",
    "SLURM_STEP_NUM_NODES": "2",
    "SLURM_JOB_NODELIST": "gpu[03-04]",
}


def test_one_machine_needs_no_endpoint() -> None:
    placement = placement_of(DevicesSpec(nproc=4), {})
    assert placement == Placement(nproc=4, local_size=4)
    assert placement.size == 4
    assert placement.has_first


def test_the_machine_of_the_endpoint_is_the_first() -> None:
    devices = DevicesSpec(nproc=8, nnodes=2, rdzv_endpoint="gpu1.example.invalid:29500")
    assert placement_of(devices, {}, "gpu1.example.invalid").node == 0
    second = placement_of(devices, {}, "gpu2.example.invalid")
    assert not second.has_first
    assert (second.first_rank, second.size) == (8, 16)


def test_the_number_of_a_machine_can_be_given() -> None:
    devices = DevicesSpec(nproc=1, nnodes=3, node_rank=2, rdzv_endpoint="localhost:29500")
    assert placement_of(devices, {}).first_rank == 2


def test_each_task_of_a_slurm_step_is_a_place() -> None:
    placement = placement_of(DevicesSpec(nproc=1), SRUN)
    assert placement == Placement(
        nproc=1, nnodes=8, node=5, endpoint="gpu03:18456", local=1, local_size=4
    )
    # one task for each machine
    placement = placement_of(
        DevicesSpec(nproc=4), {**SRUN, "SLURM_NTASKS": "2", "SLURM_PROCID": "1"}
    )
    assert (placement.first_rank, placement.size, placement.local_size) == (4, 8, 4)


def test_a_batch_script_is_no_step_of_its_tasks() -> None:
    script = {name: value for name, value in SRUN.items() if name != "SLURM_STEP_ID"}
    assert placement_of(DevicesSpec(nproc=8), script).nnodes == 1


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        ("gpu1", "gpu1"),
        ("gpu[03-06,9],login1", "gpu03"),
        ("a-[1,3]-ib,b2", "a-1-ib"),
        ("x1,x2", "x1"),
        ("", ""),
    ],
)
def test_the_first_host_of_a_slurm_list(nodes: str, first: str) -> None:
    assert first_host(nodes) == first
