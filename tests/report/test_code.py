"""An answer as lines of Python: they run, and they set up what the answer says."""

from typing import Any

import pytest
import torch

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.build import param_groups
from lrtui.report.code import GROUP_RULES, code_lines, dotted_name, schedule_code
from lrtui.spec import Choice

ANSWER = Suggestion(lr=3e-3, low=1e-3, high=1e-2, verdict="ok", reason="", method="")
REFUSAL = Suggestion(verdict="no_descent", reason="", method="")
BOUNDS = Bounds(start_lr=1e-4, end_lr=2e-2)


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
@pytest.mark.parametrize("total_steps", [7, 1000, "total_steps"])
def test_the_lines_run(name: str, arguments: dict[str, object], total_steps: int | str) -> None:
    lines = schedule_code(BOUNDS, ANSWER, name, total_steps, arguments)
    assert set(lines) == {"constant", "OneCycleLR", "CyclicLR"}
    scope: dict[str, Any] = {
        "torch": torch,
        "model": torch.nn.Linear(2, 1),
        "total_steps": 1000,
    }
    exec(lines["constant"], scope)
    group = scope["optimizer"].param_groups[0]
    assert group["lr"] == pytest.approx(3e-3)
    momentum = group.get("momentum")
    exec(lines["CyclicLR"], scope)
    exec(lines["OneCycleLR"], scope)
    assert scope["scheduler"].optimizer is scope["optimizer"]
    assert group["max_lr"] == pytest.approx(2e-2)
    if not momentum:
        assert group.get("momentum") == momentum


def test_only_lines_that_the_answers_allow() -> None:
    assert schedule_code(None, REFUSAL, "SGD") == {}
    assert set(schedule_code(None, ANSWER, "SGD")) == {"constant"}
    assert set(schedule_code(BOUNDS, REFUSAL, "SGD")) == {"OneCycleLR", "CyclicLR"}


def test_code_has_the_optimizers_arguments_and_none_of_our_group_rules() -> None:
    choice = Choice(
        "torch.optim:AdamW", {"weight_decay": 0.1, "decay_all": False, "layer_decay": 0.9}
    )
    code = code_lines(choice, ANSWER, BOUNDS)
    line = "optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.1)"
    comment = "# with the run's parameter groups: decay_all=False, layer_decay=0.9"
    assert code["constant"] == f"{line}  {comment}"
    assert "max_lr=[0.02 * " in code["OneCycleLR"]
    assert set(code) == {"constant", "OneCycleLR", "CyclicLR"}
    assert code_lines(choice, None, None) == {}


@pytest.mark.parametrize(("momentum", "cycled"), [(0.9, True), (0.0, False), (None, False)])
def test_a_users_optimizer_makes_its_groups_and_momentum_itself(
    momentum: float | None, cycled: bool
) -> None:
    code = code_lines(Choice("my-nets/opt.py:make", {"factor": 2}), ANSWER, BOUNDS, momentum)
    assert code["constant"] == "lr = 0.003  # of the first group of opt.make"
    weight, bias = torch.nn.Linear(2, 1).parameters()
    groups = [{"params": [weight], "lr": 0.01}, {"params": [bias], "lr": 0.02}]
    scope: dict[str, Any] = {
        "torch": torch,
        "optimizer": torch.optim.SGD(groups, momentum=0.9),
        "total_steps": 100,
    }
    exec(code["OneCycleLR"], scope)
    assert scope["scheduler"].cycle_momentum is cycled
    peaks = [group["max_lr"] for group in scope["optimizer"].param_groups]
    assert peaks == pytest.approx([0.02, 0.04])
    exec(code["CyclicLR"], scope)
    assert scope["scheduler"].base_lrs == pytest.approx([0.0001, 0.0002])


def test_the_group_rules_are_those_of_the_worker() -> None:
    assert set(GROUP_RULES) == {param_groups.DECAY_ALL, param_groups.LAYER_DECAY}


def test_a_users_optimizer_is_called_by_its_module() -> None:
    assert dotted_name("path/to/mine.py:Lion") == "mine.Lion"
    assert dotted_name("timm.optim:Lamb") == "timm.optim.Lamb"
