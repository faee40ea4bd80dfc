"""A confirmation in words."""

import math

import msgspec
from msgspec.structs import replace

from lrtui.analysis.analyse import Analysis
from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.candidates import what_it_is
from lrtui.engine.confirm.trial import Trial
from lrtui.events import ConfirmationResult, TrialResult, encode
from lrtui.report.confirmation import (
    TrialRow,
    corrected,
    latest,
    lines,
    rows,
    verdict_line,
    verdicts,
)
from lrtui.run_events import thinned, trial_event

ANSWER = Suggestion(lr=0.01, low=0.002, high=0.03, verdict="ok", reason="", method="")
BOUNDS = Bounds(0.001, 0.05)


def trial(
    lr: float, loss: float | None, round: int = 0, seed: int = 0, steps: int = 20
) -> TrialResult:
    return TrialResult(
        lr=lr,
        what=what_it_is(lr, 0.01, ANSWER, BOUNDS),
        round=round,
        seed=seed,
        iterations=steps,
        loss=loss,
        curve=[],
        schedule="constant",
        spent=steps,
    )


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


def test_a_row_has_the_role_of_a_rate_and_what_its_last_trials_reached() -> None:
    assert rows(TRIALS) == [
        TrialRow(0.001, "start bound", 2.0, 20, 1),
        TrialRow(0.01, "suggestion", 0.4, 50, 2),
        TrialRow(0.03, "high", 0.15000000000000002, 50, 2),
        TrialRow(0.1, "suggestion × 10", None, 20, 1),
    ]


def test_a_refutation_names_the_better_rate() -> None:
    text = "\n".join(lines([*TRIALS, REFUTED]))
    assert "refuted" in text
    assert "train at 3.0e-02 instead" in text
    assert "blew up" in text
    assert "validation loss" in text


def test_only_the_last_confirmation_counts() -> None:
    trials, result = latest([*TRIALS, REFUTED, trial(0.5, 1.0)])
    assert (len(trials), result) == (1, None)
    trials, result = latest([*TRIALS, REFUTED, STOPPED])
    assert trials == []
    assert result == STOPPED
    assert list(lines([STOPPED])) == ["confirm  no verdict: stopped"]


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


def test_a_refuted_rate_is_replaced_by_the_better_one_and_no_other_is() -> None:
    peak = replace(REFUTED, schedule="one-cycle", lr=0.05, better=0.1)
    suggestion, bounds = corrected([REFUTED, peak], ANSWER, BOUNDS)
    assert suggestion is not None
    assert (suggestion.lr, bounds) == (0.03, Bounds(0.001, 0.1))
    assert corrected([replace(REFUTED, lr=0.02), replace(peak, lr=0.06)], ANSWER, BOUNDS) == (
        ANSWER,
        BOUNDS,
    )
    assert corrected([replace(REFUTED, better=None, verdict="confirmed")], ANSWER, BOUNDS) == (
        ANSWER,
        BOUNDS,
    )
    assert corrected([REFUTED], None, None) == (None, None)


def test_numbers_that_are_not_finite_are_null_and_their_positions_are_listed() -> None:
    answer = Analysis(suggestion=ANSWER, suggestions={}, bounds=BOUNDS)
    trial = Trial(lr=0.01, round=0, seed=1, iterations=2, loss=math.nan, curve=(1.0, -math.inf))
    written = msgspec.json.decode(encode(trial_event([trial], answer, "constant")))
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
