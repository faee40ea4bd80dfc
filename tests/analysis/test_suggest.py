import re
from math import log10

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrtui.analysis.answer import Suggestion
from lrtui.analysis.curve import Curve, FloatArray, exponential_average
from lrtui.analysis.suggest import suggest, suggest_curves

from .curves import RatesAndLosses, bowl, interval_of, ladder, lr_of, noise, trained, valley

seeds = st.integers(0, 10_000)


def number_in(text: str) -> float:
    """The first number of an advice, such as the end_lr that it asks for."""
    words = [word.strip(".,;") for word in text.split()]
    return next(float(word) for word in words if word[:1].isdigit())


def rates_of(suggestion: Suggestion) -> tuple[float, float, float]:
    """lr, low and high of an answer."""
    return lr_of(suggestion), *interval_of(suggestion)


def test_a_fall_and_a_divergence_are_answered_with_a_rate_between_them() -> None:
    answer = suggest(*valley(400))
    assert answer.verdict == "ok"
    lr, low, high = rates_of(answer)
    assert 3e-3 < lr < 0.1
    assert low < lr < high < 0.32
    assert answer.reason
    assert answer.advice
    assert answer.method


def test_lists_and_one_dimensional_arrays_are_the_same() -> None:
    lrs, losses = valley(400)
    assert suggest(lrs.tolist(), losses.tolist()) == suggest(lrs, losses)


def test_a_loss_may_be_negative() -> None:
    lrs, losses = valley(400)
    usual = lr_of(suggest(lrs, losses))
    assert lr_of(suggest(lrs, losses - 1000)) == pytest.approx(usual, rel=1e-3)


@given(seed=seeds, scale=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
@settings(max_examples=50, deadline=None)
def test_the_scale_and_the_zero_of_the_loss_do_not_matter(
    seed: int, scale: float, shift: float
) -> None:
    lrs, losses = valley(400, seed=seed)
    scaled = suggest(lrs, scale * (losses + shift))
    assert rates_of(scaled) == pytest.approx(rates_of(suggest(lrs, losses)), rel=1e-6)


@given(seed=seeds, factor=st.floats(1e-3, 1e3))
@settings(max_examples=30, deadline=None)
def test_rates_in_other_units_give_the_answer_in_those_units(seed: int, factor: float) -> None:
    lrs, losses = valley(400, seed=seed)
    expected = [factor * rate for rate in rates_of(suggest(lrs, losses))]
    assert rates_of(suggest(factor * lrs, losses)) == pytest.approx(expected, rel=0.06)


def answer_of(lrs: FloatArray, lowest: float = 0.01) -> float:
    """The answer of three repeats of the simulated training on a ramp."""
    curves = []
    for seed in range(3):
        used, losses = trained(lrs, lowest=lowest, seed=seed)
        curves.append(Curve(used, losses, num_iter=len(lrs), momentum=0.9))
    return lr_of(suggest_curves(curves))


@pytest.mark.parametrize("lowest", [0.003, 0.01, 0.1])
def test_tests_of_250_to_1000_iterations_give_the_same_answer(lowest: float) -> None:
    answers = [answer_of(ladder(count), lowest) for count in (250, 400, 1000)]
    assert max(answers) / min(answers) <= 1.3


@pytest.mark.parametrize("at_each", [2, 4])
def test_a_staircase_gives_the_answer_of_the_exponential_ramp(at_each: int) -> None:
    staircase = np.repeat(ladder(400 // at_each), at_each)
    assert 1 / 1.5 <= answer_of(staircase) / answer_of(ladder(400)) <= 1.5


@pytest.mark.parametrize("count", [400, 1000])
def test_a_linear_ramp_gives_the_answer_of_the_exponential_one(count: int) -> None:
    answers = []
    for lrs in (np.linspace(1e-3, 2, count), ladder(count)):
        fall = np.exp(-3 * np.log10(lrs / 0.3) ** 2)
        losses = 2.3 - fall + (lrs / 2) ** 4 + 0.02 * noise(count)
        answers.append(lr_of(suggest_curves([Curve(lrs, losses, momentum=0.0)])))
    assert max(answers) / min(answers) <= 1.5


@pytest.mark.parametrize("start_lr", [1e-8, 1e-6, 1e-5])
@pytest.mark.parametrize("end_lr", [1.0, 10.0, 100.0])
def test_the_range_does_not_matter_as_long_as_the_valley_is_in_it(
    start_lr: float, end_lr: float
) -> None:
    points = round(50 * log10(end_lr / start_lr))
    answer = suggest(*valley(points, start_lr=start_lr, end_lr=end_lr))
    assert lr_of(answer) == pytest.approx(lr_of(suggest(*valley(400))), rel=0.15)


def test_seeds_hardly_move_the_answer() -> None:
    rates = [lr_of(suggest(*valley(400, seed=seed, width=0.1))) for seed in range(20)]
    assert max(rates) / min(rates) < 1.5


def test_momentum_moves_the_answer_to_lower_rates() -> None:
    unknown = lr_of(suggest(*valley(400)))
    assert lr_of(suggest(*valley(400), momentum=0.9)) < unknown
    assert unknown < lr_of(suggest(*valley(400), momentum=0.0))


def test_smoothing_can_be_undone_first() -> None:
    lrs, losses = valley(400)
    smoothed = exponential_average(losses, 0.05)
    usual = lr_of(suggest(lrs, losses))
    assert lr_of(suggest(lrs, smoothed, smooth_f=0.05)) == pytest.approx(usual)
    assert lr_of(suggest(lrs, smoothed)) > 1.1 * usual


def smoothed(curve: RatesAndLosses, smooth_f: float = 0.05) -> RatesAndLosses:
    lrs, losses = curve
    return lrs, exponential_average(losses, smooth_f)


@pytest.mark.parametrize(("num_iter", "at_least"), [(400, 40), (1000, 45)])
def test_losses_that_look_smoothed_are_reported(num_iter: int, at_least: int) -> None:
    curves = [smoothed(valley(num_iter, seed=seed)) for seed in range(50)]
    assert sum("smooth_f" in suggest(*curve).advice for curve in curves) >= at_least
    assert not any("smooth_f" in suggest(*curve, smooth_f=0.05).advice for curve in curves)


@pytest.mark.parametrize("width", [0.0, 1e-4, 0.01, 0.1])
@pytest.mark.parametrize("start_lr", [1e-7, 1e-4, 1e-3])
def test_raw_losses_do_not_look_smoothed_noisy_or_not(width: float, start_lr: float) -> None:
    hints = [suggest(*valley(400, width, seed, start_lr)).advice for seed in range(20)]
    assert sum("smoothed" in hint for hint in hints) <= 1


def test_a_linear_ramp_is_not_made_much_coarser() -> None:
    lrs = np.linspace(1e-4, 0.1, 300)
    answer = suggest(lrs, 2.3 - 1.5 * lrs / 0.1 + 0.02 * noise(300), momentum=0.0)
    assert (answer.verdict, answer.advice) == ("still_falling", "Raise end_lr to 5e-01.")


def test_a_single_outlier_does_not_look_smoothed() -> None:
    for seed in range(20):
        lrs, losses = valley(400, seed=seed)
        losses[0] = 4.0
        assert "smoothed" not in suggest(lrs, losses).advice


def test_smoothed_noise_gets_no_rate() -> None:
    noises = [smoothed((ladder(400), 2.3 + 0.1 * noise(400, seed))) for seed in range(100)]
    verdicts = [suggest(*curve).verdict for curve in noises]
    assert verdicts.count("too_noisy") >= 90
    assert verdicts.count("ok") <= 5


@pytest.mark.parametrize("count", [30, 100, 249])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_fewer_than_250_iterations_are_too_short(count: int, momentum: float) -> None:
    answer = suggest(*valley(count), momentum=momentum)
    assert (answer.verdict, answer.lr) == ("too_short", None)
    assert number_in(answer.advice) >= 250


def test_a_test_is_as_long_as_it_was_planned_though_it_stopped_early() -> None:
    lrs, losses = valley(300)
    stopped = int(np.searchsorted(losses[150:], 4)) + 150
    planned = Curve(lrs[:stopped], losses[:stopped], num_iter=300)
    assert stopped < 300
    assert suggest_curves([planned]).verdict == "ok"
    planned_short = Curve(lrs[:stopped], losses[:stopped], num_iter=stopped)
    assert suggest_curves([planned_short]).verdict == ("ok" if stopped >= 250 else "too_short")


def test_a_rate_that_shows_late_is_too_short_and_the_number_asked_for_suffices() -> None:
    answer = suggest(*valley(400), momentum=0.98)
    assert answer.verdict == "too_short"
    enough = int(number_in(answer.advice))
    assert suggest(*valley(enough), momentum=0.98).verdict == "ok"


@pytest.mark.parametrize(
    ("count", "advice"),
    [
        (250, "Race it with short trainings, or measure 1,000 iterations."),
        (900, "Race it with short trainings, or measure 1,000 iterations."),
        (1000, "Race it with short trainings, or train."),
    ],
)
def test_the_next_step_is_a_race_or_one_longer_test(count: int, advice: str) -> None:
    assert suggest(*valley(count)).advice == advice


@pytest.mark.parametrize("smooth_f", [0.0, -1.0, 1.5])
def test_an_invalid_smooth_f_is_refused(smooth_f: float) -> None:
    with pytest.raises(ValueError, match="smooth_f"):
        suggest(*valley(), smooth_f=smooth_f)


def test_rates_that_do_not_rise_are_refused_with_the_point() -> None:
    lrs, losses = valley()
    with pytest.raises(ValueError, match="must rise"):
        suggest(lrs[::-1], losses)
    lrs[7] = lrs[6]
    with pytest.raises(ValueError, match="point 7"):
        suggest(lrs, losses)


@pytest.mark.parametrize("rate", [np.nan, np.inf, -1e-3])
def test_rates_that_are_not_finite_or_negative_are_refused(rate: float) -> None:
    lrs, losses = valley()
    lrs[3] = rate
    with pytest.raises(ValueError, match="finite"):
        suggest(lrs, losses)


def test_a_ramp_may_begin_at_zero() -> None:
    lrs = np.linspace(0, 1, 400)
    losses = 1 - np.exp(-(((lrs - 0.3) / 0.1) ** 2)) + 0.01 * noise(400)
    assert suggest(lrs, losses).verdict == "ok"


# refusals


def test_flat_is_no_descent_and_asks_for_higher_rates() -> None:
    lrs = ladder(end_lr=1e-3)
    for losses in (np.ones(100), 1 + 0.1 * noise(100)):
        answer = suggest(lrs, losses)
        assert answer.verdict == "no_descent"
        assert number_in(answer.advice) > 1e-3
        assert (answer.lr, answer.low, answer.high) == (None, None, None)


def test_noise_alone_hardly_ever_gets_a_rate() -> None:
    verdicts = [suggest(ladder(), 1 + 0.1 * noise(100, seed)).verdict for seed in range(200)]
    assert verdicts.count("ok") <= 2
    assert verdicts.count("no_descent") >= 180


def test_three_repeats_of_noise_hardly_ever_get_a_rate() -> None:
    verdicts = []
    for seed in range(0, 300, 3):
        repeats = [Curve(ladder(), noise(100, seed + k)) for k in range(3)]
        verdicts.append(suggest_curves(repeats).verdict)
    assert verdicts.count("ok") <= 1


def test_a_fall_that_goes_on_asks_for_a_higher_end() -> None:
    lrs, losses = valley()
    answer = suggest(lrs[:62], losses[:62])
    assert answer.verdict == "still_falling"
    assert number_in(answer.advice) > 2 * lrs[61]
    assert answer.lr is None


def test_a_fall_that_is_held_to_the_end_gets_no_rate() -> None:
    lrs = ladder(end_lr=0.1)
    losses = 1 / (1 + (lrs / 1e-4) ** 2) + 0.01 * noise(100)
    assert suggest(lrs, losses).verdict == "still_falling"


def test_a_fall_that_ends_in_a_divergence_has_turned_at_once() -> None:
    lrs = ladder(1000, end_lr=0.1)
    losses = 1 / (1 + (lrs / 1e-4) ** 2) + 0.01 * noise(1000)
    losses[-1] = np.nan
    assert suggest(lrs, losses).verdict == "ok"


@pytest.mark.parametrize(
    "losses", [np.linspace(1, 9, 100), np.geomspace(1, 1e30, 100), 2 + np.arange(100) / 9]
)
def test_rising_from_the_start_asks_for_a_lower_start(losses: FloatArray) -> None:
    lrs = ladder(start_lr=0.1)
    answer = suggest(lrs, losses + 0.01 * noise(100))
    assert answer.verdict == "diverges_from_start"
    assert number_in(answer.advice) < 0.1 / 10


def test_a_loss_that_moves_at_the_first_rates_asks_for_a_lower_start() -> None:
    lrs = ladder(400, start_lr=0.5)
    step = np.arange(400)
    brief_fall = 0.7 * np.exp(-step / 8) * (step > 0)
    losses = 2.3 - brief_fall + 3 * (lrs / 5) ** 2 + 0.1 * noise(400)
    losses[:4] = 2.3
    answer = suggest(lrs, losses)
    assert answer.verdict == "diverges_from_start"
    assert number_in(answer.advice) < 0.05


def test_a_linear_ramp_that_leaps_at_its_first_step_asks_for_an_exponential_one() -> None:
    lrs = np.linspace(1e-7, 10, 200)
    losses = 2.3 + 0.05 * lrs + 0.02 * noise(200)
    losses[1:4] = [1.6, 1.9, 2.2]
    answer = suggest(lrs, losses)
    assert answer.verdict == "diverges_from_start"
    assert "exponential" in answer.advice


def test_a_level_is_known_by_the_few_losses_before_a_fall_that_begins_at_once() -> None:
    lrs, losses = valley(470, start_lr=2e-4)  # as many iterations per decade as the other
    assert lr_of(suggest(lrs, losses)) == pytest.approx(lr_of(suggest(*valley(800))), rel=0.3)


@pytest.mark.parametrize("start_lr", [1e-7, 1e-5, 1e-3])
def test_the_start_does_not_matter_while_it_is_low_enough(start_lr: float) -> None:
    per_decade = 100
    answer = answer_of(ladder(round(per_decade * log10(10 / start_lr)), start_lr))
    assert answer == pytest.approx(answer_of(ladder(700, 1e-6)), rel=0.3)


def test_a_ramp_that_starts_in_the_fall_has_to_start_lower() -> None:
    lrs = ladder(200, start_lr=1e-2)
    fall = 2 * np.minimum(np.arange(200) / 8, 1)
    divergence = 2 * np.where(lrs > 1, lrs, 0)
    answer = suggest(lrs, 2.3 - fall + divergence + 0.02 * noise(200), momentum=0.0)
    assert (answer.verdict, answer.lr) == ("falling_from_start", None)
    assert answer.advice == "Lower start_lr to 1e-05."


@pytest.mark.parametrize("points", [2, 3, 5, 9])
def test_a_test_that_blew_up_within_a_few_steps_asks_for_a_lower_start(points: int) -> None:
    answer = suggest(ladder(400, start_lr=1.0)[:points], np.geomspace(2.3, 60, points))
    assert answer.verdict == "diverges_from_start"
    assert number_in(answer.advice) < 0.1


@pytest.mark.parametrize("num_iter", [400, 4000])
def test_a_divergence_far_below_the_first_loss_has_turned(num_iter: int) -> None:
    """A test stops at 5 times its lowest loss, which may be far below the first one."""
    lrs = ladder(num_iter)
    losses = 2.3 / (1 + (lrs / 1e-3) ** 1.5) + 0.02
    stop = int(np.searchsorted(lrs, 0.3))
    losses = losses[:stop] * (1 + 0.1 * noise(stop))
    losses[-8:] *= np.geomspace(1.3, 8, 8)
    assert suggest(lrs[:stop], losses).verdict == "ok"
    assert suggest(lrs[: stop - 8], losses[:-8]).verdict == "still_falling"


def test_a_test_that_the_user_stopped_should_run_to_its_end() -> None:
    lrs, losses = valley()
    answer = suggest_curves([Curve(lrs[:62], losses[:62], num_iter=100)])
    assert answer.verdict == "still_falling"
    assert answer.advice == "Let the test run to its end."


def test_a_test_that_was_stopped_before_the_loss_fell_should_run_to_its_end() -> None:
    lrs = ladder(400)
    losses = 2.3 + 0.02 * noise(120)
    stopped = suggest_curves([Curve(lrs[:120], losses, num_iter=400)])
    assert (stopped.verdict, stopped.advice) == ("no_descent", "Let the test run to its end.")
    assert "stopped" in stopped.reason
    ended = suggest_curves([Curve(lrs[:120], losses, num_iter=120)])
    assert "stopped" not in ended.reason


def test_a_ramp_that_is_over_before_its_momentum_shows_gets_no_rate() -> None:
    answer = suggest(*valley(20, start_lr=1e-3), momentum=0.99)
    assert answer.verdict == "too_short"
    assert number_in(answer.advice) >= 100


def test_noise_that_grows_with_the_rate_hardly_ever_gets_a_rate() -> None:
    lrs = ladder(400)
    width = 0.05 * (1 + 9 * (lrs > 0.1))
    verdicts = [suggest(lrs, 2.3 + width * noise(400, seed)).verdict for seed in range(100)]
    assert verdicts.count("ok") <= 35  # 70 if the noise of the start is assumed everywhere


def test_how_much_more_is_to_be_measured_is_never_absurd() -> None:
    for seed in range(20):
        answer = suggest(ladder(400), 0.001 + 0.1 * noise(400, seed))
        numbers = [float(word) for word in answer.advice.replace(",", "").split() if word.isdigit()]
        assert all(number <= 100 for number in numbers)


@pytest.mark.parametrize("momentum", [-0.1, 1.0, float("nan")])
def test_an_invalid_momentum_is_refused(momentum: float) -> None:
    with pytest.raises(ValueError, match="momentum"):
        suggest(*valley(), momentum=momentum)


def test_nan_after_a_few_points_is_a_divergence() -> None:
    losses = np.full(40, np.nan)
    losses[:4] = [2.3, 9, 400, 1e9]
    assert suggest(ladder(40), losses).verdict == "diverges_from_start"


def test_nan_before_the_first_step_is_not_blamed_on_the_rate() -> None:
    answer = suggest(ladder(40), np.full(40, np.nan))
    assert answer.verdict == "diverges_from_start"
    assert "no learning rate" in answer.advice


def test_a_rise_after_a_long_flat_stretch_means_already_trained() -> None:
    lrs = ladder(400)
    answer = suggest(lrs, 0.1 + (lrs / 0.1) ** 2 + 0.01 * noise(400))
    assert answer.verdict == "already_trained"
    assert number_in(answer.advice) < 0.1


def test_noise_that_could_hide_everything_is_too_noisy_even_where_the_loss_rises() -> None:
    assert suggest(ladder(), 1 + 2 * noise(100)).verdict == "too_noisy"
    verdicts = [suggest(*valley(400, width=6, seed=seed)).verdict for seed in range(50)]
    assert verdicts.count("too_noisy") > 30
    assert verdicts.count("too_noisy") + verdicts.count("ok") >= 48


def test_a_fall_that_may_be_noise_asks_for_repeats_and_gets_its_answer_from_them() -> None:
    def curve(seed: int) -> Curve:
        return Curve(*valley(400, width=3, seed=seed))

    noisy = next(
        seed for seed in range(100) if suggest_curves([curve(seed)]).verdict == "too_noisy"
    )
    answer = suggest_curves([curve(noisy)])
    assert number_in(answer.advice) >= 2
    assert suggest_curves([curve(seed) for seed in range(20)]).verdict == "ok"


@pytest.mark.parametrize("points", [0, 1, 2, 9])
def test_a_handful_of_points_is_too_short(points: int) -> None:
    lrs, losses = valley()
    answer = suggest(lrs[:points], losses[:points])
    assert answer.verdict == "too_short"
    assert number_in(answer.advice) >= 10


def test_loss_and_metric_that_suggest_different_rates_disagree() -> None:
    lrs, losses = valley(400)
    accuracy = 0.1 + 0.8 * np.exp(-((np.log10(lrs) + 5.5) ** 2) * 4) + 0.01 * noise(400, 1)
    assert suggest_curves([Curve(lrs, losses, metric=accuracy)]).verdict == "disagree"
    error_rate = Curve(lrs, losses, metric=-accuracy, metric_mode="min")
    assert suggest_curves([error_rate]).verdict == "disagree"
    assert suggest_curves([Curve(lrs, losses, metric=2.3 - losses)]).verdict == "ok"
    assert suggest_curves([Curve(lrs, losses, metric=noise(400, 2))]).verdict == "ok"


# several curves


def test_repeats_may_come_in_any_order() -> None:
    curves = [Curve(*valley(400, seed=seed, width=0.3)) for seed in range(3)]
    in_order = lr_of(suggest_curves(curves))
    assert lr_of(suggest_curves(curves[::-1])) == pytest.approx(in_order)


def test_repeats_that_are_copies_count_once() -> None:
    once = suggest_curves([Curve(*valley(400))])
    thrice = suggest_curves([Curve(*valley(400))] * 3)
    assert once.lr is not None
    assert (once.lr, once.reason, once.method) == (thrice.lr, thrice.reason, thrice.method)
    assert "the same to the last bit" in thrice.advice


def test_an_argument_that_is_not_a_number_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="momentum must be a number"):
        suggest(*valley(), momentum="0.9")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="smooth_f must be a number"):
        suggest(*valley(), smooth_f="x")  # type: ignore[arg-type]


def test_repeats_that_suggest_rates_decades_apart_have_no_answer() -> None:
    answer = suggest_curves([Curve(*bowl(-5)), Curve(*bowl(-1))])
    assert (answer.verdict, answer.lr) == ("disagree", None)
    assert re.search(r"rates from \d\.\de-06 to \d\.\de-02", answer.reason)


def test_a_rate_on_the_hump_between_two_valleys_is_no_answer() -> None:
    x = np.linspace(-7, 1, 400)
    falls = 1.5 * np.exp(-((x + 5) ** 2) / 0.3) + 1.5 * np.exp(-((x + 1) ** 2) / 0.3)
    divergence = np.exp((x - 0.5) * 6)
    answer = suggest_curves([Curve(10**x, 2.3 - falls + divergence + 0.05 * noise(400))])
    assert (answer.verdict, answer.lr) == ("disagree", None)
    rates = r"around (9|1)\.\de-0[56] and around (9|1)\.\de-0[12], and not between"
    assert re.search(rates, answer.reason)


@pytest.mark.parametrize("num_iter", [10, 12, 20, 30])
def test_a_ramp_on_which_a_rate_shows_decades_later_has_no_answer(num_iter: int) -> None:
    answer = suggest_curves([Curve(*valley(num_iter), momentum=0.9)])
    assert answer.verdict == "too_short"
    assert 100 <= number_in(answer.advice) <= 500
    assert suggest(*valley(400), momentum=0.9).verdict == "ok"


def test_a_linear_ramp_on_which_the_fall_is_over_at_once_asks_for_an_exponential_one() -> None:
    lrs = np.linspace(1e-7, 10, 400)
    losses = np.where(lrs < 0.2, 0.3, 0.3 + 2 * np.clip(lrs / 3, 0, 1)) + 0.02 * noise(400)
    losses[0] = 2.3
    answer = suggest_curves([Curve(lrs, losses, momentum=0.9)])
    assert answer.lr is None
    assert "exponential" in answer.advice


@pytest.mark.parametrize("growth", [10, 30, 100])
def test_noise_that_grows_along_the_axis_is_no_fall(growth: float) -> None:
    lrs = ladder(400)
    width = 0.1 * np.geomspace(1, growth, 400)
    verdicts = [suggest(lrs, 2 + width * noise(400, seed)).verdict for seed in range(100)]
    assert verdicts.count("ok") <= 10


def test_one_low_loss_is_no_fall() -> None:
    lrs, losses = valley(400)
    usual = suggest(lrs, losses)
    losses[330] = -1e4
    assert suggest(lrs, losses).lr == pytest.approx(usual.lr, rel=0.2)
    flat = 2 + 0.05 * noise(400)
    flat[300] = -1e4
    assert suggest(lrs, flat).lr is None


def test_few_noisy_losses_have_not_blown_up() -> None:
    answer = suggest(ladder(9), [1, 3, 0.5, 2, 0.2, 1.5, 0.7, 1, 2.5])
    assert answer.verdict == "too_short"


def test_a_loss_that_blows_up_at_a_tiny_rate_is_not_blamed_on_the_rate() -> None:
    assert "raise diverge_th" in suggest(ladder(3), [1.0, 1.2, 30.0]).advice


def test_a_repeat_that_has_only_begun_does_not_change_the_answer() -> None:
    curves = [Curve(*valley(400, seed=seed)) for seed in range(2)]
    lrs, losses = valley(400, seed=2)
    begun = Curve(lrs[:5], losses[:5])
    without = lr_of(suggest_curves(curves))
    assert lr_of(suggest_curves([*curves, begun])) == pytest.approx(without, rel=0.02)


@pytest.mark.filterwarnings("error")
@given(
    st.lists(
        st.floats(width=32) | st.sampled_from([float("nan"), float("inf"), -float("inf")]),
        min_size=0,
        max_size=40,
    )
)
@settings(max_examples=200, deadline=None)
def test_whatever_was_measured_is_judged(losses: list[float]) -> None:
    lrs = ladder(len(losses))
    if len(losses) == 1:
        lrs = np.array([1e-3])
    answer = suggest(lrs, losses)
    assert answer.reason
    assert answer.advice
    if answer.verdict == "ok":
        lr, low, high = rates_of(answer)
        assert 1e-7 <= low <= lr <= high <= 10 * (1 + 1e-9)
    else:
        assert (answer.lr, answer.low, answer.high) == (None, None, None)


def test_a_test_of_another_tool_that_diverged_is_as_long_as_its_density_says() -> None:
    lrs, losses = valley(400)
    measured = int(np.flatnonzero(losses > 4)[0])  # about 320 of the 400
    assert suggest(lrs[:measured], losses[:measured]).verdict == "ok"
    few_lrs, few_losses = valley(100)
    measured = int(np.flatnonzero(few_losses > 4)[0])
    assert suggest(few_lrs[:measured], few_losses[:measured]).verdict == "too_short"
