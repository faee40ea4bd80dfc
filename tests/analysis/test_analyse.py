import subprocess
import sys

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lrtui.analysis.analyse import Analysis, analyse
from lrtui.analysis.answer import Obstacle, Plan
from lrtui.analysis.bounds import bounds
from lrtui.analysis.curve import Curve
from lrtui.analysis.plan import SCHEDULES
from lrtui.analysis.rules import RULES, suggest_all
from lrtui.analysis.suggest import suggest_curves

from .curves import valley

measured = hnp.arrays(
    np.float64, st.integers(0, 30), elements=st.floats(allow_nan=True, allow_infinity=True)
)


def test_an_analysis_has_the_answers_of_every_part() -> None:
    curves = [Curve(*valley(400, seed=seed)) for seed in range(3)]
    analysis = analyse(curves)
    assert analysis.suggestion == suggest_curves(curves)
    assert analysis.bounds == bounds(curves)
    assert set(analysis.suggestions) == set(RULES)


def test_the_answer_is_for_the_plan_and_every_schedule_has_its_rate() -> None:
    curves = [Curve(*valley(400))]
    for schedule in SCHEDULES:
        plan = Plan(schedule=schedule, steps=3000)
        analysis = analyse(curves, plan=plan)
        assert (analysis.suggestion.schedule, analysis.suggestion.steps) == (schedule, 3000)
        assert analysis.by_schedule[schedule] == analysis.suggestion.lr
        for other in SCHEDULES:
            alone = suggest_curves(curves, Plan(schedule=other, steps=3000))
            assert analysis.by_schedule[other] == alone.lr
    assert analyse(curves).suggestion.steps is None


def test_a_refusal_knows_its_plan_too_and_there_is_no_rate_for_any_schedule() -> None:
    flat = Curve(np.geomspace(1e-7, 1e-2, 100), np.full(100, 1.0))
    analysis = analyse([flat], plan=Plan(schedule="cosine", steps=70))
    assert (analysis.suggestion.schedule, analysis.suggestion.steps) == ("cosine", 70)
    assert analysis.by_schedule == dict.fromkeys(SCHEDULES)


def test_an_obstacle_takes_its_rates_out_of_every_schedule() -> None:
    obstacle = Obstacle(verdict="rate_unused", reason="it is", highest_lr=1e-9)
    analysis = analyse([Curve(*valley(400))], obstacle)
    assert analysis.by_schedule == dict.fromkeys(SCHEDULES)


def test_a_rule_answers_for_repeats_with_its_median() -> None:
    curves = [Curve(*valley(400, seed=seed, width=0.3)) for seed in range(3)]
    alone = [suggest_all(curve)["minimum"] or 0.0 for curve in curves]
    assert analyse(curves).suggestions["minimum"] == pytest.approx(sorted(alone)[1])


def test_an_analysis_can_be_written_and_read() -> None:
    analysis = analyse([Curve(*valley(400))])
    assert msgspec.json.decode(msgspec.json.encode(analysis), type=Analysis) == analysis


@pytest.mark.filterwarnings("error")
@given(data=st.data(), repeats=st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_whatever_was_measured_does_not_raise(data: st.DataObject, repeats: int) -> None:
    curves = []
    for _ in range(repeats):
        losses = data.draw(measured)
        same_length = hnp.arrays(
            np.float64, len(losses), elements=st.floats(allow_nan=True, allow_infinity=True)
        )
        curves.append(
            Curve(data.draw(same_length), losses, metric=data.draw(st.none() | same_length))
        )
    analysis = analyse(curves)
    assert analysis.suggestion.verdict
    msgspec.json.encode(analysis)


@pytest.mark.parametrize(
    "losses",
    [[], [1.0], [1.0] * 50, [np.nan] * 50, [np.inf] * 50, [1e308] * 50, [-1e308, 1e308] * 25],
)
def test_degenerate_curves_get_no_rate(losses: list[float]) -> None:
    lrs = np.geomspace(1e-6, 1, 50)[: len(losses)]
    assert analyse([Curve(lrs, np.array(losses))]).suggestion.lr is None


@pytest.mark.parametrize("loss", [0.0, 0.1, 1.1, 2.3, 3.3])
@pytest.mark.parametrize("num_iter", [20, 50, 100, 400])
def test_a_constant_loss_is_no_descent_whatever_its_mean_is_rounded_to(
    loss: float, num_iter: int
) -> None:
    curve = Curve(np.geomspace(1e-7, 1e-2, num_iter), np.full(num_iter, loss), momentum=0.0)
    assert analyse([curve]).suggestion.verdict == "no_descent"


def test_the_types_of_an_answer_are_imported_without_numpy() -> None:
    code = "import sys, lrtui.analysis.answer; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
