"""An answer as lines of Python: they run, and they set up what the answer says."""

from typing import Any

import pytest
import torch

from lrtui.analysis.answer import ANY_PLAN, Bounds, Plan, Schedule
from lrtui.build import param_groups
from lrtui.report.code import GROUP_RULES, code_lines, dotted_name
from lrtui.report.schedule_code import Code, Rates, lines_of
from lrtui.spec import Choice

RATES: Rates = {"constant": 3e-3, "one-cycle": 1e-2, "cosine": 6e-3}
BOUNDS = Bounds(start_lr=1e-4, end_lr=2e-2)
NAMES: dict[Schedule, str] = {
    "constant": "constant",
    "one-cycle": "OneCycleLR",
    "cosine": "CosineAnnealingLR",
}
SGD = Choice("torch.optim:SGD", {"momentum": 0.9})


def scope_of(total_steps: int = 1000) -> dict[str, Any]:
    """What a user's script has before these lines."""
    return {"torch": torch, "model": torch.nn.Linear(2, 1), "total_steps": total_steps}


def rates_of_training(scope: dict[str, Any], steps: int) -> list[float]:
    """The rate of each step of a training under the scheduler that the lines made."""
    optimizer, rates = scope["optimizer"], []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if "scheduler" in scope:
            scope["scheduler"].step()
    return rates


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("SGD", {}),
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("Adam", {}),
        ("AdamW", {"betas": (0.8, 0.9)}),
        ("torch.optim.NAdam", {}),
        ("RMSprop", {}),
        ("Adagrad", {}),
        ("Rprop", {}),
    ],
)
@pytest.mark.parametrize("steps", [0, 7, 1000])
@pytest.mark.parametrize("schedule", NAMES)
def test_the_lines_run(
    name: str, arguments: dict[str, object], steps: int, schedule: Schedule
) -> None:
    plan = Plan(schedule=schedule, steps=steps)
    lines = lines_of(Code(optimizer=name, arguments=arguments, plan=plan), RATES, BOUNDS)
    assert set(lines) == {"constant", "OneCycleLR", "CyclicLR", NAMES[schedule]}
    assert next(iter(lines)) == NAMES[schedule]
    scope = scope_of()
    exec(lines["constant"], scope)
    group = scope["optimizer"].param_groups[0]
    assert group["lr"] == pytest.approx(3e-3)
    momentum = group.get("momentum")
    exec(lines["CyclicLR"], scope)
    assert scope["scheduler"].base_lrs == pytest.approx([1e-4])
    assert scope["scheduler"].max_lrs == pytest.approx([2e-2])
    exec(lines["OneCycleLR"], scope)
    assert scope["scheduler"].optimizer is scope["optimizer"]
    assert scope["optimizer"].param_groups[0]["max_lr"] == pytest.approx(1e-2)
    if not momentum:
        assert group.get("momentum") == momentum


@pytest.mark.parametrize("schedule", NAMES)
@pytest.mark.parametrize("warmup", [0, 1, 2, 50, 99])
@pytest.mark.parametrize("steps", [0, 100])
def test_the_lines_of_the_plan_train_as_planned(
    schedule: Schedule, warmup: int, steps: int
) -> None:
    plan = Plan(schedule=schedule, steps=steps, warmup=warmup)
    scope = scope_of(total_steps=100)
    exec(code_lines(SGD, RATES, BOUNDS, plan)[NAMES[schedule]], scope)
    rates = rates_of_training(scope, 100)
    assert max(rates) == pytest.approx(RATES[schedule], rel=0.02)
    if warmup > 1:
        assert rates[0] < 0.6 * max(rates)
        assert rates.index(max(rates)) == pytest.approx(warmup, abs=1)
    if schedule == "constant":
        assert rates[warmup:] == pytest.approx([3e-3] * (100 - warmup))
    elif warmup < 99:
        assert rates[-1] < 0.1 * max(rates)


def test_only_lines_that_the_answers_allow() -> None:
    assert code_lines(SGD, {}, None) == {}
    assert code_lines(SGD, dict.fromkeys(RATES), None) == {}
    assert set(code_lines(SGD, {"constant": 3e-3}, None)) == {"constant"}
    assert set(code_lines(SGD, {}, BOUNDS)) == {"CyclicLR"}


def test_code_has_the_optimizers_arguments_and_none_of_our_group_rules() -> None:
    choice = Choice(
        "torch.optim:AdamW", {"weight_decay": 0.1, "decay_all": False, "layer_decay": 0.9}
    )
    code = code_lines(choice, RATES, BOUNDS)
    line = "optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.1)"
    comment = "# with the run's parameter groups: decay_all=False, layer_decay=0.9"
    assert code["constant"] == f"{line}  {comment}"
    assert "max_lr=[0.01 * " in code["OneCycleLR"]
    assert set(code) == {"constant", "OneCycleLR", "CyclicLR"}


@pytest.mark.parametrize(("momentum", "cycled"), [(0.9, True), (0.0, False), (None, False)])
@pytest.mark.parametrize("schedule", NAMES)
def test_a_users_optimizer_makes_its_groups_and_momentum_itself(
    schedule: Schedule, momentum: float | None, cycled: bool
) -> None:
    choice = Choice("my-nets/opt.py:make", {"factor": 2})
    plan = Plan(schedule=schedule, warmup=3)
    code = code_lines(choice, RATES, BOUNDS, plan, momentum)
    assert code["constant"].startswith("lr = 0.003  # of the first group of opt.make")
    weight, bias = torch.nn.Linear(2, 1).parameters()
    groups = [{"params": [weight], "lr": 0.01}, {"params": [bias], "lr": 0.02}]
    scope: dict[str, Any] = {
        "torch": torch,
        "optimizer": torch.optim.SGD(groups, momentum=0.9),
        "total_steps": 100,
    }
    exec(code[NAMES[schedule]], scope)
    exec(code["OneCycleLR"], scope)
    assert scope["scheduler"].cycle_momentum is cycled
    peaks = [group["max_lr"] for group in scope["optimizer"].param_groups]
    assert peaks[1] == pytest.approx(2 * peaks[0])
    exec(code["CyclicLR"], scope)
    low, high = scope["scheduler"].base_lrs
    assert high == pytest.approx(2 * low)


def test_the_peak_of_one_cycle_is_its_own_suggestion_and_no_bound() -> None:
    code = code_lines(SGD, RATES, BOUNDS, ANY_PLAN)
    assert "max_lr=0.01," in code["OneCycleLR"]
    assert "max_lr=0.02," in code["CyclicLR"]


def test_the_group_rules_are_those_of_the_worker() -> None:
    assert set(GROUP_RULES) == {param_groups.DECAY_ALL, param_groups.LAYER_DECAY}


def test_a_users_optimizer_is_called_by_its_module() -> None:
    assert dotted_name("path/to/mine.py:Lion") == "mine.Lion"
    assert dotted_name("timm.optim:Lamb") == "timm.optim.Lamb"
