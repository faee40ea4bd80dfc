"""Where the copy of a snapshot is: chosen by free memory, said, and as exact everywhere."""

from collections.abc import Callable
from unittest import mock

import pytest
import torch
from torch import nn

from lrtui import LRFinder, watch
from lrtui.engine.restore import snapshot as snapshots
from lrtui.engine.restore.digest import digest
from lrtui.engine.restore.host_memory import HostMemory
from lrtui.engine.restore.placement import (
    Need,
    NoRoomError,
    Placement,
    Room,
    free_cpu_memory,
    needs_of,
    placement,
)
from lrtui.engine.restore.snapshot import Snapshot
from lrtui.engine.restore.tensors import SavedTensors
from lrtui.settings import SnapshotPlace
from tests.engine.rigs import finder, loader
from tests.field.rig import command

GIB = 2**30
CPU, GPU, OTHER = torch.device("cpu"), torch.device("cuda:0"), torch.device("cuda:1")
PLACES: list[SnapshotPlace] = ["auto", "cpu", "device"]


def placed(
    place: SnapshotPlace = "auto",
    *,
    copy: float = 10,
    training: float = 30,
    free: float = 70,
    host: float = 100,
) -> Placement:
    """Where a copy goes, on a GPU of 80 GiB; all numbers in GiB."""
    needs = {GPU: Need(int(copy * GIB), int(training * GIB)), CPU: Need(100, 0)}
    room = Room(int(free * GIB), 80 * GIB)
    return placement(place, needs, lambda _: room, lambda: int(host * GIB))


class TestTheChoice:
    def test_a_gpu_with_room_keeps_its_copy_and_says_nothing(self) -> None:
        assert placed(free=48) == Placement(frozenset())

    def test_a_copy_that_would_take_the_room_of_the_training_goes_to_the_cpu(self) -> None:
        # 10 for the copy, 30 for the training, 8 for activations
        chosen = placed(free=47.9)
        assert chosen.to_cpu == {GPU}
        for words in ("10.0 GiB", "pinned CPU memory", "cuda:0", "47.9 GiB are free", "30.0 GiB"):
            assert words in chosen.why

    def test_without_room_on_the_cpu_it_stays_on_the_gpu_and_that_is_said(self) -> None:
        chosen = placed(free=20, host=11)  # a tenth of it is left to others
        assert not chosen.to_cpu
        assert "stays there: the CPU has 11.0 GiB free" in chosen.why

    def test_without_room_anywhere_there_is_an_error_that_says_how_much_is_missing(self) -> None:
        with pytest.raises(
            NoRoomError, match=r"10\.0 GiB.* cuda:0 has 9\.0 GiB free, the CPU 5\.0"
        ):
            placed(free=9, host=5)

    def test_what_is_asked_for_is_done_without_a_look_at_the_memory(self) -> None:
        room = mock.Mock(side_effect=AssertionError)
        needs = {GPU: Need(GIB, GIB)}
        assert placement("device", needs, room, room) == Placement(frozenset())
        assert placement("cpu", needs, room, room) == Placement(frozenset({GPU}))

    def test_of_two_gpus_only_the_short_one_is_copied_to_the_cpu(self) -> None:
        needs = {GPU: Need(GIB, 0), OTHER: Need(GIB, 0)}
        rooms = {GPU: Room(GIB, 2 * GIB), OTHER: Room(8 * GIB, 8 * GIB)}
        assert placement("auto", needs, rooms.__getitem__, lambda: 4 * GIB).to_cpu == {GPU}

    def test_a_cpu_is_never_asked(self) -> None:
        assert placement("auto", {CPU: Need(10**18, 10**18)}) == Placement(frozenset())


def test_the_need_counts_gradients_and_moments_that_are_not_there_yet() -> None:
    model = nn.Linear(9, 1)  # ten numbers, four bytes each
    parameters = list(model.parameters())
    assert needs_of(parameters, parameters, has_state=False) == {CPU: Need(40, 3 * 40)}
    model.weight.grad = torch.zeros(1, 9)
    assert needs_of(parameters, parameters, has_state=True) == {CPU: Need(40, 4)}


def test_the_free_memory_is_shared_by_the_processes_of_a_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = free_cpu_memory()
    assert 2**20 < alone < 2**50
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "8")
    assert free_cpu_memory() == pytest.approx(alone / 8, rel=0.2)


KINDS: dict[str, Callable[[], torch.Tensor]] = {
    "float": lambda: torch.randn(7, 5),
    "transposed": lambda: torch.randn(7, 5).t(),
    "channels_last": lambda: torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "sliced": lambda: torch.randn(8, 8)[::2, 1::3],
    "expanded": lambda: torch.randn(1, 3).expand(4, 3),
    "scalar": lambda: torch.tensor(3.5),
    "empty": lambda: torch.empty(0, 3),
    "half": lambda: torch.randn(3).half(),
    "bfloat16": lambda: torch.randn(3).bfloat16(),
    "double": lambda: torch.randn(3).double(),
    "complex": lambda: torch.randn(3, dtype=torch.complex64),
    "bool": lambda: torch.tensor([True, False, True]),
    "int8": lambda: torch.arange(5, dtype=torch.int8),
    "int64": lambda: torch.arange(3),
    "sparse": lambda: torch.eye(4).to_sparse(),
    "not finite": lambda: torch.tensor([float("inf"), -0.0, 1e-45]),
}


@pytest.mark.parametrize("to_cpu", [frozenset(), frozenset({CPU})])
def test_tensors_of_every_kind_are_put_back_in_place_whatever_happens_to_them(
    to_cpu: frozenset[torch.device],
) -> None:
    tensors = {name: make() for name, make in KINDS.items()}
    saved = SavedTensors()
    for tensor in tensors.values():
        saved.add(tensor)
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    strides = {name: t.stride() for name, t in tensors.items() if t.layout is torch.strided}
    saved.seal(to_cpu)
    assert saved.unchanged()
    for _ in range(3):
        for name, tensor in tensors.items():
            if name != "expanded":
                tensor.zero_()
        tensors["double"].data = torch.ones(5)  # another shape and type
        tensors["expanded"].data = torch.ones(2)
        assert not saved.unchanged()
        saved.restore()
        for name, tensor in tensors.items():
            assert tensor.dtype == before[name].dtype
            assert torch.equal(tensor.to_dense(), before[name].to_dense()), name
            if name in strides:
                assert tensor.stride() == strides[name], name
    assert torch.signbit(tensors["not finite"])[1]


def test_copies_for_the_cpu_lie_side_by_side_in_one_block() -> None:
    tensors = [torch.randn(5), torch.ones(3, dtype=torch.int8), torch.randn(2, 2)]
    memory = HostMemory(tensors, pinned=True)
    copies = [memory.copy_of(tensor) for tensor in tensors]
    assert all(map(torch.equal, copies, tensors))
    assert len({copy.untyped_storage().data_ptr() for copy in copies}) == 1
    assert copies[0].untyped_storage().nbytes() == 3 * 64
    assert not memory.is_pinned  # there is nothing to copy from a GPU


def adam(params: object) -> torch.optim.Optimizer:
    return torch.optim.Adam(params, lr=1e-2, amsgrad=True)  # type: ignore[arg-type]


def test_curve_and_reset_are_the_same_wherever_the_copy_is() -> None:
    curves, digests = [], set()
    for place in PLACES:
        live = finder(None, adam, snapshot=place)
        before = live.digest()
        for _ in range(2):
            live.range_test(loader(), num_iter=15, diverge_th=100)
            curves.append(live.history["loss"])
            assert live.digest() != before
            live.reset()
            digests |= {before, live.digest()}
        assert not [notice for notice in live.notices if "snapshot" in notice.text]
    assert len(digests) == 1
    assert all(curve == curves[0] for curve in curves)


def test_a_copy_is_made_for_the_cpu_only_where_that_is_asked_for() -> None:
    for place, expected in (("auto", 0), ("device", 0), ("cpu", 2)):
        copy_of = HostMemory.copy_of
        with mock.patch.object(HostMemory, "copy_of", autospec=True, side_effect=copy_of) as copied:
            Snapshot([nn.Linear(2, 2)], [], place=place)  # type: ignore[arg-type]
        assert copied.call_count == expected


RUN = ("--model", "sample_models/mlp.py:MLP", "--device", "cpu", "--num-iter", "3")
WHY = "the snapshot (1.0 GiB) is kept in pinned CPU memory"


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose device is short of memory."""
    moved = Placement(frozenset({CPU}), WHY)
    monkeypatch.setattr(snapshots, "placement", lambda *_: moved)


@pytest.mark.usefixtures("short")
def test_where_the_copy_went_is_said_once_a_test(capsys: pytest.CaptureFixture[str]) -> None:
    live = finder()
    live.verbose = True
    live.range_test(loader(), num_iter=3)
    assert [notice.text for notice in live.notices].count(WHY) == 1
    assert capsys.readouterr().out.count(WHY) == 1
    with watch(live.optimizers, live.model, verbose=False) as test:
        pass
    assert [notice.text for notice in test.notices] == [WHY]


@pytest.mark.usefixtures("short")
def test_the_run_of_a_spec_says_it_in_a_notice() -> None:
    assert command(*RUN).notices.count(WHY) == 1


def test_the_command_measures_the_same_with_every_place() -> None:
    runs = {place: command(*RUN, "--snapshot", place) for place in PLACES}
    assert len(runs["auto"].losses) == 3
    assert runs["auto"].losses == runs["cpu"].losses == runs["device"].losses
    assert not [notice for notice in runs["auto"].notices if "snapshot" in notice]
    assert any("snapshot device has no effect" in notice for notice in runs["device"].notices)


def test_no_memory_for_the_copy_is_an_error_of_the_device_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = mock.Mock(side_effect=torch.OutOfMemoryError("CUDA out of memory"))
    monkeypatch.setattr(SavedTensors, "seal", full)
    with pytest.raises(ValueError, match="snapshot=cpu"):
        finder()
    run = command(*RUN)
    assert run.phase == "device"
    assert run.ended is not None
    assert "use snapshot=cpu" in run.ended.reason


def test_an_unknown_place_or_one_beside_a_file_is_refused() -> None:
    with pytest.raises(ValueError, match="`snapshot` must be one of auto, cpu, device, got 'gpu'"):
        finder(snapshot="gpu")
    with pytest.raises(ValueError, match="`snapshot` must be one of"):
        watch(torch.optim.SGD(nn.Linear(1, 1).parameters()), snapshot="gpu")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="`snapshot` has no effect"):
        finder(snapshot="cpu", memory_cache=False)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
class TestOnAGpu:
    def live(self, **options: object) -> LRFinder:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 64), nn.BatchNorm1d(64), nn.Linear(64, 3)).cuda()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        criterion = nn.CrossEntropyLoss()
        return LRFinder(model, optimizer, criterion, verbose=False, **options)  # type: ignore[arg-type]

    def test_every_place_gives_the_same_curve_and_an_exact_reset(self) -> None:
        curves, digests = [], set()
        for place in PLACES:
            live = self.live(snapshot=place)
            digests.add(live.digest())
            for _ in range(2):
                live.range_test(loader(), num_iter=10, diverge_th=1e9)
                curves.append(live.history["loss"])
                live.reset()
                digests.add(live.digest())
        assert len(digests) == 1
        assert all(curve == pytest.approx(curves[0], rel=1e-5) for curve in curves)

    def test_a_copy_for_the_cpu_is_pinned_and_takes_no_gpu_memory(self) -> None:
        model = nn.Linear(2048, 2048).cuda()
        before = torch.cuda.memory_allocated()
        snapshot = Snapshot([model], [], place="cpu")
        assert torch.cuda.memory_allocated() == before
        copies = snapshot._tensors._copies
        assert all(copy.is_pinned() for copy in copies)
        expected = digest([model], [])
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_()
        assert digest([model], []) != expected
        snapshot.restore()
        assert digest([model], []) == expected

    def test_a_short_gpu_is_noticed_by_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from lrtui.engine.restore import placement as placements

        assert self.live()._origin.made.why == ""
        monkeypatch.setattr(placements, "gpu_room", lambda _: Room(1, 80 * GIB))
        live = self.live()
        assert all(not copy.is_cuda for copy in live._origin.made._tensors._copies)
        live.range_test(loader(), num_iter=3)
        assert any("pinned CPU memory" in notice.text for notice in live.notices)
