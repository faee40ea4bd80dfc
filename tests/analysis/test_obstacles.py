"""No number that an obstacle makes unusable is given."""

import numpy as np
import pytest

from lrtui.analysis.analyse import analyse
from lrtui.analysis.answer import Obstacle, weightier
from lrtui.analysis.curve import Curve

TOTAL = Obstacle(verdict="class_order", reason="The data is sorted.", advice="Shuffle it.")


def valley() -> list[Curve]:
    """A curve that falls between 1e-3 and 1e-1, and then rises."""
    lrs = np.logspace(-6, 1, 400)
    fall = 1 / (1 + np.exp(-4 * (np.log10(lrs) + 3)))
    rise = np.exp(4 * (np.log10(lrs) - 0.3))
    noise = np.random.default_rng(0).normal(0, 0.01, 400)
    return [Curve.of(lrs, 2.3 - fall + rise + noise, num_iter=400, momentum=0.0)]


def capped(highest_lr: float) -> Obstacle:
    return Obstacle(verdict="rate_unused", reason="It is capped.", highest_lr=highest_lr)


def test_without_an_obstacle_the_curve_has_an_answer() -> None:
    assert analyse(valley()).suggestion.lr


def test_a_total_obstacle_leaves_no_number() -> None:
    analysis = analyse(valley(), TOTAL)
    suggestion = analysis.suggestion
    assert (suggestion.lr, suggestion.low, suggestion.high) == (None, None, None)
    assert (suggestion.verdict, suggestion.reason) == ("class_order", "The data is sorted.")
    assert suggestion.advice == "Shuffle it."
    assert analysis.bounds is None
    assert analysis.suggestions
    assert set(analysis.suggestions.values()) == {None}


def test_it_holds_where_nothing_was_measured() -> None:
    assert analyse([], TOTAL).suggestion.verdict == "class_order"


def test_a_cap_above_the_answer_only_cuts_what_is_above_it() -> None:
    free = analyse(valley())
    assert free.suggestion.lr is not None
    cap = free.suggestion.lr * 1.1
    analysis = analyse(valley(), capped(cap))
    assert analysis.suggestion.lr == free.suggestion.lr
    assert analysis.suggestion.high == pytest.approx(cap)
    assert all(lr is None or lr <= cap for lr in analysis.suggestions.values())
    assert analysis.bounds is None or analysis.bounds.end_lr <= cap


def test_a_cap_below_the_answer_leaves_none() -> None:
    analysis = analyse(valley(), capped(1e-4))
    assert analysis.suggestion.lr is None
    assert analysis.suggestion.verdict == "rate_unused"


def test_a_total_obstacle_outweighs_a_cap() -> None:
    assert weightier(capped(1.0), TOTAL) is TOTAL
    assert weightier(TOTAL, capped(1.0)) is TOTAL
    assert weightier(None, TOTAL) is TOTAL
    assert weightier(None, None) is None
