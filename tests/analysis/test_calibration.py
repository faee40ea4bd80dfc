"""The calibration that ships with the package: its shape and its laws, and none of its numbers."""

import tomllib
from math import hypot, log10
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lrtui
from lrtui.analysis.answer import Plan, Schedule, Suggestion
from lrtui.analysis.calibration import DRIFT, SCATTER, at_horizon, reach, shift, table
from lrtui.analysis.curve import Curve
from lrtui.analysis.evidence import gather_evidence
from lrtui.analysis.plan import CALIBRATED_STEPS, SCHEDULES
from lrtui.analysis.suggest import suggest_curves

from .curves import interval_of, lr_of, valley

ITERATIONS = (250, 400, 1000)
schedules = st.sampled_from(SCHEDULES)
seeds = st.integers(0, 1000)


def answer(seed: int, plan: Plan, count: int = 400) -> tuple[Curve, Suggestion]:
    curve = Curve(*valley(count, seed=seed))
    return curve, suggest_curves([curve], plan)


# the table


def test_there_is_a_row_for_every_schedule_and_length_of_a_test() -> None:
    rows = [(row.schedule, row.iterations) for row in table().rows]
    assert sorted(rows) == sorted((name, count) for name in SCHEDULES for count in ITERATIONS)
    assert set(table().shifts) == set(SCHEDULES)
    assert sorted(row.schedule for row in table().raced) == sorted(SCHEDULES)


def test_every_row_covers_nine_tasks_in_ten_that_it_was_not_made_of() -> None:
    assert table().tasks >= 20
    assert table().version
    for row in table().rows:
        assert 0.9 <= row.coverage <= 1
        assert 0 < row.inside <= 1
        assert row.loss_within >= 1
        assert 0 < 2 * row.half_width <= 1.3  # decades from one end to the other


def test_the_table_is_where_the_wheel_takes_its_files_from() -> None:
    root = Path(lrtui.__file__).parent.parent
    path = root / "lrtui" / "analysis" / "calibration.json"
    assert path.is_file()
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    # hatchling takes every file of these folders that git does not ignore
    assert "lrtui" in wheel["targets"]["wheel"]["packages"]
    assert "lrtui" in wheel["targets"]["sdist"]["include"]
    assert set(wheel) == {"targets"}
    assert set(wheel["targets"]["wheel"]) == {"packages"}
    assert "json" not in (root / ".gitignore").read_text()


# what an answer takes from it


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(
    ("iterations", "of_row"), [(250, 250), (399, 250), (400, 400), (999, 400), (5000, 1000)]
)
def test_an_answer_has_the_row_of_the_longest_test_that_it_reaches(
    schedule: Schedule, iterations: int, of_row: int
) -> None:
    rows = {(row.schedule, row.iterations): row for row in table().rows}
    row, given = rows[schedule, of_row], reach(Plan(schedule=schedule), iterations)
    assert (given.half_width, given.coverage, given.loss_within) == (
        row.half_width,
        row.coverage,
        row.loss_within,
    )
    assert given.calibration.coverage == row.coverage
    assert (given.calibration.version, given.calibration.tasks) == (table().version, table().tasks)


@given(half_width=st.floats(0.05, 1), steps=st.integers(1, 10**6))
def test_the_width_grows_with_the_distance_to_the_calibrated_steps(
    half_width: float, steps: int
) -> None:
    expected = hypot(half_width, 0.5 * log10(steps / 300))
    assert SCATTER == 0.5
    assert at_horizon(half_width, steps) == pytest.approx(expected)
    assert at_horizon(half_width, 0) == at_horizon(half_width, CALIBRATED_STEPS) == half_width


@given(schedule=schedules, steps=st.integers(1, 10**6))
def test_the_answer_moves_by_the_drift_of_the_best_rates(schedule: Schedule, steps: int) -> None:
    unsaid = shift(Plan(schedule=schedule))
    moved = shift(Plan(schedule=schedule, steps=steps)) - unsaid
    assert moved == pytest.approx(DRIFT * log10(steps / CALIBRATED_STEPS))
    assert unsaid == table().shifts[schedule]


# the answer


@given(seed=seeds, schedule=schedules, steps=st.sampled_from([0, 30, 300, 3000, 100_000]))
@settings(max_examples=40, deadline=None)
def test_the_interval_has_the_answer_and_no_rate_that_blew_up(
    seed: int, schedule: Schedule, steps: int
) -> None:
    curve, suggestion = answer(seed, Plan(schedule=schedule, steps=steps))
    lr, (low, high) = lr_of(suggestion), interval_of(suggestion)
    measured = gather_evidence([curve]).loss
    assert measured is not None
    assert curve.lr[0] * (1 - 1e-9) <= low <= lr <= high <= curve.lr[-1] * (1 + 1e-9)
    assert high <= 10**measured.ceiling * (1 + 1e-9)
    if low > curve.lr[0]:
        assert lr <= 10**measured.ceiling / 2 * (1 + 1e-9)  # twice too high loses everything


@given(seed=seeds, schedule=schedules)
@settings(max_examples=20, deadline=None)
def test_a_longer_training_has_a_wider_interval_at_lower_rates(
    seed: int, schedule: Schedule
) -> None:
    lows, rates = [], []
    for steps in (300, 1000, 3000, 10_000):
        _, suggestion = answer(seed, Plan(schedule=schedule, steps=steps))
        low, _ = interval_of(suggestion)
        lows.append(low)
        rates.append(lr_of(suggestion) / low)
    assert lows == sorted(lows, reverse=True)
    assert rates == sorted(rates)  # of two intervals that the same ceiling may cut


def test_an_answer_says_what_it_is_for_what_it_took_and_what_it_rests_on() -> None:
    plan = Plan(schedule="cosine", steps=3000)
    curve, suggestion = answer(0, plan)
    given = reach(plan, 400)
    assert (suggestion.schedule, suggestion.steps) == ("cosine", 3000)
    assert suggestion.cost == len(curve.lr)
    assert (suggestion.coverage, suggestion.loss_within) == (given.coverage, given.loss_within)
    assert suggestion.calibration == given.calibration


def test_repeats_cost_the_sum_of_their_steps() -> None:
    curves = [Curve(*valley(400, seed=seed)) for seed in range(3)]
    assert suggest_curves(curves).cost == 1200


def test_a_cliff_right_of_the_valley_pushes_the_answer_down() -> None:
    lrs, losses = valley(400)
    cliff = losses.copy()
    cliff[lrs > 0.02] = 50
    before = lr_of(suggest_curves([Curve(lrs, losses)]))
    suggestion = suggest_curves([Curve(lrs, cliff)])
    assert lr_of(suggestion) < before
    assert lr_of(suggestion) <= 0.0105
    assert interval_of(suggestion)[1] <= 0.021
