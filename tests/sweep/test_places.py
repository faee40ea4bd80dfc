"""Where workers run: GPUs as CUDA and nvidia-smi name them, and groups of cores."""

import msgspec
import pytest

from lrtui.spec import RunSpec
from lrtui.sweep import places as module
from lrtui.sweep.places import core_groups, gpus_in, places, visible_gpus

CPU, GPU = RunSpec(device="cpu"), RunSpec()


def cores(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(module, "usable_cores", lambda: list(range(count)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


def test_groups_of_four_cores_do_not_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    cores(monkeypatch, 8)
    groups = core_groups()
    assert [group.cores for group in groups] == [(0, 1, 2, 3), (4, 5, 6, 7)]
    assert groups[0].env == {"OMP_NUM_THREADS": "4"}


def test_so_many_workers_as_asked_for_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    cores(monkeypatch, 8)
    assert [len(group.cores) for group in core_groups(3)] == [2, 2, 2]
    cores(monkeypatch, 2)
    many = core_groups(4)  # more than cores: unpinned
    assert [group.cores for group in many] == [()] * 4
    assert many[0].env == {"OMP_NUM_THREADS": "1"}


def test_fewer_threads_that_the_user_asked_for_win(monkeypatch: pytest.MonkeyPatch) -> None:
    cores(monkeypatch, 8)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert core_groups()[0].env == {"OMP_NUM_THREADS": "1"}


def test_each_gpu_is_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    found = places([GPU, CPU])
    assert [place.env for place in found] == [
        {"CUDA_VISIBLE_DEVICES": "2"},
        {"CUDA_VISIBLE_DEVICES": "3"},
    ]
    assert len(places([GPU], workers=1)) == 1


def test_tests_for_the_cpu_get_cores_and_a_numbered_gpu_is_seen_by_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert not places([CPU])[0].is_gpu
    numbered = msgspec.structs.replace(GPU, device="cuda:1")
    (place,) = places([numbered])
    assert place.is_gpu
    assert place.env == {}


@pytest.mark.parametrize(("said", "seen"), [("", []), ("-1", []), ("1, 0,-1,2", ["1", "0"])])
def test_cuda_ignores_what_follows_an_invalid_number(
    monkeypatch: pytest.MonkeyPatch, said: str, seen: list[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", said)
    assert visible_gpus() == seen


def test_a_gpu_in_parts_counts_as_its_parts() -> None:
    whole = "GPU 0: NVIDIA A100 (UUID: GPU-5d5b)\nGPU 1: NVIDIA A100 (UUID: GPU-77aa)\n"
    assert gpus_in(whole) == ["GPU-5d5b", "GPU-77aa"]
    parts = "GPU 0: NVIDIA A100 (UUID: GPU-5d5b)\n  MIG 3g.20gb     Device  0: (UUID: MIG-c7)\n"
    assert gpus_in(parts) == ["MIG-c7"]
    assert gpus_in("No devices were found\n") == []
