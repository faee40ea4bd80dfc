"""The planned training: what is refused, and which training is too long for a test alone."""

import numpy as np
import pytest

from lrtui.analysis.answer import ANY_PLAN, Plan, Schedule
from lrtui.analysis.plan import CALIBRATED_STEPS, FAR, SCHEDULES, is_far, plan_of
from lrtui.analysis.suggest import suggest

from .curves import valley


def test_without_arguments_no_plan_is_said() -> None:
    assert plan_of() == ANY_PLAN == plan_of(steps=0)
    assert plan_of("cosine", 100, 99) == Plan(schedule="cosine", steps=100, warmup=99)
    assert plan_of("one-cycle", warmup=99) == Plan(schedule="one-cycle", warmup=99)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("linear", None, 0), "schedule must be one of .*one-cycle.*got 'linear'"),
        (("constant", -1, 0), "steps must not be negative, got -1"),
        (("constant", 10, -1), "warmup must not be negative, got -1"),
        (("constant", 10, 10), r"warmup must be below steps \(10\), got 10"),
    ],
)
def test_a_plan_without_sense_is_refused_in_one_line(
    arguments: tuple[Schedule, int | None, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        plan_of(*arguments)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=message):
        suggest(*valley(), schedule=arguments[0], steps=arguments[1], warmup=arguments[2])


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("smooth_f", [None, 0.5])
def test_a_curve_of_any_tool_is_judged_for_the_plan(
    schedule: Schedule, smooth_f: float | None
) -> None:
    answer = suggest(*valley(400), smooth_f=smooth_f, schedule=schedule, steps=3000, warmup=200)
    assert (answer.schedule, answer.steps) == (schedule, 3000)


def test_a_training_is_far_beyond_thirty_times_the_calibrated_or_tried_steps() -> None:
    assert not is_far(None)
    assert not is_far(FAR * CALIBRATED_STEPS)
    assert is_far(FAR * CALIBRATED_STEPS + 1)
    assert not is_far(FAR * CALIBRATED_STEPS + 1, tried=2 * CALIBRATED_STEPS)


def test_a_finders_answer_is_for_the_plan() -> None:
    torch = pytest.importorskip("torch")
    from lrtui import LRFinder

    model = torch.nn.Linear(2, 2)
    batches = [(torch.randn(8, 2), torch.tensor([0, 1] * 4))]
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    finder = LRFinder(model, optimizer, torch.nn.CrossEntropyLoss(), verbose=False)
    finder.range_test(batches, num_iter=20)
    answer = finder.suggestion(schedule="cosine", steps=3000, warmup=10)
    assert (answer.schedule, answer.steps) == ("cosine", 3000)
    assert finder.analysis("one-cycle", 50).suggestion.schedule == "one-cycle"
    assert finder.suggestion().steps is None
    with pytest.raises(ValueError, match="warmup must be below steps"):
        finder.suggestion(steps=10, warmup=10)
    assert np.isfinite(finder.history["lr"]).all()
