from itertools import combinations

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.candidates import rates_to_try, what_it_is

REFUSAL = Suggestion(verdict="no_descent", reason="", method="")


def suggestion(lr: float, low: float, high: float) -> Suggestion:
    return Suggestion(lr=lr, low=low, high=high, verdict="ok", reason="", method="")


def test_the_rate_is_first_and_the_most_informative_ones_are_next() -> None:
    chosen = rates_to_try(0.1, suggestion(0.1, 0.02, 0.6), Bounds(0.004, 0.3), factor=2)
    assert chosen == [0.1, 0.2, 0.05, 0.6, 0.02, 0.3, 0.004]


def test_no_two_rates_are_alike() -> None:
    chosen = rates_to_try(0.1, suggestion(0.11, 0.02, 0.21), Bounds(0.021, 0.55))
    assert chosen == [0.1, 0.2, 0.05, 0.02, 0.55]
    assert all(max(pair) > 1.2 * min(pair) for pair in combinations(chosen, 2))


def test_a_users_own_rate_is_compared_with_the_suggestion() -> None:
    assert 0.001 in rates_to_try(0.1, suggestion(0.001, 0.0005, 0.002))


def test_a_refusal_leaves_the_factor() -> None:
    assert rates_to_try(0.1, REFUSAL, None, factor=10) == [0.1, 1.0, 0.01]


def test_a_rate_is_labelled_by_its_role_or_by_its_ratio_to_the_tried_rate() -> None:
    answer, bounds = suggestion(0.1, 0.02, 0.6), Bounds(0.004, 0.3)
    names = [what_it_is(lr, 0.1, answer, bounds) for lr in rates_to_try(0.1, answer, bounds)]
    assert names == [
        "suggestion",
        "suggestion × 2",
        "suggestion ÷ 2",
        "high",
        "low",
        "end bound",
        "start bound",
    ]
    assert what_it_is(0.6, 0.3, suggestion(0.1, 0.02, 0.5), bounds) == "end bound × 2"
    assert what_it_is(0.07, 0.07, answer, None) == "tried"
    assert what_it_is(0.035, 0.07, REFUSAL, None) == "tried ÷ 2"
