"""The learning rates of a trial equal those of torch's schedulers."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from lrtui.analysis.answer import Plan, Schedule
from lrtui.engine.race.paces import pace_setter, paces, warmup_steps

ONE_CYCLE, COSINE = Plan(schedule="one-cycle"), Plan(schedule="cosine")


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
    for step, pace in enumerate(paces(0.4, 101, ONE_CYCLE)):
        set_pace(pace)
        assert ours.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"])
        assert of(ours.param_groups[0]) == pytest.approx(of(theirs.param_groups[0]))
        theirs.step()
        if step < 100:
            schedule.step()


def test_cosine_equals_torchs() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=50)
    for pace in paces(0.4, 50, COSINE):
        assert pace.momentum is None
        assert pace.lr == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize("schedule", ["constant", "one-cycle", "cosine"])
def test_a_warm_up_is_shortened_in_proportion_and_leads_to_the_schedule(
    schedule: Schedule,
) -> None:
    plan = Plan(schedule=schedule, steps=1000, warmup=100)
    rates = [pace.lr for pace in paces(0.4, 50, plan)]
    assert len(rates) == 50
    assert rates[5:] == [pace.lr for pace in paces(0.4, 45, Plan(schedule=schedule))]
    assert rates[:6] == sorted(rates[:6])
    assert rates[0] == pytest.approx(rates[5] / 6)


def test_a_warm_up_leaves_at_least_one_step() -> None:
    assert warmup_steps(5, Plan(warmup=100)) == 4
    assert [len(list(paces(0.1, count, Plan(warmup=9)))) for count in (1, 2, 9)] == [1, 2, 9]


def test_one_cycle_gives_no_momentum_to_an_optimizer_that_runs_without() -> None:
    parameter = torch.zeros(1, requires_grad=True)
    optimizers = [
        torch.optim.SGD([parameter], lr=1.0),
        torch.optim.Adam([parameter], betas=(0.0, 0.9)),
    ]
    set_pace = pace_setter(optimizers, lambda lr: (lr, lr))
    for pace in paces(0.4, 20, ONE_CYCLE):
        set_pace(pace)
        assert optimizers[0].param_groups[0]["momentum"] == 0
        assert optimizers[1].param_groups[0]["betas"] == (0.0, 0.9)
