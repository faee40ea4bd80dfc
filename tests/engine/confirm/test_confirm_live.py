"""Confirmation of live objects: a real model on real digits, and its state afterwards."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from lrtui import LRFinder, TrainDataLoaderIter
from lrtui.analysis.halving import least_budget
from lrtui.engine.confirm.budget import budgeted
from lrtui.engine.confirm.trial import Trial, TrialStep
from lrtui.engine.confirm.verdict import Confirmation, Trials
from lrtui.engine.restore.random_state import RngState
from tests.engine.rigs import digits_loaders, digits_mlp, finder, loader, mlp, points, same


def digits_finder(
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.SGD, **arguments: Any
) -> LRFinder:
    torch.manual_seed(1)
    return finder(digits_mlp(), lambda params: optimizer(params, **{"lr": 1e-3, **arguments}))


def results(run: Trials) -> tuple[list[TrialStep | Trial], Confirmation]:
    events = []
    while True:
        try:
            events.append(next(run))
        except StopIteration as end:
            return events, end.value


def gradients_of(model: nn.Module) -> list[torch.Tensor]:
    gradients = [param.grad for param in model.parameters()]
    return [gradient.clone() for gradient in gradients if gradient is not None]


class Batches(nn.Module):
    """Remembers what it was given in training."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = mlp(dropout=0.5)
        self.seen: list[tuple[float, float]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = self.inner(x)
        if self.training:
            self.seen.append((float(x.sum()), float(torch.rand(()))))
        return hidden


def test_a_poor_rate_is_refuted_and_a_better_one_named() -> None:
    train, val = digits_loaders()
    confirmation = digits_finder().confirm(train, val, lr=1e-6, factor=1e4, iterations=600)
    assert confirmation.verdict == "refuted"
    assert confirmation.better == pytest.approx(1e-2)
    assert confirmation.iterations <= 600


def test_a_good_rate_is_confirmed_without_a_validation_set_as_well() -> None:
    train, val = digits_loaders()
    for loaders in ((train, val), (train,)):
        assert (
            digits_finder().confirm(*loaders, lr=0.1, factor=30, iterations=600).verdict
            == "confirmed"
        )


def test_the_suggestion_is_what_is_confirmed_and_its_bounds_are_among_the_rivals() -> None:
    train, val = digits_loaders()
    searched = digits_finder()
    searched.range_test(train, start_lr=1e-5, num_iter=150)
    suggestion, bounds = searched.suggestion(), searched.bounds()
    assert suggestion.lr is not None
    assert bounds is not None
    events, confirmation = results(searched.trials(train, val))
    assert confirmation.lr == suggestion.lr
    tried = {trial.lr for trial in events if isinstance(trial, Trial)}
    assert suggestion.low is not None
    assert suggestion.high is not None
    for rate in (*bounds, suggestion.low, suggestion.high, 2 * suggestion.lr, suggestion.lr / 2):
        assert any(0.8 < rate / lr < 1.25 for lr in tried)
    assert confirmation.verdict in ("confirmed", "refuted", "undecided")
    assert len(searched.history["lr"]) > 50  # the curve that it came from is still there


def test_the_peak_of_a_one_cycle_is_the_upper_bound() -> None:
    train, val = digits_loaders()
    searched = digits_finder()
    searched.range_test(train, start_lr=1e-5, num_iter=150)
    events, confirmation = results(
        searched.trials(train, val, schedule="one-cycle", iterations=900)
    )
    suggestion, bounds = searched.suggestion(), searched.bounds()
    assert bounds is not None
    assert confirmation.lr == bounds[1]
    tried = {trial.lr for trial in events if isinstance(trial, Trial)}
    assert suggestion.lr is not None
    assert any(0.8 < suggestion.lr / lr < 1.25 for lr in tried)


def test_a_one_cycle_leaves_the_momentum_as_it_was() -> None:
    train, val = digits_loaders()
    cases: list[tuple[Callable[..., torch.optim.Optimizer], dict[str, Any]]] = [
        (torch.optim.SGD, {"momentum": 0.8}),
        (torch.optim.AdamW, {"betas": (0.8, 0.99)}),
    ]
    for optimizer, arguments in cases:
        searched = digits_finder(optimizer, **arguments)
        before = searched.digest()
        searched.confirm(train, val, lr=0.01, schedule="one-cycle", iterations=120)
        group = searched.optimizers[0].param_groups[0]
        assert {name: group[name] for name in arguments} == arguments
        assert searched.digest() == before


def test_what_cannot_be_confirmed_is_refused_before_anything_changes() -> None:
    untested = finder()
    before = untested.digest()
    with pytest.raises(ValueError, match="no suggestion to confirm"):
        untested.trials(loader())
    cases: list[tuple[dict[str, Any], str]] = [
        ({"lr": -1.0}, "positive"),
        ({"lr": 0.1, "factor": 0.5}, "factor"),
        ({"lr": 0.1, "iterations": 3}, "the least"),
        ({"lr": 0.1, "seconds": 0}, "seconds"),
        ({"lr": 0.1, "schedule": "cosine"}, "one-cycle"),
        ({"lr": 0.1, "num_iter": 5}, "num_iter"),
        (
            {
                "lr": 0.1,
                "val_loader": loader(),
                "batch_step": lambda model, batch, optimizers: None,
            },
            "validated",
        ),
    ]
    for wrong, message in cases:
        with pytest.raises(ValueError, match=message):
            untested.trials(loader(), **wrong)
    assert untested.digest() == before


@pytest.mark.parametrize("end", ["itself", "closed", "exception", "reset"])
def test_everything_is_as_it_was_however_it_ends(end: str) -> None:
    torch.manual_seed(3)
    generator = torch.Generator().manual_seed(9)
    data = DataLoader(points(), batch_size=8, shuffle=True, generator=generator)
    calls = itertools.count()

    def step(model: nn.Module, batch: Any) -> torch.Tensor:
        if end == "exception" and next(calls) == 40:
            raise RuntimeError("mine")
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    # a warm optimizer, gradients, buffers and flags that a trial would change
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    target = torch.zeros(8, dtype=torch.int64)
    torch.autograd.backward(nn.functional.cross_entropy(model(torch.randn(8, 4)), target))
    optimizer.step()
    model[1].eval()
    live = LRFinder(model, optimizer, verbose=False)
    digest, rng, order = live.digest(), torch.get_rng_state(), generator.get_state()
    gradients = gradients_of(model)

    run = live.trials(data, loader(), lr=0.1, iterations=least_budget(3), batch_step=step)
    if end == "exception":
        with pytest.raises(RuntimeError, match="mine"):
            list(run)
    elif end == "itself":
        list(run)
    else:
        list(itertools.islice(run, 30))
        assert live.digest() != digest
        run.close() if end == "closed" else live.reset()
        assert next(run, None) is None
    assert live.digest() == digest
    assert torch.equal(torch.get_rng_state(), rng)
    assert torch.equal(generator.get_state(), order)
    assert [part.training for part in model] == [True, False, True, True]
    assert optimizer.param_groups[0]["lr"] == 1e-3
    assert same(gradients_of(model), gradients)


@pytest.mark.parametrize("kind", ["shuffled", "own generator", "iterator"])
def test_all_trials_of_a_seed_see_the_same_data_and_random_numbers(kind: str) -> None:
    model = Batches()
    shuffled = loader(
        count=40, shuffle=True, generator=torch.Generator() if kind == "own generator" else None
    )
    data = TrainDataLoaderIter(shuffled) if kind == "iterator" else shuffled
    trials, orders = [], []
    for event in finder(model).trials(data, lr=0.01, iterations=400):
        if isinstance(event, Trial):
            trials.append(event)
            orders.append(model.seen[-event.iterations :])
    for seed in range(3):
        ofs = [order for trial, order in zip(trials, orders, strict=True) if trial.seed == seed]
        longest = max(ofs, key=len)
        assert len(ofs) >= 2
        assert all(order == longest[: len(order)] for order in ofs)
    firsts = {order[0] for order in orders}
    assert len(firsts) == 3


def test_a_users_iterator_stays_where_it_was() -> None:
    data = TrainDataLoaderIter(loader(count=24))
    first = next(data)[1].tolist()
    finder().confirm(data, lr=0.01, iterations=200)
    assert [next(data)[1].tolist() for _ in range(3)][-1] == first  # three batches an epoch


def test_trials_end_where_the_data_ends() -> None:
    data = TrainDataLoaderIter(loader(count=64), auto_reset=False)
    confirmation = finder().confirm(data, lr=0.01, iterations=2000)
    assert {trial.iterations for trial in confirmation.trials} == {8}


def test_the_ratios_of_parameter_groups_are_kept() -> None:
    model = mlp()
    groups = [
        {"params": model[0].parameters(), "lr": 1e-3},
        {"params": model[3].parameters(), "lr": 2e-4},
    ]
    optimizer = torch.optim.SGD(groups)
    live = LRFinder(model, optimizer, nn.CrossEntropyLoss(), verbose=False)
    seen = set()
    for event in live.trials(loader(), lr=0.5, iterations=200):
        if isinstance(event, TrialStep):
            seen.add(optimizer.param_groups[1]["lr"] / optimizer.param_groups[0]["lr"])
    assert list(seen) == pytest.approx([0.2] * len(seen))


def test_one_cycle_reaches_the_rate_and_goes_back_down() -> None:
    live = finder()
    rates: list[float] = []
    for event in live.trials(loader(), lr=0.1, iterations=300, schedule="one-cycle"):
        if isinstance(event, Trial):
            assert max(rates) == pytest.approx(event.lr, rel=0.1)
            assert rates[0] == pytest.approx(event.lr / 25)
            assert rates[-1] < event.lr / 1000
            rates = []
        else:
            rates.append(live.optimizers[0].param_groups[0]["lr"])


def test_settings_of_the_test_hold_for_the_trials() -> None:
    model = Batches()
    live = finder(model)
    live.range_test(loader(), num_iter=10, accumulation_steps=3, end_lr=1e-2)
    live.reset()
    model.seen.clear()
    confirmation = live.confirm(loader(), lr=0.01, iterations=200)
    assert len(model.seen) == 3 * confirmation.iterations


class Clock:
    """Every step of training takes a second."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def timed(seconds: float, slow_validation: float = 0.0) -> tuple[Confirmation, float]:
    clock = Clock()
    searched = digits_finder()
    train, _ = digits_loaders()
    from lrtui.engine.confirm.trial_setup import TrialSetup
    from lrtui.engine.settings import Settings

    setup = TrialSetup(searched._training(), train, Settings(), [1e-3])
    run = budgeted(
        lambda: setup.runner(None), [0.1, 1e-5, 1e-4, 1e-3], None, seconds, "constant", clock
    )
    while True:
        try:
            event = next(run)
        except StopIteration as end:
            return end.value, clock.now
        if isinstance(event, TrialStep):
            clock.now += 1.0
            last = clock.now
            assert last <= seconds + 1


def test_seconds_are_used_and_kept() -> None:
    confirmation, spent = timed(1000.0)
    assert confirmation.verdict == "confirmed"
    assert 700 < spent <= 1000


def test_few_seconds_try_fewer_rates() -> None:
    confirmation, _ = timed(100.0)
    assert {trial.lr for trial in confirmation.trials} == {0.1, 1e-5}
    assert confirmation.verdict == "confirmed"


@pytest.mark.parametrize("seconds", [2.0, 30.0])
def test_too_few_seconds_are_undecided_and_say_how_many_it_takes(seconds: float) -> None:
    confirmation, _ = timed(seconds)
    assert confirmation.verdict == "undecided"
    assert f"{seconds:g} s" in confirmation.reason
    assert confirmation.trials == ()


def test_the_random_states_of_a_script_are_unaffected() -> None:
    live = finder()
    state = RngState()
    expected = torch.rand(3)
    state.restore()
    live.confirm(loader(shuffle=True), lr=0.1, iterations=200)
    assert torch.equal(torch.rand(3), expected)


def test_the_stability_limit_of_live_objects_leaves_no_trace() -> None:
    train, _ = digits_loaders()
    live = digits_finder(momentum=0.9)
    digest, rng = live.digest(), torch.get_rng_state()
    measured = live.stability(train)
    assert 0.01 < measured.limit < 10
    assert measured == live.stability(train)
    assert live.digest() == digest
    assert torch.equal(torch.get_rng_state(), rng)
    with pytest.raises(ValueError, match="not known"):
        digits_finder(torch.optim.Adagrad).stability(train)


def test_attention_has_a_stability_limit_too() -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.project, self.head = nn.Linear(4, 12), nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> Any:
            query, key, value = self.project(x).view(1, 1, len(x), 12).chunk(3, dim=-1)
            return self.head(nn.functional.scaled_dot_product_attention(query, key, value)[0, 0])

    assert finder(Attention()).stability(loader()).limit > 0
