"""What trials show: laws that hold whatever was measured, and the verdicts one by one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrtui.analysis.race import STEP, Trial
from lrtui.analysis.race_pairs import Noise, Results, pairs_needed, student
from lrtui.analysis.race_standing import standing
from lrtui.analysis.race_verdict import Race, judge

INF = math.inf


def trial(lr: float, loss: float, seed: int = 0, first: float = 10.0) -> Trial:
    return Trial(
        lr=lr,
        round=min(seed, 1),
        seed=seed,
        iterations=50,
        loss=loss,
        curve=(first, loss),
    )


def trials_of(losses: dict[float, list[float]], first: float = 10.0) -> list[Trial]:
    """For each rate the losses of its trials: the first round, then one for each seed."""
    return [
        trial(lr, loss, seed, first)
        for lr, of_seeds in losses.items()
        for seed, loss in enumerate(of_seeds)
    ]


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Trial], float]:
    """The trials of a race, as it may stand at any moment, and the rate that is raced."""
    count = draw(st.integers(1, 9))
    lowest = draw(st.floats(1e-8, 1.0))
    rates = [lowest * STEP**index for index in range(count)]
    offset = draw(st.sampled_from([0.0, -5.0, 100.0]))
    loss = st.one_of(st.floats(1e-3, 20.0).map(lambda loss: loss + offset), st.just(INF))
    losses = {lr: [draw(loss)] for lr in rates}
    finalists = draw(st.lists(st.sampled_from(rates), max_size=2, unique=True))
    for lr in finalists:
        losses[lr] += draw(st.lists(loss, max_size=4))
    return trials_of(losses, first=10.0 + offset), draw(st.sampled_from(rates))


@given(tables(), st.integers(0, 100))
def test_an_open_race_has_a_price_and_a_decided_one_has_none(
    table: tuple[list[Trial], float], needed: int
) -> None:
    race = judge(*table, needed=needed)
    assert race.verdict in ("confirmed", "replaced", "tie", "open")
    assert (race.verdict == "open") == (race.more_steps > 0)
    assert "nan" not in race.reason
    assert race.apart is None or math.isfinite(race.apart)


@given(tables())
def test_the_answer_is_never_a_rate_that_blew_up(table: tuple[list[Trial], float]) -> None:
    race = judge(*table)
    blown_up = {trial.lr for trial in race.trials if trial.loss == INF}
    assert race.answer not in blown_up
    assert race.also not in blown_up
    everything = {trial.lr for trial in race.trials}
    assert (race.answer is None) == (blown_up == everything)


@given(tables())
def test_the_interval_has_the_answer_and_no_rate_that_blew_up(
    table: tuple[list[Trial], float],
) -> None:
    race = judge(*table)
    if race.low is None or race.high is None:
        assert race.verdict == "open"
        return
    assert race.answer is not None
    assert race.low <= race.answer <= race.high
    assert math.log10(race.high / race.low) <= 0.7
    blown_up = [trial.lr for trial in race.trials if trial.loss == INF]
    assert not any(race.low <= lr <= race.high for lr in blown_up)


@given(tables())
def test_of_a_tie_the_lower_rate_is_the_answer(table: tuple[list[Trial], float]) -> None:
    race = judge(*table)
    if race.verdict != "tie":
        assert race.also is None
        return
    assert race.also is not None
    assert race.answer is not None
    assert race.answer < race.also
    assert race.lr in (race.answer, race.also)


@given(tables())
def test_a_replaced_rate_has_another_and_a_confirmed_one_has_none(
    table: tuple[list[Trial], float],
) -> None:
    race = judge(*table)
    if race.verdict == "replaced":
        assert race.better not in (None, race.lr)
    if race.verdict == "confirmed":
        assert race.answer == race.lr


@given(tables())
def test_it_is_sure_only_where_test_and_race_are_near_each_other(
    table: tuple[list[Trial], float],
) -> None:
    race = judge(*table)
    if race.sure:
        assert race.verdict != "open"
        assert race.answer is not None
        assert abs(math.log10(race.answer / race.lr)) <= 0.35


@given(tables())
def test_a_race_goes_on_exactly_as_long_as_a_rival_is_undecided(
    table: tuple[list[Trial], float],
) -> None:
    trials, lr = table
    results = Results(trials)
    now = standing(results, lr)
    if now is None or results.scale.fall <= 0 or now.undecided is not None:
        return
    assert judge(trials, lr).verdict != "open"


def race_of(losses: dict[float, list[float]], lr: float = 1.0, first: float = 10.0) -> Race:
    return judge(trials_of(losses, first), lr)


def test_a_rate_that_is_surely_worse_is_replaced() -> None:
    race = race_of({1.0: [2.0, 2.1, 2.0], 0.46: [1.0, 1.05, 1.0]})
    assert (race.verdict, race.better) == ("replaced", 0.46)
    assert "100 % more loss" in race.reason


def test_rates_that_are_alike_are_a_tie_of_which_the_lower_one_is_taken() -> None:
    race = race_of({1.0: [1.0, 1.0, 1.0, 1.0], 0.46: [1.001, 1.0, 0.999, 1.0]})
    assert (race.verdict, race.better, race.also) == ("tie", 0.46, 1.0)
    race = race_of({0.46: [1.0, 1.0, 1.0, 1.0], 1.0: [1.001, 1.0, 0.999, 1.0]}, lr=0.46)
    assert (race.verdict, race.better, race.also) == ("tie", None, 1.0)


def test_a_rate_that_is_surely_not_worse_is_confirmed() -> None:
    race = race_of({1.0: [1.0, 1.0, 1.0], 0.46: [1.3, 1.2, 1.4], 2.15: [3.0]})
    assert (race.verdict, race.better, race.sure) == ("confirmed", None, True)


def test_a_difference_within_its_noise_is_open_and_costs_more_the_noisier_it_is() -> None:
    quiet = race_of({1.0: [1.0, 1.0, 1.0], 0.46: [0.9, 1.05, 0.95]})
    noisy = race_of({1.0: [1.0, 1.0, 1.0], 0.46: [0.5, 1.6, 0.7]})
    assert (quiet.verdict, noisy.verdict) == ("open", "open")
    assert noisy.more_steps > quiet.more_steps > 0
    assert noisy.apart is not None
    assert quiet.apart is not None
    assert noisy.apart > quiet.apart


def test_one_pair_decides_nothing_between_the_best_two() -> None:
    assert race_of({1.0: [1.0], 0.46: [2.0]}).verdict == "open"


def test_a_far_worse_answer_needs_no_second_training() -> None:
    race = race_of({1.0: [9.0], 0.46: [1.0, 1.0, 1.0], 0.215: [1.5, 1.5, 1.5]})
    assert (race.verdict, race.better) == ("replaced", 0.46)


def test_a_rate_next_to_one_that_blew_up_gives_way_to_its_lower_neighbour() -> None:
    near = {1.0: [1.0, 1.0, 1.0], 0.46: [1.05, 1.06, 1.04], 2.15: [INF]}
    race = race_of(near)
    assert (race.verdict, race.better) == ("replaced", 0.46) or race.better is None
    alike = {1.0: [1.0, 1.0, 1.0], 0.46: [1.0, 1.03, 0.99], 2.15: [INF]}
    assert race_of(alike).answer == 0.46
    worse = {1.0: [1.0, 1.0, 1.0], 0.46: [2.0, 2.1, 1.9], 2.15: [INF]}
    assert race_of(worse).answer == 1.0
    far = {1.0: [1.0, 1.0, 1.0], 0.46: [1.2, 1.2, 1.2], 4.64: [INF]}
    assert race_of(far).answer == 1.0


def test_a_rate_that_blew_up_once_is_out_however_well_it_trained_before() -> None:
    race = race_of({1.0: [0.5, 0.5, INF], 0.46: [1.0, 1.0, 1.0], 0.215: [2.0, 2.0, 2.0]})
    assert (race.verdict, race.better) == ("replaced", 0.46)
    assert race.high is not None
    assert race.high < 1.0


def test_where_nothing_lowers_the_loss_longer_trials_are_the_price() -> None:
    race = race_of({1.0: [10.5], 0.46: [10.1], 2.15: [11.0]})
    assert (race.verdict, race.better) == ("open", None)
    assert race.more_steps == 2 * 150
    assert "lowered the loss" in race.reason


def test_losses_below_zero_are_compared_by_shares_of_the_fall() -> None:
    race = race_of({1.0: [-50.0, -50.0, -50.0], 0.46: [-90.0, -91.0, -90.0]}, first=10.0)
    assert (race.verdict, race.better) == ("replaced", 0.46)
    assert "40 % of the fall more loss" in race.reason


def test_a_small_difference_matters_where_the_loss_has_fallen_far() -> None:
    deep = race_of({1.0: [0.012, 0.012, 0.012], 0.46: [0.01, 0.01, 0.01]})
    assert (deep.verdict, deep.better) == ("replaced", 0.46)
    shallow = race_of({1.0: [9.012, 9.012, 9.012], 0.46: [9.01, 9.01, 9.01, 9.01]})
    assert shallow.verdict in ("tie", "open")


def test_longer_trials_that_favour_another_rate_are_remarked() -> None:
    race = race_of({1.0: [1.0, 2.0, 2.0], 0.46: [1.1, 1.0, 1.0]})
    assert "longer trials favoured the lower one" in race.reason


def test_a_race_that_ended_early_says_why_and_what_its_first_round_needs() -> None:
    race = judge(trials_of({1.0: [1.0], 0.46: [0.9]}), 1.0, needed=420, cause="30 s were over")
    assert (race.verdict, race.more_steps) == ("open", 420)
    assert race.reason == "30 s were over; 4.6e-01 leads so far"
    assert judge([], 1.0, needed=500, cause="stopped").more_steps == 500


@pytest.mark.parametrize(
    ("freedom", "of_90", "of_95"),
    [
        (1, 6.314, 12.706),
        (2, 2.920, 4.303),
        (3, 2.353, 3.182),
        (4, 2.132, 2.776),
        (5, 2.015, 2.571),
        (10, 1.812, 2.228),
        (30, 1.697, 2.042),
        (1000, 1.646, 1.962),
    ],
)
def test_the_quantiles_are_students(freedom: int, of_90: float, of_95: float) -> None:
    assert student(freedom, 0.9) == pytest.approx(of_90, rel=0.005)
    assert student(freedom, 0.95) == pytest.approx(of_95, rel=0.01)


@given(st.floats(1e-6, 10), st.floats(1e-4, 1), st.integers(1, 20), st.integers(1, 20))
def test_so_many_pairs_are_enough_and_no_tenth_less(
    deviation: float, target: float, freedom: int, had: int
) -> None:
    noise = Noise(deviation, float(freedom))
    count = pairs_needed(noise, target, had)
    assert count > had
    assert Noise(deviation, freedom + count - had).half_width(count) <= target
    fewer = int(0.9 * count) - 1
    if fewer > had:
        assert Noise(deviation, freedom + fewer - had).half_width(fewer) > target


@given(tables(), st.floats(1e-8, 1.0), st.integers(0, 10**5))
def test_the_answer_of_the_test_changes_no_law(
    table: tuple[list[Trial], float], suggested: float, planned_steps: int
) -> None:
    race = judge(*table, suggested=suggested, planned_steps=planned_steps)
    blown_up = {trial.lr for trial in race.trials if trial.loss == INF}
    assert race.answer not in blown_up
    assert (race.verdict == "open") == (race.more_steps > 0)


def test_a_rate_next_to_the_suggestion_replaces_it_only_if_it_is_clearly_better() -> None:
    slightly = trials_of({1.0: [1.0, 1.0], STEP: [0.94, 0.94]})
    clearly = trials_of({1.0: [1.0, 1.0], STEP: [0.8, 0.8]})
    assert judge(slightly, 1.0).answer == STEP
    assert judge(slightly, 1.0, suggested=1.0).answer == 1.0
    assert judge(clearly, 1.0, suggested=1.0).answer == STEP


def test_a_farther_rate_has_to_be_much_better_than_the_suggestion() -> None:
    trials = trials_of({1.0: [1.0, 1.0], STEP**3: [0.8, 0.8]})
    assert judge(trials, 1.0).answer == STEP**3
    assert judge(trials, 1.0, suggested=1.0).answer == 1.0


def test_short_trials_say_little_about_a_long_training() -> None:
    trials = trials_of({1.0: [1.0, 1.0], STEP: [0.8, 0.8]})
    assert judge(trials, 1.0, suggested=1.0, planned_steps=50).answer == STEP
    assert judge(trials, 1.0, suggested=1.0, planned_steps=5000).answer == 1.0


def test_per_cents_are_those_of_the_losses_whatever_was_suggested() -> None:
    trials = trials_of({1.0: [2.0, 2.0, 2.0], STEP: [1.0, 1.0, 1.0]})
    assert "100 % more loss" in judge(trials, 1.0, suggested=1.0).reason


def test_a_confirmed_rate_that_was_not_the_best_one_says_so() -> None:
    trials = trials_of({1.0: [1.0, 1.0], STEP**2: [0.8, 0.8]})
    race = judge(trials, 1.0, suggested=1.0)
    assert race.verdict == "confirmed"
    assert "1.0e+00 reached 25 % more loss than 4.6e+00" in race.reason
