from itertools import combinations

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.candidates import rates_to_try, what_it_is


def found(lr, low, high):
    return Suggestion(lr=lr, low=low, high=high, verdict="ok", reason="", method="")


def test_the_rate_is_first_and_what_tells_most_is_next() -> None:
    chosen = rates_to_try(0.1, found(0.1, 0.02, 0.6), Bounds(0.004, 0.3), factor=2)
    assert chosen == [0.1, 0.2, 0.05, 0.6, 0.02, 0.3, 0.004]


def test_no_two_rates_are_alike() -> None:
    chosen = rates_to_try(0.1, found(0.11, 0.02, 0.21), Bounds(0.021, 0.55))
    assert chosen == [0.1, 0.2, 0.05, 0.02, 0.55]
    assert all(max(pair) > 1.2 * min(pair) for pair in combinations(chosen, 2))


def test_a_rate_of_a_persons_own_meets_the_suggestion() -> None:
    assert 0.001 in rates_to_try(0.1, found(0.001, 0.0005, 0.002))


def test_silence_leaves_the_factor() -> None:
    assert rates_to_try(
        0.1, Suggestion(verdict="no_descent", reason="", method=""), None, factor=10
    ) == [
        0.1,
        1.0,
        0.01,
    ]


def test_a_rate_is_named_by_what_it_is_to_the_answer_or_to_what_is_tried() -> None:
    answer, bounds = found(0.1, 0.02, 0.6), Bounds(0.004, 0.3)
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
    assert what_it_is(0.6, 0.3, found(0.1, 0.02, 0.5), bounds) == "end bound × 2"
    assert what_it_is(0.07, 0.07, answer, None) == "tried"
    assert (
        what_it_is(0.035, 0.07, Suggestion(verdict="no_descent", reason="", method=""), None)
        == "tried ÷ 2"
    )
