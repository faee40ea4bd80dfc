import numpy as np
import pytest

from lrtui.analysis.curve import FloatArray
from lrtui.analysis.prepared_curve import (
    SHARE_OF_AGE,
    PreparedCurve,
    count_before_change,
    delay,
    noise_width,
    prepare_curve,
)
from lrtui.analysis.valley import (
    BANDWIDTH,
    DENSITY_SLOPE,
    RESOLUTION,
    averaged,
    centre_of_mass,
    find_valley,
)

from .curves import RatesAndLosses, noise, valley
from .curves import bowl as bowl_of


def prepared(lrs: FloatArray, losses: FloatArray, momentum: float | None = None) -> PreparedCurve:
    return prepare_curve(np.log10(lrs), losses, momentum)


def bowl(centre: float) -> RatesAndLosses:
    return bowl_of(centre, num_iter=200)


def test_noise_width_knows_noise_from_a_trend() -> None:
    assert noise_width(0.3 * noise(2000)) == pytest.approx(0.3, rel=0.1)
    assert noise_width(np.arange(100.0)) == 0


def test_noise_width_is_not_moved_by_a_divergence() -> None:
    losses = 0.3 * noise(2000)
    losses[-100:] += np.geomspace(1, 1e9, 100)
    assert noise_width(losses) == pytest.approx(0.3, rel=0.15)


def test_the_count_before_a_change_ends_where_the_loss_starts_to_fall() -> None:
    losses = np.concatenate([np.ones(50), np.linspace(1, 0, 50)]) + 0.01 * noise(100)
    assert 40 <= count_before_change(losses, 0.01) <= 50
    assert count_before_change(np.linspace(1, 0, 100), 0.0) == 3  # it changes from the start on


def test_momentum_delays_by_a_share_of_the_median_age_of_its_gradients() -> None:
    assert delay(0.0) == 1
    age = (delay(0.9) - 1) / SHARE_OF_AGE
    assert 0.9**age == pytest.approx(1 / 2)  # the weight of all older gradients
    assert delay(0.0) < delay(None) < delay(0.9)
    assert delay(1.0) < np.inf


def test_the_delay_is_removed_along_the_measured_ramp() -> None:
    linear = np.linspace(0.1, 1, 10)
    one_back = prepared(linear, np.ones(10), momentum=0.0)
    assert 10 ** one_back.before_delay(np.log10(0.5)) == pytest.approx(0.4)
    assert 10 ** one_back.before_delay(np.log10(0.1)) == pytest.approx(0.1)


@pytest.mark.parametrize("centre", [-5.0, -3.0, -1.0])
def test_the_centre_of_a_symmetric_bowl_is_its_middle(centre: float) -> None:
    lrs, losses = bowl(centre)
    average = find_valley([prepared(lrs, losses, momentum=0.0)])
    assert centre_of_mass(average.log_lr, average.fall) == pytest.approx(centre, abs=0.02)
    assert average.log_lr[average.deepest] == pytest.approx(centre, abs=0.05)
    one_step = 8 / 199
    assert average.centre == pytest.approx(centre - one_step, abs=0.02)


def test_a_linear_ramp_has_the_same_valley() -> None:
    lrs = np.linspace(0.001, 1, 3000)
    losses = 1 - np.exp(-((np.log10(lrs) + 1) ** 2) / 0.1)
    average = find_valley([prepared(lrs, losses)])
    assert centre_of_mass(average.log_lr, average.fall) == pytest.approx(-1, abs=0.05)


def test_the_half_of_a_fall_is_its_first_rate_with_half_of_it() -> None:
    lrs, losses = bowl(-3)
    average = find_valley([prepared(lrs, losses, momentum=0.0)])
    assert average.half_fall == pytest.approx(-3 - np.sqrt(np.log(2)), abs=0.1)


@pytest.mark.parametrize("factor", [0.1, 3.0, 100.0])
def test_the_reference_rate_scales_with_the_rates(factor: float) -> None:
    lrs, losses = valley(400)
    usual = find_valley([prepared(lrs, losses)])
    scaled = find_valley([prepared(factor * lrs, losses)])
    assert scaled.reference == pytest.approx(usual.reference + np.log10(factor), abs=0.03)


def test_the_reference_rate_is_higher_where_a_decade_has_more_iterations() -> None:
    """A training falls at lower rates there: this takes it back."""
    few, many = (find_valley([prepared(*valley(count), momentum=0.0)]) for count in (400, 4000))
    assert many.reference - many.centre == pytest.approx(
        few.reference - few.centre + DENSITY_SLOPE, abs=0.03
    )


def test_the_ceiling_is_where_the_loss_blew_up_as_exactly_as_the_average_tells() -> None:
    lrs, losses = valley(400)
    losses[lrs > 0.03] = 50
    ceiling = find_valley([prepared(lrs, losses)]).ceiling
    assert ceiling == pytest.approx(np.log10(0.03), abs=1.5 * BANDWIDTH)
    whole = find_valley([prepared(lrs[lrs < 0.01], losses[lrs < 0.01])])
    assert 10**whole.ceiling == pytest.approx(lrs[lrs < 0.01][-1])


def test_a_long_shoulder_hardly_pulls_the_centre() -> None:
    lrs, losses = bowl(-2)
    with_shoulder = losses - 0.3 * ((lrs > 1e-6) & (lrs < 1e-3) & (losses > 0.7))
    plain = find_valley([prepared(lrs, losses)])
    pulled = find_valley([prepared(lrs, with_shoulder)])
    assert pulled.centre == pytest.approx(plain.centre, abs=0.15)


def test_edges_hold_the_share_that_was_asked_for() -> None:
    lrs, losses = bowl(-3)
    average = find_valley([prepared(lrs, losses)])
    left, right = average.edges(0.5)
    inside = (average.log_lr >= left) & (average.log_lr <= right)
    assert (average.share[inside] >= 0.5).all()
    assert right - left == pytest.approx(2 * np.sqrt(np.log(2)), abs=0.25)


def test_the_error_is_that_of_a_gaussian_average() -> None:
    grid = np.linspace(0, 199 * RESOLUTION, 200)
    points_in_kernel = 2 * np.sqrt(np.pi) * BANDWIDTH / RESOLUTION
    for count in (1, 4):
        counts = np.full(200, float(count))
        _, error = averaged(counts, counts, grid)
        assert error[100] == pytest.approx(1 / np.sqrt(count * points_in_kernel), rel=1e-3)


def test_more_repeats_make_the_error_smaller() -> None:
    repeats = [prepared(*valley(width=0.5, seed=seed)) for seed in range(9)]
    alone = np.mean([find_valley([repeat]).error for repeat in repeats])
    assert find_valley(repeats).error.mean() == pytest.approx(alone / 3, rel=0.15)


def test_a_repeat_that_diverged_counts_as_diverged_where_the_others_go_on() -> None:
    lrs, losses = bowl(-3)
    early = losses[:120].copy()
    early[110:] = 1e6
    with_early = find_valley([prepared(lrs, losses), prepared(lrs[:120], early)])
    alone = find_valley([prepared(lrs, losses)])
    index = np.searchsorted(with_early.log_lr, -2.0)
    assert with_early.fall[index] == pytest.approx(alone.fall[index] / 2, rel=0.1)


def test_a_repeat_that_diverged_stays_as_bad_as_it_was() -> None:
    lrs, losses = bowl(-5)
    noisy = losses + 0.2 * noise(200)
    early = noisy[:120].copy()
    early[100:] = 1e6
    far_right = find_valley([prepared(lrs, noisy), prepared(lrs[:120], early)]).fall[-20:].mean()
    assert far_right == pytest.approx(-3 * 0.2 / 2, abs=0.1)


def test_a_repeat_that_was_merely_stopped_does_not_count_beyond_its_end() -> None:
    lrs, losses = bowl(-3)
    alone = find_valley([prepared(lrs, losses)])
    with_half = find_valley([prepared(lrs, losses), prepared(lrs[:100], losses[:100])])
    assert with_half.fall == pytest.approx(alone.fall, abs=0.02)


def test_a_repeat_that_was_stopped_suggests_only_rates_that_it_measured() -> None:
    lrs, losses = bowl(-3)
    stopped = find_valley([prepared(lrs, losses), prepared(lrs[:90], losses[:90])])
    assert stopped.centres[1] == pytest.approx(
        find_valley([prepared(lrs[:90], losses[:90])]).centre, abs=0.02
    )


def test_gaps_are_left_out_and_a_tail_that_is_not_finite_is_a_divergence() -> None:
    lrs, losses = valley()
    losses[[20, 40, 60]] = np.nan
    losses[-3:] = [np.inf, np.nan, np.nan]
    curve = prepared(lrs, losses)
    assert len(curve.fall) == 97
    assert np.isfinite(curve.fall).all()
    assert curve.diverged
    assert (curve.fall[-3:] == curve.fall.min()).all()


def test_a_huge_loss_weighs_no_more_than_a_bad_one() -> None:
    lrs, losses = valley()
    higher = losses.copy()
    higher[losses > 5] *= 1e30
    assert (
        find_valley([prepared(lrs, higher)]).centre == find_valley([prepared(lrs, losses)]).centre
    )
