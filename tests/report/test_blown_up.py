"""No answer, and no rate of its interval, blew up in a trial."""

import math

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.events import ConfirmationResult, Result
from lrtui.report.race import corrected
from lrtui.report.standings import pick_of
from tests.report.trials import trial

ANSWER = Suggestion(
    lr=0.01, low=0.002, high=0.03, verdict="ok", reason="it fell.", method="valley", coverage=0.9
)
BOUNDS = Bounds(0.001, 0.05)
STOPPED = ConfirmationResult(problem="stopped by the user")
rates = st.sampled_from([0.001, 0.00215, 0.00464, 0.01, 0.0215, 0.0464, 0.1])
losses = st.none() | st.floats(0.1, 2.0)


def after(*measured: Result) -> Suggestion:
    suggestion, _ = corrected(measured, ANSWER, BOUNDS)
    assert suggestion is not None
    return suggestion


@given(st.lists(st.tuples(rates, losses), max_size=8), st.booleans())
def test_the_answer_and_its_interval_have_no_rate_that_blew_up(
    tried: list[tuple[float, float | None]], stopped: bool
) -> None:
    trials = [trial(lr, loss) for lr, loss in tried]
    suggestion = after(*trials, *([STOPPED] if stopped else []))
    too_high = [lr for lr, loss in tried if loss is None]
    if suggestion.lr is None:
        assert {lr for lr, _ in tried} <= set(too_high)
        assert (suggestion.low, suggestion.high) == (None, None)
        return
    assert suggestion.low is not None
    assert suggestion.high is not None
    assert suggestion.low <= suggestion.lr <= suggestion.high
    assert not any(suggestion.low <= lr <= suggestion.high for lr in too_high)


def test_a_rate_within_the_interval_that_blew_up_ends_it_while_the_race_runs() -> None:
    trials: list[Result] = [trial(0.01, 0.5), trial(0.0215, None)]
    for measured in (trials, [*trials, STOPPED]):
        suggestion, bounds = corrected(measured, ANSWER, BOUNDS)
        assert suggestion == replace(ANSWER, high=math.sqrt(0.01 * 0.0215))
        assert bounds == Bounds(0.001, math.sqrt(0.01 * 0.0215))


def test_an_answer_that_blew_up_is_replaced_by_the_rate_that_leads() -> None:
    trials = [trial(0.01, None), trial(0.00464, 0.5), trial(0.00215, 0.9)]
    suggestion = after(*trials, STOPPED)
    assert suggestion.lr == 0.00464 == pick_of(trials)
    assert suggestion.coverage is None
    assert suggestion.reason.startswith("A training at 1.0e-02 blew up")
    assert suggestion.method == "race"


def test_where_all_blew_up_there_is_no_rate_any_more() -> None:
    suggestion, bounds = corrected([trial(0.01, None), trial(0.001, None)], ANSWER, BOUNDS)
    assert suggestion is not None
    assert (suggestion.lr, suggestion.verdict) == (None, "disagree")
    assert "1.0e-03" in suggestion.reason
    assert bounds is None


def test_a_higher_rate_than_one_that_blew_up_was_not_tried_and_is_no_answer() -> None:
    assert after(trial(0.001, 0.5), trial(0.00464, None)).lr == 0.001


def test_trials_of_another_schedule_and_rates_far_above_change_nothing() -> None:
    other = replace(trial(0.01, None), schedule="one-cycle")
    assert corrected([other, trial(5.0, None)], ANSWER, BOUNDS) == (ANSWER, BOUNDS)
