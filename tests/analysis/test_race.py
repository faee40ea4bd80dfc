"""Which rates a race tries, and how it spends its steps."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrtui.analysis.race import (
    BUDGET,
    MIN_STEPS,
    STEP,
    Rates,
    check_budget,
    final_steps,
    first_round,
    least_budget,
)

RATE = st.floats(1e-9, 1e3)


def test_seven_rates_a_third_of_a_decade_apart_the_nearest_first_and_the_lower_one_before() -> None:
    rates = Rates(lr=1.0, low=0.05, high=20.0).first()
    assert rates == pytest.approx([1.0, *(STEP**power for power in (-1, 1, -2, 2, -3, 3))])


def test_without_an_interval_they_span_a_decade_on_each_side() -> None:
    rates = Rates(lr=0.01).first()
    assert [min(rates), max(rates)] == pytest.approx([0.001, 0.1])
    assert len(rates) == 7


def test_an_interval_that_the_rate_is_not_in_says_nothing() -> None:
    assert Rates(lr=0.01, low=1.0, high=2.0).first() == Rates(lr=0.01).first()


@given(lr=RATE, below=st.floats(1, 1e4), above=st.floats(1, 1e4))
def test_the_rates_lie_in_the_interval_but_for_one_neighbour_on_each_side(
    lr: float, below: float, above: float
) -> None:
    low, high = lr / below, lr * above
    rates = Rates(lr=lr, low=low, high=high).first()
    assert rates[0] == lr
    assert 3 <= len(rates) <= 7
    for rate in rates:
        inside = low / 1.11 <= rate <= high * 1.11
        assert inside or 1 / 2.16 < rate / lr < 2.16
    for lower, higher in pairwise(sorted(rates)):
        assert higher / lower == pytest.approx(STEP)


@given(lr=RATE, ceiling=RATE)
def test_no_rate_but_the_answer_is_above_the_ceiling(lr: float, ceiling: float) -> None:
    rates = Rates(lr=lr, ceiling=ceiling)
    first = rates.first()
    assert len(first) >= 4
    assert first[0] == lr
    assert max(first[1:]) <= ceiling
    assert max(rates.beyond(ceiling, above=True), default=0.0) <= ceiling


def test_the_next_rate_follows_beyond_an_edge() -> None:
    rates = Rates(lr=1.0)
    assert rates.beyond(10.0, above=True) == pytest.approx([10 * STEP])
    assert rates.beyond(0.1, above=False) == pytest.approx([0.1 / STEP])


@given(budget=st.integers(least_budget(), 10**6), width=st.floats(1, 1e4))
def test_the_first_round_leaves_half_of_the_budget_and_no_trial_is_too_short(
    budget: int, width: float
) -> None:
    first = first_round(Rates(lr=1.0, low=1 / width, high=width), budget)
    assert len(first.rates) >= 3
    assert first.steps >= MIN_STEPS
    assert len(first.rates) * first.steps <= max(budget / 2, 3 * MIN_STEPS)
    left = budget - len(first.rates) * first.steps
    assert 2 * final_steps(first.steps, left) <= left
    assert final_steps(first.steps, left) >= first.steps


def test_no_trial_is_longer_than_the_planned_training() -> None:
    assert first_round(Rates(lr=1.0), BUDGET, 30).steps == 30
    assert final_steps(30, 10_000, 30) == 30


def test_a_budget_that_is_too_small_names_the_least_one() -> None:
    check_budget(least_budget())
    with pytest.raises(ValueError, match=rf"race 3 learning rates: {least_budget()} are the least"):
        check_budget(least_budget() - 1)
