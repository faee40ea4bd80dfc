"""Races of live objects: a real model on real digits, and its state afterwards."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from lrtui import LRFinder, TrainDataLoaderIter
from lrtui.analysis.answer import Plan, Schedule
from lrtui.analysis.race import BUDGET, STEP, Rates, least_budget
from lrtui.analysis.race_verdict import Race
from lrtui.engine.race.budget import budgeted
from lrtui.engine.race.race import RaceStopped, Trials
from lrtui.engine.race.trial import Trial, TrialStep
from lrtui.engine.race.trial_setup import TrialSetup
from lrtui.engine.restore.random_state import RngState
from lrtui.engine.settings import Settings
from tests.engine.rigs import digits_loaders, digits_mlp, finder, loader, mlp, points, same


def digits_finder(
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.SGD, **arguments: Any
) -> LRFinder:
    torch.manual_seed(1)
    return finder(digits_mlp(), lambda params: optimizer(params, **{"lr": 1e-3, **arguments}))


def results(run: Trials) -> tuple[list[TrialStep | Trial], Race]:
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


def test_a_poor_rate_is_replaced_by_a_better_one() -> None:
    train, val = digits_loaders()
    result = digits_finder().race(train, val, lr=1e-6, factor=1e4, iterations=600)
    assert result.verdict == "replaced"
    assert result.better == pytest.approx(1e-2)
    assert result.iterations <= 600
    assert not result.sure


@pytest.mark.parametrize("schedule", ["constant", "one-cycle", "cosine"])
def test_a_good_rate_stays_without_a_validation_set_as_well(schedule: Schedule) -> None:
    train, val = digits_loaders()
    for loaders in ((train, val), (train,)):
        result = digits_finder().race(*loaders, lr=0.1, factor=30, schedule=schedule)
        assert result.verdict == "confirmed"
        assert result.iterations <= BUDGET


def test_confirm_is_race() -> None:
    train, _ = digits_loaders()
    raced = digits_finder().race(train, lr=0.1, iterations=100)
    assert digits_finder().confirm(train, lr=0.1, iterations=100) == raced


def test_the_suggestion_is_what_is_raced_and_its_rivals_are_a_third_of_a_decade_apart() -> None:
    train, val = digits_loaders()
    searched = digits_finder()
    searched.range_test(train, start_lr=1e-5, num_iter=400)
    suggestion = searched.suggestion()
    assert suggestion.lr is not None
    events, result = results(searched.trials(train, val))
    assert result.lr == suggestion.lr
    tried = sorted({trial.lr for trial in events if isinstance(trial, Trial)})
    assert len(tried) >= 3
    for lower, higher in itertools.pairwise(tried):
        assert higher / lower == pytest.approx(STEP)
    assert len(searched.history["lr"]) > 50  # the curve that it came from is still there


def test_no_rate_is_tried_at_which_the_range_test_diverged() -> None:
    train, _ = digits_loaders()
    searched = digits_finder()
    searched.range_test(train, start_lr=1e-5, end_lr=1e3, num_iter=100)
    assert searched.status == "diverged"
    highest = searched.history["lr"][-1]
    events, _ = results(searched.trials(train, lr=highest / 1.5, iterations=200))
    assert max(event.lr for event in events if isinstance(event, Trial)) <= highest


def test_a_race_that_is_stopped_puts_everything_back_and_has_a_verdict() -> None:
    train, _ = digits_loaders()
    live = digits_finder()
    digest = live.digest()
    run = live.trials(train, lr=0.01, iterations=600)
    list(itertools.islice(run, 60))
    with pytest.raises(StopIteration) as end:
        run.throw(RaceStopped("stopped"))
    assert (end.value.value.verdict, live.digest()) == ("open", digest)
    assert end.value.value.more_steps > 0


def test_a_one_cycle_leaves_the_momentum_as_it_was() -> None:
    train, val = digits_loaders()
    cases: list[tuple[Callable[..., torch.optim.Optimizer], dict[str, Any]]] = [
        (torch.optim.SGD, {"momentum": 0.8}),
        (torch.optim.AdamW, {"betas": (0.8, 0.99)}),
    ]
    for optimizer, arguments in cases:
        searched = digits_finder(optimizer, **arguments)
        before = searched.digest()
        searched.confirm(train, val, lr=0.01, schedule="one-cycle", iterations=120, steps=1000)
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
        ({"lr": 0.1, "schedule": "linear"}, "one-cycle"),
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

    run = live.trials(data, loader(), lr=0.1, iterations=least_budget(), batch_step=step)
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
    trials: list[Trial] = []
    orders: list[list[tuple[float, float]]] = []
    for event in finder(model).trials(data, lr=0.01, iterations=400):
        if isinstance(event, Trial):
            trials.append(event)
            orders.append(model.seen[-event.iterations :])
    seeds = {trial.seed for trial in trials}
    assert len(seeds) > 1
    for seed in seeds:
        ofs = [order for trial, order in zip(trials, orders, strict=True) if trial.seed == seed]
        longest = max(ofs, key=len)
        assert len(ofs) >= 2
        assert all(order == longest[: len(order)] for order in ofs)
    assert len({order[0] for order in orders}) == len(seeds)


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


def timed(seconds: float, step_seconds: float = 1.0) -> tuple[Race, float]:
    clock = Clock()
    searched = digits_finder()
    train, _ = digits_loaders()
    setup = TrialSetup(searched._training(), train, Settings(), [1e-3])
    run = budgeted(
        lambda: setup.runner(None), Rates(lr=0.1, factor=30), None, seconds, Plan(), clock
    )
    while True:
        try:
            event = next(run)
        except StopIteration as end:
            return end.value, clock.now
        if isinstance(event, TrialStep):
            clock.now += step_seconds
            assert clock.now <= seconds + step_seconds


def test_seconds_are_used_and_kept() -> None:
    result, spent = timed(1000.0)
    assert result.verdict == "confirmed"
    assert 350 < spent <= 1000  # it was decided before they were over


@pytest.mark.parametrize("seconds", [2.0, 30.0])
def test_too_few_seconds_are_open_and_say_how_many_it_takes(seconds: float) -> None:
    result, _ = timed(seconds)
    assert result.verdict == "open"
    assert f"{seconds:g} s" in result.reason
    assert result.more_steps == least_budget()
    assert result.trials == ()


def test_seconds_that_run_out_leave_what_was_trained_and_a_price() -> None:
    class Slowing(Clock):
        """Steps take longer and longer."""

        def __call__(self) -> float:
            return math.pow(self.now, 1.2)

    clock = Slowing()
    searched = digits_finder()
    train, _ = digits_loaders()
    setup = TrialSetup(searched._training(), train, Settings(), [1e-3])
    run = budgeted(lambda: setup.runner(None), Rates(lr=1e-3), None, 500.0, Plan(), clock)
    while True:
        try:
            event = next(run)
        except StopIteration as end:
            result: Race = end.value
            break
        clock.now += isinstance(event, TrialStep)
    assert "500 s were over" in result.reason
    assert result.trials
    assert result.verdict != "open" or result.more_steps > 0


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
