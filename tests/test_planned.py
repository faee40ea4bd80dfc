"""From a spec's plan to the plan of the analysis."""

import pytest

from lrtui.analysis.answer import Plan
from lrtui.planned import planned
from lrtui.spec import PlanSpec


def test_steps_are_taken_as_they_are() -> None:
    spec = PlanSpec(schedule="cosine", steps=300, warmup=20)
    assert planned(spec, None, 1) == (Plan(schedule="cosine", steps=300, warmup=20), "")


@pytest.mark.parametrize(
    ("batches", "accumulation_steps", "steps"), [(10, 1, 30), (10, 4, 9), (1, 8, 3)]
)
def test_epochs_become_optimizer_steps(batches: int, accumulation_steps: int, steps: int) -> None:
    plan, problem = planned(PlanSpec(epochs=3, warmup=2), batches, accumulation_steps)
    assert plan == Plan(steps=steps, warmup=2)
    assert not problem


def test_epochs_of_data_without_a_length_are_said_to_have_no_effect() -> None:
    plan, problem = planned(PlanSpec(schedule="one-cycle", epochs=3), None, 1)
    assert plan == Plan(schedule="one-cycle")
    assert "plan.epochs" in problem
    assert "plan.steps" in problem


def test_a_warmup_longer_than_the_epochs_is_said_to_have_no_effect() -> None:
    plan, problem = planned(PlanSpec(epochs=1, warmup=10), 10, 1)
    assert plan == Plan(steps=10)
    assert problem == "plan.warmup has no effect: it must be below steps (10), got 10"
