"""What keeps the processes of a run from being started: said before anything is."""

import pytest

from lrtui.launch import ranks
from lrtui.launch.ranks import start_problem
from lrtui.spec import DevicesSpec, RunSpec


@pytest.mark.parametrize(
    ("device", "nproc", "gpus", "problem"),
    [
        ("auto", 2, 0, ""),
        ("auto", 2, 2, ""),
        ("cpu", 8, 1, ""),
        ("auto", 8, 4, "8 processes need as many GPUs, and this machine has 4: lower --nproc to 4"),
        ("cuda", 2, 0, "2 processes need as many GPUs, and this machine has 0: set --device cpu"),
    ],
)
def test_more_processes_than_gpus_are_refused(
    monkeypatch: pytest.MonkeyPatch, device: str, nproc: int, gpus: int, problem: str
) -> None:
    monkeypatch.setattr(ranks, "_gpus", lambda: gpus)
    spec = RunSpec(device=device, devices=DevicesSpec(nproc=nproc))
    found = start_problem(spec)
    assert found.startswith(problem) if problem else found == ""


def test_a_batch_that_the_tasks_of_a_slurm_step_cannot_divide_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("STEP_ID", "0"), ("PROCID", "0"), ("NTASKS", "3")):
        monkeypatch.setenv(f"SLURM_{name}", value)
    spec = RunSpec(device="cpu", devices=DevicesSpec(nproc=1))
    assert "64 examples cannot be divided among 3 processes" in start_problem(spec)
