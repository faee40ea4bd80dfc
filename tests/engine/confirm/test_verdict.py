"""Confirmation on a problem whose best rate is known, and the arithmetic of halving."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from lrtui.analysis.answer import Schedule
from lrtui.analysis.halving import (
    FINAL_SEEDS,
    MIN_STEPS,
    affordable,
    kept,
    least_budget,
    steps_per_round,
    trials_in,
)
from lrtui.engine.confirm.trial import (
    Trial,
    TrialRunner,
    TrialStep,
    has_blown_up,
    pace_setter,
    paces,
)
from lrtui.engine.confirm.verdict import Confirmation, confirm, decide, steadiest
from lrtui.engine.step import Update


class NoisyQuadratic:
    """x ← x - lr · (x + noise): best near 1, blows up above 2."""

    def __init__(self, noise: float = 0.0) -> None:
        self.noise = noise
        self.started: list[int] = []
        self.lr = 0.0

    def start(self, seed: int) -> Callable[[], Update]:
        self.started.append(seed)
        generator = torch.Generator().manual_seed(seed)
        x = torch.tensor(10.0)

        def train() -> Update:
            nonlocal x
            loss = x**2 / 2
            x = x - self.lr * (x + self.noise * torch.randn((), generator=generator))
            return Update(loss)

        return train

    def runner(self) -> TrialRunner:
        return TrialRunner(self.start, None, lambda pace: setattr(self, "lr", pace.lr))


def outcome(
    rates_: list[float], budget: int = 1000, noise: float = 0.0, schedule: Schedule = "constant"
) -> tuple[Confirmation, list[TrialStep | Trial], NoisyQuadratic]:
    problem = NoisyQuadratic(noise)
    events = []
    race = confirm(problem.runner(), rates_, budget, schedule)
    while True:
        try:
            events.append(next(race))
        except StopIteration as end:
            return end.value, events, problem


def test_the_best_rate_is_confirmed() -> None:
    confirmation, _, _ = outcome([1.0, 0.01, 0.03, 3.0])
    assert confirmation.verdict == "confirmed"
    assert confirmation.better is None


def test_a_poor_rate_is_refuted_by_the_better_one() -> None:
    confirmation, _, _ = outcome([0.001, 1.0, 0.003, 3.0])
    assert (confirmation.verdict, confirmation.better) == ("refuted", 1.0)
    assert confirmation.margin < 0


def test_a_rate_that_blows_up_is_refuted() -> None:
    confirmation, _, _ = outcome([3.0, 0.5, 0.1])
    assert (confirmation.verdict, confirmation.better) == ("refuted", 0.5)


def test_where_everything_blows_up_nothing_is_decided() -> None:
    confirmation, _, _ = outcome([3.0, 4.0])
    assert confirmation.verdict == "undecided"


def test_a_difference_within_its_noise_is_undecided() -> None:
    trials = [Trial(lr=0.1, round=0, seed=0, iterations=10, loss=1.0, curve=(10.0, 1.0))]
    assert decide(0.1, 0.2, [-3.0, 2.0, -2.5], 10.0, trials).verdict == "undecided"
    assert decide(0.1, 0.2, [-0.9, -0.6, -0.05], 10.0, trials).verdict == "undecided"
    assert decide(0.1, 0.2, [-3.0, -3.1, -2.9], 10.0, trials).verdict == "refuted"
    assert decide(0.1, 0.2, [-0.01, 0.01, 0.0], 10.0, trials).verdict == "confirmed"


def test_where_the_loss_has_fallen_far_a_small_difference_is_a_large_ratio() -> None:
    trials = [Trial(lr=0.2, round=0, seed=0, iterations=10, loss=0.1, curve=(10.0, 0.1))]
    assert decide(0.1, 0.2, [-0.1, -0.1, -0.1], 10.0, trials).verdict == "refuted"
    below_zero = [Trial(lr=0.2, round=0, seed=0, iterations=10, loss=-20.0, curve=(10.0, -20.0))]
    assert decide(0.1, 0.2, [-0.1, -0.1, -0.1], 10.0, below_zero).verdict == "confirmed"


@pytest.mark.parametrize("count", range(2, 12))
def test_the_budget_is_kept_and_the_least_one_is_enough(count: int) -> None:
    problem_rates = [0.1 * 1.3**i for i in range(count)]
    for budget in (least_budget(count), 997, 5000):
        if budget < least_budget(count):
            continue
        confirmation, _, _ = outcome(problem_rates, budget)
        assert confirmation.iterations <= budget


def test_a_budget_that_is_too_small_is_refused_with_the_least_one() -> None:
    with pytest.raises(ValueError, match=f"{least_budget(6)} are the least"):
        steps_per_round(6, MIN_STEPS)


def test_every_trial_of_a_round_sees_the_same_data() -> None:
    _, events, problem = outcome([0.1, 0.2, 0.3, 0.4], noise=1.0)
    finished = [event for event in events if isinstance(event, Trial)]
    assert [trial.seed for trial in finished] == problem.started
    last = max(trial.round for trial in finished)
    assert [trial.seed for trial in finished if trial.round == last] == [
        s for s in range(FINAL_SEEDS) for _ in range(2)
    ]
    assert {trial.seed for trial in finished if trial.round < last} == {0}


def test_the_suggestion_stays_to_the_end() -> None:
    confirmation, _, _ = outcome([0.001, 0.5, 0.6, 0.7, 0.8, 0.9])
    last = max(trial.round for trial in confirmation.trials)
    assert {trial.lr for trial in confirmation.trials if trial.round == last} >= {0.001}


def test_every_step_is_yielded_and_counted() -> None:
    confirmation, events, _ = outcome([1.0, 0.1])
    steps = [event for event in events if isinstance(event, TrialStep)]
    assert len(steps) == confirmation.iterations
    for trial in confirmation.trials:
        assert len(trial.curve) == trial.iterations


@pytest.mark.parametrize("count", range(3, 20))
def test_halving_ends_at_two(count: int) -> None:
    seen = list(
        itertools.islice(
            itertools.accumulate(range(10), lambda left, _: kept(left), initial=count), 10
        )
    )
    assert seen[-1] == 2


@pytest.mark.parametrize(
    ("make", "of"),
    [
        (lambda p: torch.optim.SGD(p, lr=1.0, momentum=0.9), lambda group: group["momentum"]),
        (lambda p: torch.optim.AdamW(p, lr=1.0), lambda group: group["betas"]),
    ],
)
def test_one_cycle_equals_torchs(
    make: Callable[..., torch.optim.Optimizer], of: Callable[[dict[str, Any]], object]
) -> None:
    parameter = torch.zeros(1, requires_grad=True)
    theirs, ours = make([parameter]), make([parameter])
    schedule = torch.optim.lr_scheduler.OneCycleLR(theirs, max_lr=0.4, total_steps=101)
    set_pace = pace_setter([ours], lambda lr: (lr,))
    for step, pace in enumerate(paces(0.4, 101, "one-cycle")):
        set_pace(pace)
        assert ours.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"])
        assert of(ours.param_groups[0]) == pytest.approx(of(theirs.param_groups[0]))
        theirs.step()
        if step < 100:
            schedule.step()


def test_one_cycle_gives_no_momentum_to_an_optimizer_that_runs_without() -> None:
    parameter = torch.zeros(1, requires_grad=True)
    optimizers = [
        torch.optim.SGD([parameter], lr=1.0),
        torch.optim.Adam([parameter], betas=(0.0, 0.9)),
    ]
    set_pace = pace_setter(optimizers, lambda lr: (lr, lr))
    for pace in paces(0.4, 20, "one-cycle"):
        set_pace(pace)
        assert optimizers[0].param_groups[0]["momentum"] == 0
        assert optimizers[1].param_groups[0]["betas"] == (0.0, 0.9)


def trials_of(lr: float, *losses: float, first: float = 10.0) -> list[Trial]:
    return [
        Trial(lr=lr, round=1, seed=seed, iterations=10, loss=loss, curve=(first, loss))
        for seed, loss in enumerate(losses)
    ]


def test_one_training_that_went_badly_does_not_outweigh_the_others() -> None:
    trials = trials_of(0.1, 1.0, 1.0, 1.0) + trials_of(0.2, 1.3, 1.4, 3.5)
    assert decide(0.1, 0.2, [0.3, 0.4, 2.5], 10.0, trials).verdict == "confirmed"
    trials = trials_of(0.1, 1.0, 1.0, 1.0) + trials_of(0.2, 0.4, 0.35, math.inf)
    confirmation = decide(0.1, 0.2, [-0.6, -0.65, math.inf], 10.0, trials)
    assert (confirmation.verdict, confirmation.better) == (
        "undecided",
        None,
    )  # the rival is better until it blows up


def test_one_blow_up_on_each_side_is_no_nan() -> None:
    trials = trials_of(0.1, math.inf, 1.0, 1.0) + trials_of(0.2, 1.0, math.inf, 1.1)
    confirmation = decide(0.1, 0.2, [-math.inf, math.inf, 0.1], 10.0, trials)
    assert confirmation.verdict == "undecided"
    assert "nan" not in confirmation.reason


def test_a_suggestion_that_blows_up_gives_way_to_a_rate_that_never_does() -> None:
    trials = (
        trials_of(0.1, math.inf, math.inf, 1.0)
        + trials_of(0.2, 0.5, math.inf, 0.6)
        + trials_of(0.05, 0.9)
    )
    confirmation = decide(0.1, 0.2, [-math.inf, 0.0, -0.4], 10.0, trials)
    assert (confirmation.verdict, confirmation.better) == ("refuted", 0.05)
    assert "blew up" in confirmation.reason


def test_the_steadiest_rate_is_the_best_of_those_that_never_blew_up() -> None:
    trials = trials_of(0.1, 2.0, 2.0) + trials_of(0.2, 1.0, math.inf) + trials_of(0.05, 3.0, 0.8)
    assert steadiest(trials) == 0.05
    assert steadiest(trials_of(0.2, math.inf)) is None


@pytest.mark.parametrize("count", range(2, 12))
def test_what_a_budget_can_afford_is_the_most_that_it_is_enough_for(count: int) -> None:
    assert affordable(count, least_budget(count)) == count
    assert affordable(count, least_budget(2)) == 2
    assert affordable(count, least_budget(2) - 1) == 0


@pytest.mark.parametrize("count", range(2, 12))
def test_there_are_as_many_trials_as_foreseen(count: int) -> None:
    confirmation, _, _ = outcome([0.1 * 1.3**i for i in range(count)], least_budget(count))
    assert len(confirmation.trials) == trials_in(count)


@pytest.mark.parametrize("offset", [0.0, -1.1, 1.1, 100.0, -100.0])
def test_a_loss_that_begins_near_zero_or_below_is_no_blow_up(offset: float) -> None:
    falling = [1.1 + offset - 0.05 * step + 0.1 * (-1) ** step for step in range(20)]
    assert not any(has_blown_up(falling[: step + 1]) for step in range(20))
    assert has_blown_up([*falling, math.inf])
    assert has_blown_up([*falling, 1e4])
