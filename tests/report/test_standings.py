"""Where each rate of a race stands."""

from msgspec.structs import replace

from lrtui.events import ConfirmationResult
from lrtui.report.standings import Standing, leader, pick_of, standings
from tests.report.trials import trial

TRIALS = [
    trial(0.01, 0.5), trial(0.03, 0.4), trial(0.001, 2.0), trial(0.1, None),
    trial(0.01, 0.3, 1, 0, 50), trial(0.03, 0.1, 1, 0, 50),
    trial(0.01, 0.5, 1, 1, 50), trial(0.03, 0.2, 1, 1, 50),
]  # fmt: skip
REPLACED = ConfirmationResult(
    verdict="replaced", lr=0.01, better=0.03, low=0.02, high=0.05, problem=""
)


def test_a_rate_has_the_mean_of_its_last_trials_and_its_word() -> None:
    assert standings(TRIALS, REPLACED) == [
        Standing(0.001, "÷ 10", 2.0, 20, 1, "worse"),
        Standing(0.01, "suggestion", 0.4, 50, 2, "worse"),
        Standing(0.03, "× 3", 0.15000000000000002, 50, 2, "pick"),
        Standing(0.1, "× 10", None, 20, 1, "blew up"),
    ]


def test_while_a_race_runs_its_answer_is_the_pick_and_a_rate_is_running() -> None:
    words = {row.lr: row.standing for row in standings(TRIALS[:2], None, running=0.001)}
    assert words == {0.001: "running", 0.01: "pick", 0.03: "as good"}
    assert standings([], None, running=0.01) == [Standing(0.01, "", None, 0, 0, "running")]


def test_an_answer_that_blew_up_is_not_the_pick_but_the_one_that_leads() -> None:
    trials = [trial(0.01, None), trial(0.005, 0.5), trial(0.002, 0.9)]
    words = [row.standing for row in standings(trials)]
    assert words == ["worse", "pick", "blew up"]
    assert leader([trial(0.01, None)]) is None
    assert pick_of([trial(0.01, None)]) is None
    assert pick_of([]) is None


def test_a_rate_that_blew_up_once_has_blown_up() -> None:
    trials = [trial(0.01, 0.5), trial(0.005, 0.4), trial(0.01, None, 1), trial(0.005, 0.6, 1)]
    rows = standings(trials)
    assert [(row.lr, row.loss, row.standing) for row in rows] == [
        (0.005, 0.6, "pick"),
        (0.01, None, "blew up"),
    ]


def test_rates_within_a_tolerance_and_the_other_one_of_a_tie_are_as_good() -> None:
    trials = [trial(0.01, 0.500), trial(0.02, 0.505), trial(0.005, 0.8), trial(0.002, 0.9)]
    words = [row.standing for row in standings(trials)]
    assert words == ["worse", "worse", "pick", "as good"]
    tie = replace(REPLACED, verdict="tie", better=0.005, also=0.01)
    assert [row.standing for row in standings(trials, tie)] == [
        "worse",
        "pick",
        "as good",
        "as good",
    ]


def test_rates_are_compared_on_the_data_that_both_had() -> None:
    """A short trial's loss is not measured against a long one's."""
    trials = [trial(0.01, 1.0), trial(0.03, 1.01), trial(0.01, 0.1, 1, 1, 50)]
    assert [row.standing for row in standings(trials)] == ["pick", "as good"]
