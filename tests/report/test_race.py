"""A race in words, and the answer after it."""

import math

import msgspec
import pytest
from msgspec.structs import replace

from lrtui.analysis.answer import Bounds, Schedule, Suggestion
from lrtui.analysis.calibration import after_race
from lrtui.analysis.race import Trial
from lrtui.events import ConfirmationResult, encode
from lrtui.report.race import (
    about,
    corrected,
    latest,
    lines,
    next_step,
    verdict_line,
    verdicts,
    what_it_is,
)
from lrtui.run_events.checking import trial_event
from lrtui.run_events.numbers import thinned
from tests.report.trials import trial

ANSWER = Suggestion(
    lr=0.01,
    low=0.002,
    high=0.03,
    verdict="ok",
    reason="",
    method="",
    cost=400,
    coverage=0.9,
    loss_within=1.3,
)
BOUNDS = Bounds(0.001, 0.05)


TRIALS = [
    trial(0.01, 0.5), trial(0.03, 0.4), trial(0.001, 2.0), trial(0.1, None),
    trial(0.01, 0.3, 1, 0, 50), trial(0.03, 0.1, 1, 0, 50),
    trial(0.01, 0.5, 1, 1, 50), trial(0.03, 0.2, 1, 1, 50),
]  # fmt: skip
REFUTED = ConfirmationResult(
    verdict="refuted",
    lr=0.01,
    better=0.03,
    reason="3.0e-02 reached less",
    problem="",
    judged_by="validation loss",
)
STOPPED = ConfirmationResult(problem="stopped")
REPLACED = ConfirmationResult(
    verdict="replaced",
    lr=0.01,
    better=0.03,
    reason="1.0e-02 reached 12 % more loss than 3.0e-02",
    low=0.02,
    high=0.06,
    iterations=1200,
    schedule="constant",
    problem="",
)
TIE = replace(REPLACED, verdict="tie", better=0.005, also=0.01, reason="at most 3 % apart")
OPEN = replace(REPLACED, verdict="open", better=None, reason="at most 9 % apart", more_steps=417)
CONFIRMED = replace(REPLACED, verdict="confirmed", better=None, reason="none trained better")


def test_a_refutation_of_an_older_record_names_the_better_rate() -> None:
    text = "\n".join(lines([*TRIALS, REFUTED]))
    assert "refuted" in text
    assert "train at 3.0e-02 instead" in text
    assert "blew up" in text
    assert "validation loss" in text


def test_only_the_last_race_counts() -> None:
    trials, result = latest([*TRIALS, REFUTED, trial(0.5, 1.0)])
    assert (len(trials), result) == (1, None)
    trials, result = latest([*TRIALS, REFUTED, STOPPED])
    assert trials == []
    assert result == STOPPED
    assert list(lines([STOPPED])) == ["race     no verdict: stopped"]


def test_the_last_verdict_for_each_schedule_is_reported() -> None:
    peak = replace(REFUTED, schedule="one-cycle", lr=0.05, better=0.1)
    constant = replace(REFUTED, schedule="constant")
    assert verdicts([constant, peak, replace(constant, better=0.02)]) == [
        peak,
        replace(constant, better=0.02),
    ]
    assert verdicts([peak, STOPPED]) == [peak, STOPPED]
    assert verdicts([STOPPED, peak]) == [peak]
    assert verdict_line(peak).startswith("refuted for one-cycle: ")
    assert verdict_line(peak).endswith("let it peak at 1.0e-01 instead")


def test_every_verdict_says_what_to_do_and_an_open_one_what_decides() -> None:
    sure = replace(REPLACED, sure=True)
    assert verdict_line(sure) == f"replaced: train at 3.0e-02; {REPLACED.reason}"
    assert verdict_line(REPLACED).endswith("that it is less sure")
    assert verdict_line(TIE) == "tie: train at 5.0e-03, the lower one; at most 3 % apart"
    assert verdict_line(CONFIRMED) == "confirmed: none trained better"
    assert verdict_line(OPEN) == "open: at most 9 % apart; about 420 more steps decide"
    leading = replace(OPEN, better=0.005)
    assert "; train at 5.0e-03 until then; about" in verdict_line(leading)


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine"])
def test_the_rate_of_a_schedule_is_its_peak(schedule: Schedule) -> None:
    line = verdict_line(replace(REPLACED, schedule=schedule))
    assert line.startswith(f"replaced for {schedule}: let it peak at 3.0e-02; ")


def test_steps_are_rounded_up_to_two_digits() -> None:
    assert [about(steps) for steps in (1, 99, 101, 417, 65046)] == [
        "1",
        "99",
        "110",
        "420",
        "66,000",
    ]


def test_after_a_race_the_answer_is_its_rate_with_its_interval_and_cost() -> None:
    for result, lr in ((REPLACED, 0.03), (TIE, 0.005), (OPEN, 0.01), (CONFIRMED, 0.01)):
        suggestion, bounds = corrected([result], ANSWER, BOUNDS)
        assert suggestion is not None
        assert (suggestion.lr, suggestion.low, suggestion.high) == (lr, 0.02, 0.06)
        assert suggestion.cost == 1600
        assert suggestion.reason == f"{result.verdict} in the race: {result.reason}"
        assert suggestion.advice == next_step(result)
        worth = after_race(suggestion.schedule)  # of races, no longer of tests alone
        assert worth is not None
        assert (suggestion.coverage, suggestion.loss_within) == (worth.coverage, worth.loss_within)
        assert bounds == BOUNDS


def test_races_one_after_the_other_add_up() -> None:
    second = replace(CONFIRMED, lr=0.03, low=0.025, high=0.05)
    suggestion, _ = corrected([REPLACED, STOPPED, second], ANSWER, BOUNDS)
    assert suggestion is not None
    assert (suggestion.lr, suggestion.low, suggestion.cost) == (0.03, 0.025, 2800)


def test_a_race_about_another_rate_or_schedule_changes_nothing() -> None:
    for other in (
        replace(REPLACED, lr=0.02),
        replace(REPLACED, schedule="one-cycle"),
        replace(OPEN, low=None, high=None),  # every rate blew up
    ):
        assert corrected([other], ANSWER, BOUNDS) == (ANSWER, BOUNDS)
    refused = Suggestion(verdict="too_noisy", reason="", method="")
    assert corrected([REPLACED], refused, BOUNDS) == (refused, BOUNDS)
    assert corrected([REPLACED], None, None) == (None, None)


def test_in_an_older_record_a_refuted_rate_is_replaced_and_so_is_a_refuted_peak() -> None:
    peak = replace(REFUTED, schedule="one-cycle", lr=0.05, better=0.1)
    suggestion, bounds = corrected([REFUTED, peak], ANSWER, BOUNDS)
    assert suggestion is not None
    assert (suggestion.lr, bounds) == (0.03, Bounds(0.001, 0.1))
    undecided = replace(REFUTED, better=None, verdict="undecided")
    assert corrected([undecided, replace(peak, lr=0.06)], ANSWER, BOUNDS) == (ANSWER, BOUNDS)


def test_a_rate_is_called_by_its_ratio_to_the_raced_one() -> None:
    names = [what_it_is(lr, 0.01, "tried") for lr in (0.01, 0.0215, 0.00215)]
    assert names == ["tried", "× 2.15", "÷ 4.65"]


def test_numbers_that_are_not_finite_are_null_and_their_positions_are_listed() -> None:
    trial = Trial(lr=0.01, round=0, seed=1, iterations=2, loss=math.nan, curve=(1.0, -math.inf))
    written = msgspec.json.decode(encode(trial_event([trial], "suggestion", "constant")))
    assert written["name"] == "trial"
    assert written["values"]["loss"] is None
    assert written["values"]["curve"] == [1.0, None]
    assert written["values"]["nonfinite"] == [
        {"series": "loss", "index": 0, "kind": "nan"},
        {"series": "curve", "index": 1, "kind": "-inf"},
    ]


def test_thinning_keeps_both_ends() -> None:
    for count in (1, 2, 59, 60, 61, 1000):
        kept = thinned(count, 60)
        assert (kept[0], kept[-1]) == (0, count - 1)
        assert len(kept) == min(count, 60)
        assert sorted(set(kept)) == kept
