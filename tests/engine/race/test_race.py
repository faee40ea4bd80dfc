"""The race on a problem whose best rate is known."""

import itertools
import math

import pytest

from lrtui.analysis.answer import Plan, Schedule
from lrtui.analysis.race import BUDGET, STEP, Rates, least_budget
from lrtui.engine.race.race import RaceStopped, race
from lrtui.engine.race.trial import TrialRunner, TrialStep, has_blown_up
from tests.engine.race.problems import NoisyQuadratic, Outcome


class Alike(NoisyQuadratic):
    """Every rate trains as 0.5 does."""

    def runner(self) -> TrialRunner:
        return TrialRunner(self.start, None, lambda pace: setattr(self, "lr", 0.5))


class Explosive(NoisyQuadratic):
    """Every rate blows up."""

    def runner(self) -> TrialRunner:
        return TrialRunner(self.start, None, lambda pace: setattr(self, "lr", 1e9))


@pytest.mark.parametrize("schedule", ["constant", "one-cycle", "cosine"])
def test_a_rate_that_is_far_too_low_is_replaced(schedule: Schedule) -> None:
    result = Outcome(Rates(lr=0.01), plan=Plan(schedule=schedule)).race
    assert result.verdict == "replaced"
    assert result.better is not None
    assert 0.4 < result.better < 2.3
    assert not result.sure


def test_the_best_rate_is_confirmed() -> None:
    result = Outcome(Rates(lr=1.0)).race
    assert (result.verdict, result.better, result.answer) == ("confirmed", None, 1.0)
    assert result.sure
    assert result.low is not None
    assert result.high is not None
    assert result.low < 1.0 < result.high
    assert math.log10(result.high / result.low) <= 0.7


def test_a_rate_that_blows_up_is_replaced_whatever_it_takes() -> None:
    result = Outcome(Rates(lr=30.0)).race
    assert result.verdict == "replaced"
    assert result.better is not None
    assert result.better < 2.1
    assert "blew up" in result.reason


def test_where_everything_blows_up_lower_rates_are_tried_and_the_rest_is_named() -> None:
    outcome = Outcome(Rates(lr=1e6), 100, Explosive())
    assert outcome.race.verdict == "open"
    assert outcome.race.answer is None
    assert outcome.race.low is None
    assert outcome.race.more_steps > 0
    assert min(trial.lr for trial in outcome.trials) < 1e6 / STEP**4


def test_a_winner_at_an_edge_is_followed() -> None:
    narrow = Rates(lr=0.05, low=0.05, high=0.05)
    tried = {trial.lr for trial in Outcome(narrow).trials}
    assert len(tried) > 3
    assert max(tried) > 0.4


def test_no_rate_above_the_ceiling_is_tried() -> None:
    outcome = Outcome(Rates(lr=0.1, ceiling=0.3))
    assert max(trial.lr for trial in outcome.trials) <= 0.3
    assert outcome.race.high is not None
    assert outcome.race.high <= 0.3


def test_two_rates_that_train_alike_are_a_tie_and_the_lower_one_is_the_answer() -> None:
    result = Outcome(Rates(lr=1.0), problem=Alike(noise=0.01)).race
    assert result.verdict == "tie"
    assert result.answer is not None
    assert result.also is not None
    assert result.answer < result.also


def test_negative_losses_are_compared_by_shares_of_the_fall() -> None:
    result = Outcome(Rates(lr=0.01), problem=NoisyQuadratic(offset=-100.0)).race
    assert result.verdict == "replaced"
    assert "of the fall" in result.reason


def test_an_open_race_has_a_price() -> None:
    outcome = Outcome(Rates(lr=0.3), problem=NoisyQuadratic(noise=3.0))
    assert outcome.race.verdict == "open"
    assert outcome.race.more_steps > 0
    assert outcome.race.apart is not None


@pytest.mark.parametrize("budget", [least_budget(), 97, 300, BUDGET, 5000])
@pytest.mark.parametrize("lr", [1e-3, 0.5, 1e3])
def test_the_budget_is_kept_and_the_least_one_is_enough(budget: int, lr: float) -> None:
    outcome = Outcome(Rates(lr=lr), budget, NoisyQuadratic(noise=1.0))
    assert outcome.race.iterations <= budget
    assert len({trial.lr for trial in outcome.trials}) >= 3


def test_a_budget_that_is_too_small_is_refused_with_the_least_one() -> None:
    with pytest.raises(ValueError, match=f"{least_budget()} are the least"):
        race(NoisyQuadratic().runner(), Rates(lr=1.0), least_budget() - 1)


def test_no_trial_is_longer_than_the_planned_training() -> None:
    outcome = Outcome(Rates(lr=0.3), 2000, NoisyQuadratic(1.0), Plan(steps=30))
    assert max(trial.iterations for trial in outcome.trials) == 30


def test_the_first_round_is_on_the_same_data_and_pairs_share_theirs() -> None:
    outcome = Outcome(Rates(lr=0.1), problem=NoisyQuadratic(noise=1.0))
    assert [trial.seed for trial in outcome.trials] == outcome.problem.started
    first = [trial for trial in outcome.trials if trial.round == 0]
    assert {trial.seed for trial in first} == {0}
    assert len({trial.lr for trial in first}) == len(first)
    later = [trial for trial in outcome.trials if trial.round == 1]
    assert min(trial.iterations for trial in later) >= max(trial.iterations for trial in first)
    seeds = {trial.seed for trial in later}
    assert seeds == set(range(1, 1 + len(seeds)))


def test_every_step_is_yielded_and_counted() -> None:
    outcome = Outcome(Rates(lr=0.1))
    steps = [event for event in outcome.events if isinstance(event, TrialStep)]
    assert len(steps) == outcome.race.iterations
    assert outcome.race.trials == tuple(outcome.trials)


@pytest.mark.parametrize("after", [1, 100, 300, 650, 900])
def test_a_stopped_race_says_what_it_knows_and_what_is_missing(after: int) -> None:
    run = race(NoisyQuadratic(noise=5.0).runner(), Rates(lr=0.3), 1200)
    list(itertools.islice(run, after))
    with pytest.raises(StopIteration) as end:
        run.throw(RaceStopped("stopped by the user"))
    result = end.value.value
    assert result.reason.startswith("stopped by the user")
    assert result.verdict != "open" or result.more_steps > 0


@pytest.mark.parametrize("offset", [0.0, -1.1, 1.1, 100.0, -100.0])
def test_a_loss_that_begins_near_zero_or_below_is_no_blow_up(offset: float) -> None:
    falling = [1.1 + offset - 0.05 * step + 0.1 * (-1) ** step for step in range(20)]
    assert not any(has_blown_up(falling[: step + 1]) for step in range(20))
    assert has_blown_up([*falling, math.inf])
    assert has_blown_up([*falling, 1e4])
