"""The training that an answer is for, in words."""

import msgspec
import pytest

from lrtui.analysis.answer import Plan, Schedule, Suggestion
from lrtui.analysis.plan import is_far
from lrtui.analysis.race import BUDGET, Rates, first_round
from lrtui.events import TrialResult
from lrtui.report.training import (
    RACE,
    coverage,
    expectations,
    is_interval_only,
    race_advice,
    race_budget,
    rates,
    sentence,
    share_of,
    tried_steps,
    why_interval_only,
)
from lrtui.report.training import training as words

ANSWER = Suggestion(lr=3e-3, low=1e-3, high=1e-2, verdict="ok", reason="", method="")
replace = msgspec.structs.replace


@pytest.mark.parametrize(
    ("schedule", "steps", "warmup", "said"),
    [
        ("constant", None, 0, "constant · about 300 steps"),
        ("one-cycle", None, 0, "one-cycle · about 300 steps"),
        ("constant", 3000, 0, "constant · 3,000 steps"),
        ("cosine", 20_000, 500, "cosine · 20,000 steps, 500 of them warm-up"),
    ],
)
def test_the_words_say_for_which_training_an_answer_holds(
    schedule: Schedule, steps: int | None, warmup: int, said: str
) -> None:
    assert words(schedule, steps, warmup) == said


def test_a_sentence_says_which_rate_the_test_looks_for() -> None:
    assert "about 300 steps" in sentence(Plan())
    assert sentence(Plan(steps=1)) == "a constant rate, for 1 step of training"
    peak = "the peak of a cosine after 200 steps of warm-up, for 10 epochs of training"
    assert sentence(Plan(schedule="cosine", warmup=200), epochs=10) == peak


def test_what_is_known_of_an_answer_is_said_and_nothing_else() -> None:
    assert list(coverage(ANSWER)) == list(expectations(ANSWER)) == []
    known = replace(ANSWER, coverage=0.9, loss_within=1.2, cost=400)
    assert list(coverage(known)) == [
        "9 of 10 such intervals hold a rate within 5 % of the best loss"
    ]
    assert list(expectations(known)) == [
        "loss at most 1.2 × the best in 9 of 10 trainings",
        "it took 400 steps",
    ]
    longer = replace(known, steps=3000)
    assert next(coverage(longer)).endswith("of the best loss after 300 steps")
    assert next(expectations(longer)).endswith("in 9 of 10 trainings after 300 steps")
    assert list(coverage(replace(known, steps=300))) == list(coverage(known))
    far = replace(known, steps=20_000)  # nothing is known of one rate
    assert list(coverage(far)) == []
    assert list(expectations(far)) == ["it took 400 steps"]
    refusal = replace(known, lr=None, verdict="too_noisy")
    assert list(coverage(refusal)) == list(expectations(refusal)) == []


def test_a_share_is_counted_and_not_rounded_up() -> None:
    assert share_of(0.9) == "9 of 10"
    assert share_of(0.934) == "93 of 100"
    assert share_of(0.88) == "88 of 100"


def test_a_long_training_gets_an_interval_until_trials_were_as_long() -> None:
    assert not is_interval_only(ANSWER)
    assert not is_interval_only(replace(ANSWER, steps=9000))
    long = replace(ANSWER, steps=20_000)
    assert is_interval_only(long)
    assert "20,000 steps" in why_interval_only(long)
    assert not is_interval_only(replace(long, lr=None))
    assert not is_interval_only(replace(long, low=None, high=None))
    trial = TrialResult(
        lr=3e-3,
        what="",
        round=0,
        seed=0,
        iterations=700,
        loss=1.0,
        curve=[],
        schedule="constant",
        spent=700,
    )
    assert tried_steps([trial], "constant") == 700
    assert not is_interval_only(long, [trial])
    assert is_interval_only(long, [replace(trial, schedule="one-cycle")])


def test_the_race_of_a_long_training_has_a_budget_that_gives_it_one_rate() -> None:
    assert race_budget(None) == race_budget(ANSWER) == BUDGET
    long = replace(ANSWER, steps=20_000)
    budget = race_budget(long)
    first = first_round(Rates(lr=3e-3, low=1e-5, high=1.0), budget)
    assert not is_far(long.steps, tried=first.steps)
    assert budget < (long.steps or 0)
    assert race_advice("c", 9400) == "c decides by short trainings: 9,400 steps in all."


def test_code_has_the_rates_of_the_race_and_none_beside_an_interval_alone() -> None:
    by_schedule: dict[Schedule, float | None] = {"constant": 2e-3, "one-cycle": 5e-3}
    assert rates(ANSWER, by_schedule) == {"constant": 3e-3, "one-cycle": 5e-3}
    assert rates(replace(ANSWER, method=RACE), by_schedule) == {"constant": 3e-3}
    assert rates(replace(ANSWER, steps=20_000), by_schedule) == {}
