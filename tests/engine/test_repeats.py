"""Several curves from the same start, with other data orders or initialisations."""

import random
from enum import Enum
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from lrtui import TrainDataLoaderIter
from lrtui.engine import training
from lrtui.engine.data.replay import Replay
from lrtui.engine.history import History
from lrtui.engine.initialise.draws import reinitialise
from tests.engine.rigs import finder, loader, mlp, points


def test_the_first_of_several_is_the_curve_of_a_single_one() -> None:
    torch.manual_seed(4)
    alone = finder(mlp(dropout=0.3))
    alone.range_test(loader(shuffle=True), num_iter=5)
    torch.manual_seed(4)
    live = finder(mlp(dropout=0.3))
    live.range_test(loader(shuffle=True), num_iter=5, repeats=3)
    assert live.history == alone.history
    assert live.histories[0] is live.history
    assert len(live.histories) == 3
    assert len({tuple(history["loss"]) for history in live.histories}) == 3
    assert len({tuple(history["lr"]) for history in live.histories}) == 1


def test_other_orders_start_from_the_same_weights() -> None:
    live = finder(None, lambda params: torch.optim.SGD(params, lr=1e-9))
    everything = DataLoader(points(), batch_size=64, shuffle=True)
    live.range_test(everything, num_iter=2, end_lr=1e-8, repeats=3)
    for history in live.histories:
        assert history["raw_loss"][0] == pytest.approx(live.history["raw_loss"][0], rel=1e-6)


def test_several_start_from_the_snapshot_even_after_a_test_without_reset() -> None:
    live = finder()
    live.range_test(loader(), num_iter=5, repeats=2)
    first = live.history["loss"]
    live.range_test(loader(), num_iter=5, repeats=2)
    assert live.history["loss"] == first


def test_a_loader_with_a_generator_of_its_own_gets_another_order_too() -> None:
    live = finder()
    own = torch.Generator().manual_seed(1)
    live.range_test(loader(shuffle=True, generator=own), num_iter=3, repeats=3)
    assert len({tuple(history["loss"]) for history in live.histories}) == 3


def test_the_same_seed_gives_the_same_repeats() -> None:
    def run() -> list[History]:
        torch.manual_seed(8)
        live = finder(mlp(dropout=0.3))
        live.range_test(loader(shuffle=True), num_iter=4, repeats=3)
        return live.histories

    assert run() == run()


class Noisy(torch.utils.data.Dataset[Any]):
    """Augments with Python's and torch's random numbers."""

    def __len__(self) -> int:
        return 24

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        inputs, target = points()[i]
        return inputs * random.uniform(0.5, 1.5) + 0.1 * torch.randn(4), target


def initialised(
    monkeypatch: pytest.MonkeyPatch,
    replayed: bool,
    generator: torch.Generator | None,
    num_iter: int,
) -> list[History]:
    if not replayed:
        monkeypatch.setattr(Replay, "faithful", property(lambda self: False))
    torch.manual_seed(3)
    random.seed(3)
    batches = DataLoader(Noisy(), batch_size=8, shuffle=True, generator=generator)
    live = finder(mlp(dropout=0.4))
    live.range_test(batches, loader(16), num_iter=num_iter, repeats=3, vary="init", diverge_th=100)
    return live.histories


@pytest.mark.parametrize("own_generator", [False, True])
def test_replayed_batches_give_the_same_curves_as_collated_ones(
    monkeypatch: pytest.MonkeyPatch, own_generator: bool
) -> None:
    """Over several epochs, with random augmentation and dropout."""

    def generator() -> torch.Generator | None:
        return torch.Generator().manual_seed(6) if own_generator else None

    replayed = initialised(monkeypatch, True, generator(), 8)
    assert replayed == initialised(monkeypatch, False, generator(), 8)
    assert len({tuple(history["loss"]) for history in replayed}) == 3


def test_replaying_collates_once() -> None:
    collated = []

    def collate(batch: Any) -> Any:
        collated.append(1)
        return torch.utils.data.default_collate(batch)

    finder().range_test(loader(collate_fn=collate), num_iter=5, repeats=4, vary="init")
    assert len(collated) == 5


def test_a_first_repeat_that_ends_early_is_replayed_and_then_collated_on() -> None:
    live = finder(None, lambda params: torch.optim.SGD(params, lr=1e-3))
    calls = 0

    def criterion(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        loss = nn.functional.cross_entropy(output, target)
        return loss * (1000 if calls == 3 else 1)

    live.criterion = criterion
    live.range_test(loader(), num_iter=6, repeats=2, vary="init", smooth_f=0)
    assert [len(history["lr"]) for history in live.histories] == [3, 6]


def test_batches_that_a_model_writes_into_are_collated_again() -> None:
    class InPlace(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = mlp()

        def forward(self, inputs: torch.Tensor) -> Any:
            return self.net(inputs.mul_(0.5))

    collated = []

    def collate(batch: Any) -> Any:
        collated.append(1)
        return torch.utils.data.default_collate(batch)

    finder(InPlace()).range_test(loader(collate_fn=collate), num_iter=3, repeats=2, vary="init")
    assert len(collated) == 6


def test_more_than_there_is_room_for_is_not_kept() -> None:
    batches = Replay(iter([torch.zeros(4)] * 5), max_bytes=40)
    assert len([next(batches) for _ in range(5)]) == 5
    assert not batches.faithful
    small = Replay(iter([{"a": torch.zeros(2), "b": ["x"]}]), max_bytes=8)
    next(small)
    assert small.faithful


def test_other_initialisations_leave_the_rest_alone() -> None:
    live = finder(nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)))
    first = []
    live.model.get_submodule("0").register_forward_hook(
        lambda part, *_: first.append(part.get_parameter("weight")[0, 0].item())
    )
    live.range_test(loader(), num_iter=2, repeats=3, vary="init")
    assert len(set(first[::2])) == 3
    before = live.digest()
    live.reset()
    assert live.digest() != before


def test_reset_after_repeats_is_exact() -> None:
    live = finder(mlp(dropout=0.1), lambda params: torch.optim.AdamW(params, lr=1e-3))
    before, rng = live.digest(), torch.get_rng_state()
    for vary in ("data", "init"):
        live.range_test(loader(shuffle=True), num_iter=3, repeats=3, vary=vary)
        live.reset()
        assert live.digest() == before
        assert torch.equal(torch.get_rng_state(), rng)


def test_a_repeat_that_is_stopped_is_the_last() -> None:
    live = finder()
    live.range_test(loader(), num_iter=5, repeats=3, max_seconds=0)
    assert live.status == "stopped"
    assert len(live.histories) == 1


def test_every_repeat_of_a_diverging_model_runs() -> None:
    live = finder()
    live.range_test(loader(), num_iter=40, end_lr=1e6, repeats=3)
    assert live.status == "diverged"
    assert len(live.histories) == 3


def test_reinitialising_calls_every_module_that_can() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.MultiheadAttention(4, 2))
    before = [param.clone() for param in model.parameters() if param.dim() > 1]
    reinitialise(model)
    after = [param for param in model.parameters() if param.dim() > 1]
    assert not any(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_an_unknown_vary_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected one of \(data, init\), got both"):
        finder().range_test(loader(), vary="both")  # type: ignore[arg-type]


def test_optimizer_state_follows_its_parameter_to_another_device() -> None:
    cpu, param = torch.device("cpu"), torch.empty(2, 3, device="meta")
    same_shape, flat, counter = torch.zeros(2, 3), torch.zeros(6), torch.tensor(3.0)
    past = [same_shape, flat, counter, 0.9]  # as LBFGS keeps it
    moved = training.follow(past, param, cpu)
    assert isinstance(moved, list)
    devices = [tensor.device.type for tensor in moved if isinstance(tensor, torch.Tensor)]
    assert devices == ["meta", "meta", "cpu"]
    assert moved[3] == 0.9
    # an offloaded buffer was never beside its parameter, and stays
    assert training.follow(flat, param, torch.device("meta")) is flat
    followed = training.follow(same_shape, param, torch.device("meta"))
    assert isinstance(followed, torch.Tensor)
    assert followed.device.type == "meta"


class Split(Enum):
    TRAIN = 1


class Batch:
    """As users make them: with an enum, and a reference to itself."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.x, self.y, self.split, self.itself = x, y, Split.TRAIN, self

    def to(self, device: torch.device) -> "Batch":
        return self


def test_batches_that_are_objects_are_replayed_once_each() -> None:
    def loss(model: nn.Module, batch: Any) -> torch.Tensor:
        return nn.functional.cross_entropy(model(batch.x), batch.y)

    batches = [Batch(x, y) for x, y in loader()]
    live = finder(criterion=None)
    live.range_test(batches, num_iter=4, repeats=2, vary="init", batch_step=loss)
    assert len(live.histories) == 2
    assert live.confirm(batches, lr=0.01, iterations=400).trials


def test_repeats_of_a_model_that_draws_nothing_are_refused() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(4, 3))

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return inputs @ self.weight

    with pytest.raises(ValueError, match="has none that is trained: use vary 'data'"):
        finder(Own()).range_test(loader(), repeats=2, vary="init")


def test_a_frozen_module_is_not_drawn_again_and_init_weights_is_used() -> None:
    model = mlp()
    model[0].requires_grad_(False)
    frozen, trained = model.get_parameter("0.weight"), model.get_parameter("3.weight")
    kept, drawn = frozen.clone(), trained.clone()
    reinitialise(model)
    assert torch.equal(frozen, kept)
    assert not torch.equal(trained, drawn)

    class Constant(nn.Sequential):
        def _init_weights(self, part: nn.Module) -> None:
            if isinstance(part, nn.Linear):
                nn.init.constant_(part.weight, 0.25)

    own = Constant(*mlp())
    reinitialise(own)
    assert bool((own.get_parameter("3.weight") == 0.25).all())


def test_out_of_data_between_two_repeats_is_an_end_and_no_error() -> None:
    live = finder()
    live.range_test(
        TrainDataLoaderIter(loader(), auto_reset=False), num_iter=8, repeats=2, end_lr=1e-2
    )
    assert (live.status, live.reason) == ("stopped", "out of data after 0 of 8 iterations")
    assert len(live.history["lr"]) == 8


def test_what_is_frozen_beside_something_trained_stays_too() -> None:
    class LowRank(nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 3)
            self.weight.requires_grad_(False)
            self.down = nn.Parameter(torch.zeros(4, 1))

    model = LowRank()
    kept, bias = model.weight.clone(), model.bias.clone()
    reinitialise(model)
    assert torch.equal(model.weight, kept)
    assert not torch.equal(model.bias, bias)


def test_modules_with_constant_initial_values_do_not_count() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(4, 3))
            self.norm = nn.LayerNorm(3)

        def forward(self, inputs: torch.Tensor) -> Any:
            return self.norm(inputs @ self.weight)

    with pytest.raises(ValueError, match="draw their parameters at random"):
        finder(Own()).range_test(loader(), repeats=2, vary="init")
