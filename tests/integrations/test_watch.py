"""`lrtui.watch`: the range test in a training loop of the user's."""

import random
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import lrtui
from lrtui.engine.restore.digest import digest
from tests.engine.rigs import digits_loaders, finder, loader, mlp

CRITERION = nn.CrossEntropyLoss()
RANGE: dict[str, Any] = {"start_lr": 1e-5, "end_lr": 10, "num_iter": 60}


def net() -> nn.Sequential:
    torch.manual_seed(5)
    return nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 3)
    )


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)


def train_one(model: nn.Module, optimizer: torch.optim.Optimizer, batch: Any) -> torch.Tensor:
    inputs, targets = batch
    optimizer.zero_grad()
    loss: torch.Tensor = CRITERION(model(inputs), targets)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss


def watched(model: nn.Module, optimizer: Any, **settings: Any) -> lrtui.Watch:
    with lrtui.watch(optimizer, model, verbose=False, **settings) as test:
        for batch in test.batches(loader(shuffle=True)):
            test.update(train_one(model, optimizer, batch))
    return test


def test_its_curve_and_ending_are_those_of_lrfinder_on_the_same_loop_to_the_last_bit() -> None:
    model = net()
    torch.manual_seed(1)
    test = watched(model, sgd(model), **RANGE)
    other = finder(net())
    torch.manual_seed(1)
    other.range_test(loader(shuffle=True), **RANGE)
    assert test.history == other.history
    assert (test.status, test.reason) == (other.status, other.reason)
    assert test.suggestion() == other.suggestion()


def test_a_loss_that_diverges_ends_the_test() -> None:
    model = net()
    test = watched(model, sgd(model), start_lr=1e-3, end_lr=1e6, num_iter=60)
    assert test.status == "diverged"
    assert len(test.history["lr"]) < 60


def test_on_leaving_everything_is_as_it_was() -> None:
    model = net()
    optimizer = sgd(model)
    train_one(model, optimizer, next(iter(loader())))  # momentum and batch norm are warm
    model.eval()
    before = digest([model], [optimizer])
    states = torch.get_rng_state(), random.getstate()
    test = lrtui.watch(optimizer, model, **RANGE, verbose=False)
    with test:
        model.train()
        for batch in test.batches(loader(shuffle=True)):
            random.random()
            test.update(train_one(model, optimizer, batch))
    assert digest([model], [optimizer]) == before
    assert optimizer.param_groups[0]["lr"] == 1e-3
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert not model.training


def test_an_exception_in_the_loop_passes_through_a_model_that_is_put_back() -> None:
    model = net()
    optimizer = sgd(model)
    before = digest([model], [optimizer])
    test = lrtui.watch(optimizer, model, **RANGE, verbose=False)

    def loop() -> None:
        with test:
            for _, batch in zip(range(5), test.batches(loader()), strict=False):
                test.update(train_one(model, optimizer, batch))
            raise KeyError("of the user's code")

    with pytest.raises(KeyError):
        loop()
    assert digest([model], [optimizer]) == before
    assert test.status == "failed"
    assert len(test.history["lr"]) == 5


def test_without_a_model_the_parameters_of_the_optimizer_are_put_back() -> None:
    model = mlp()
    optimizer = sgd(model)
    before = digest([model], [optimizer])
    with lrtui.watch(optimizer, num_iter=20) as test:
        for batch in test.batches(loader()):
            test.update(train_one(model, optimizer, batch))
    assert digest([model], [optimizer]) == before


def test_update_says_when_the_test_is_over() -> None:
    model = mlp()
    optimizer = sgd(model)
    went_on = []
    with lrtui.watch(optimizer, num_iter=8, end_lr=1e-4) as test:
        for batch in loader():
            went_on.append(test.update(train_one(model, optimizer, batch)))
        assert not test.update(1.0)
    assert went_on == [True] * 7 + [False]
    assert test.status == "completed"
    assert len(test.history["lr"]) == 8


def test_a_loop_that_ends_early_leaves_what_was_measured() -> None:
    model = mlp()
    optimizer = sgd(model)
    with lrtui.watch(optimizer, num_iter=100) as test:
        test.update(train_one(model, optimizer, next(iter(loader()))))
    assert test.status == "stopped"
    assert test.reason == "the loop ended after 1 of 100 iterations"
    assert len(test.history["lr"]) == 1


def test_the_rates_are_set_before_each_step_and_measured_at_it() -> None:
    model = mlp()
    optimizer = sgd(model)
    used = []
    with lrtui.watch(optimizer, num_iter=5, start_lr=1e-4, end_lr=1.0) as test:
        for batch in test.batches(loader()):
            used.append(optimizer.param_groups[0]["lr"])
            assert test.lr == used[-1]
            test.update(train_one(model, optimizer, batch))
    assert used == test.history["lr"] == pytest.approx([1e-4, 1e-3, 1e-2, 1e-1, 1.0])


def test_an_update_before_the_step_is_refused() -> None:
    model = mlp()
    with (
        lrtui.watch(sgd(model), num_iter=5) as test,
        pytest.raises(RuntimeError, match=r"once after every step"),
    ):
        test.update(1.0)


def test_an_update_outside_of_the_with_is_refused() -> None:
    test = lrtui.watch(sgd(mlp()), num_iter=5)
    with pytest.raises(RuntimeError, match="has not begun"):
        test.update(1.0)
    with pytest.raises(RuntimeError, match="has not begun"):
        next(test.batches(loader()))


def test_a_setting_that_the_loop_decides_or_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match=r"`repeats` is up to the training loop"):
        lrtui.watch(sgd(mlp()), repeats=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="did you mean `num_iter`"):
        lrtui.watch(sgd(mlp()), num_iters=3)  # type: ignore[call-arg]


def test_a_copy_of_the_model_is_not_kept_longer_than_the_test() -> None:
    model = mlp()
    optimizer = sgd(model)
    with lrtui.watch(optimizer, num_iter=5, verbose=False) as test:
        snapshot = weakref.ref(test._test._snapshot)
        test.update(train_one(model, optimizer, next(iter(loader()))))
    assert snapshot() is None
    assert test.bounds() is None
    assert list(test.batches(loader())) == []


def test_an_average_of_the_weights_is_put_back_too() -> None:
    model = mlp()
    optimizer = sgd(model)
    average = torch.optim.swa_utils.AveragedModel(model)
    before = digest([average], [])
    with lrtui.watch(optimizer, model, also=[average], num_iter=9, end_lr=0.1) as test:
        for batch in test.batches(loader()):
            test.update(train_one(model, optimizer, batch))
            average.update_parameters(model)
        assert digest([average], []) != before
    assert digest([average], []) == before


@pytest.mark.gpu
def test_on_a_gpu_losses_are_read_late_and_the_curve_is_the_same() -> None:
    model = mlp().cuda()
    optimizer = sgd(model)
    settings: dict[str, Any] = {"start_lr": 1e-3, "end_lr": 1e6, "num_iter": 60}
    with lrtui.watch(optimizer, model, verbose=False, **settings) as test:
        for inputs, targets in test.batches(loader()):
            test.update(train_one(model, optimizer, (inputs.cuda(), targets.cuda())))
    other = finder(mlp(), device="cuda")
    other.range_test(loader(), **settings)
    assert test.history == other.history
    assert test.reason == other.reason


def test_a_scheduler_that_sets_other_rates_makes_the_answer_a_refusal() -> None:
    model = mlp()
    optimizer = sgd(model)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    with lrtui.watch(optimizer, num_iter=300, also=[scheduler], verbose=False) as test:
        for batch in test.batches(loader()):
            scheduler.step()
            test.update(train_one(model, optimizer, batch))
    assert test.suggestion().verdict == "rate_fought"
    assert scheduler.last_epoch == 0


def test_the_learning_rates_of_several_optimizers_and_groups_are_driven() -> None:
    first, second = mlp(), mlp()
    optimizers = [sgd(first), torch.optim.Adam(second.parameters(), lr=1e-2)]
    with lrtui.watch(optimizers, num_iter=3, start_lr=[1e-3, 1e-4], end_lr=[1.0, 0.1]) as test:
        for _ in range(3):
            loss = first(torch.ones(2, 4)).sum() + second(torch.ones(2, 4)).sum()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            test.update(loss)
    assert test.history["group_lrs"][0] == (1e-3, 1e-4)
    assert [optimizer.param_groups[0]["lr"] for optimizer in optimizers] == [1e-3, 1e-2]


def test_it_can_be_used_again_and_measures_the_same() -> None:
    model = mlp()
    optimizer = sgd(model)
    test = lrtui.watch(optimizer, **RANGE)
    curves = []
    for _ in range(2):
        with test:
            for batch in test.batches(loader()):
                test.update(train_one(model, optimizer, batch))
        curves.append(test.history)
    assert curves[0] == curves[1]


def one_rank(rank: int, place: str, results: Any) -> None:
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{place}", rank=rank, world_size=2
    )
    model = mlp()
    optimizer = sgd(model)
    with lrtui.watch(optimizer, num_iter=50, end_lr=1.0, verbose=False) as test:
        for step in range(50):
            optimizer.step()
            blown_up = 100.0 if rank == 1 and step > 20 else 1.0
            if not test.update(blown_up):
                break
    results.put((rank, test.history, test.reason))
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_several_ranks_measure_the_mean_and_end_at_the_same_step(tmp_path: Path) -> None:
    context = torch.multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    place = str(tmp_path / "meet")
    ranks = [context.Process(target=one_rank, args=(rank, place, results)) for rank in range(2)]
    for process in ranks:
        process.start()
    first, second = sorted((results.get(), results.get()), key=lambda result: result[0])
    for process in ranks:
        process.join()
    assert first[1:] == second[1:]
    assert first[1]["raw_loss"][-1] == 50.5
    assert "diverged" in first[2]


def test_it_suggests_a_rate_on_real_data() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = sgd(model)
    train, _ = digits_loaders()
    with lrtui.watch(optimizer, model, num_iter=400) as test:
        for batch in test.batches(train):
            test.update(train_one(model, optimizer, batch))
    suggestion = test.suggestion(schedule="one-cycle", steps=1000)
    assert suggestion.verdict == "ok"
    assert suggestion.lr is not None
    assert 0.01 < suggestion.lr < 1
