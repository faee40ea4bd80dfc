"""How sure an answer is, in a word: by a race, or else by the width of its interval."""

import msgspec
import pytest

from lrtui.analysis.answer import ConfirmVerdict, Suggestion
from lrtui.events import ConfirmationResult
from lrtui.report.confidence import LEVELS, confidence
from lrtui.report.race import corrected

TEST = Suggestion(lr=1e-2, low=4e-3, high=2.5e-2, verdict="ok", reason="it fell", method="test")


def raced(verdict: ConfirmVerdict, sure: bool = True) -> ConfirmationResult:
    """A race about `TEST` that ended with a verdict."""
    return ConfirmationResult(
        verdict=verdict,
        lr=1e-2,
        better=2e-2 if verdict == "replaced" else None,
        reason="as measured",
        margin=0.1,
        error=0.01,
        iterations=1600,
        schedule="constant",
        problem="",
        low=8e-3,
        high=3e-2,
        sure=sure,
    )


def level_after(result: ConfirmationResult) -> int:
    """The level of the answer after a race."""
    suggestion, _ = corrected([result], TEST, None)
    sure = confidence(suggestion, [result])
    assert sure is not None
    return sure.level


@pytest.mark.parametrize(
    ("low", "high", "level"), [(4e-3, 2.5e-2, 3), (2e-3, 5e-2, 2), (1e-4, 1e-1, 1)]
)
def test_the_wider_the_interval_the_less_sure(low: float, high: float, level: int) -> None:
    sure = confidence(msgspec.structs.replace(TEST, low=low, high=high), [])
    assert sure is not None
    assert sure.level == level
    assert "factor" in sure.words


def test_the_factor_is_that_of_the_farther_end() -> None:
    sure = confidence(msgspec.structs.replace(TEST, low=5e-3, high=4e-2), [])
    assert sure is not None
    assert sure.words == "fair, within a factor of 4"


def test_a_decided_race_is_the_best_evidence() -> None:
    assert level_after(raced("confirmed")) == LEVELS
    assert level_after(raced("replaced")) == LEVELS
    assert level_after(raced("replaced", sure=False)) == 3
    assert level_after(raced("tie")) == 3
    assert level_after(raced("open")) == 2


def test_a_training_far_longer_than_all_that_was_tried_has_an_interval_only() -> None:
    sure = confidence(msgspec.structs.replace(TEST, steps=100_000), [])
    assert sure is not None
    assert sure.level == 1
    assert "interval" in sure.words


def test_without_a_rate_there_is_nothing_to_be_sure_of() -> None:
    none = Suggestion(verdict="no_descent", reason="flat", method="test")
    assert confidence(none, []) is None
    assert confidence(None, []) is None
