import numpy as np
import pytest

from lrtui.analysis.prepared_curve import before_change, delay, noise_width, trace
from lrtui.analysis.valley import BANDWIDTH, RESOLUTION, averaged, centre_of_mass, find_valley

from .curves import ladder, noise, valley


def trace_of(lrs, losses, momentum=None):
    return trace(np.log10(lrs), losses, momentum)


def bowl(centre, num_iter=200):
    """A valley that is symmetrical around log10(lr) = centre."""
    lrs = ladder(num_iter)
    return lrs, 1 - np.exp(-((np.log10(lrs) - centre) ** 2))


def test_noise_width_knows_noise_from_a_trend() -> None:
    assert noise_width(0.3 * noise(2000)) == pytest.approx(0.3, rel=0.1)
    assert noise_width(np.arange(100.0)) == 0


def test_noise_width_is_not_moved_by_a_divergence() -> None:
    losses = 0.3 * noise(2000)
    losses[-100:] += np.geomspace(1, 1e9, 100)
    assert noise_width(losses) == pytest.approx(0.3, rel=0.15)


def test_before_change_ends_where_the_loss_starts_to_fall() -> None:
    losses = np.concatenate([np.ones(50), np.linspace(1, 0, 50)]) + 0.01 * noise(100)
    assert 40 <= before_change(losses, 0.01) <= 50
    assert before_change(np.linspace(1, 0, 100), 0.0) == 3  # it moves from the start on


def test_momentum_delays_by_the_median_age_of_its_gradients() -> None:
    assert delay(0.0) == 1
    age = delay(0.9) - 1
    assert 0.9**age == pytest.approx(1 / 2)  # the weight of all that are older
    assert delay(0.0) < delay(None) < delay(0.9)
    assert delay(1.0) < np.inf


def test_earlier_goes_back_along_the_ladder_that_was_measured() -> None:
    linear = np.linspace(0.1, 1, 10)
    one_back = trace_of(linear, np.ones(10), momentum=0.0)
    assert 10 ** one_back.earlier(np.log10(0.5)) == pytest.approx(0.4)
    assert 10 ** one_back.earlier(np.log10(0.1)) == pytest.approx(0.1)


@pytest.mark.parametrize("centre", [-5.0, -3.0, -1.0])
def test_the_centre_of_a_symmetrical_bowl_is_its_middle(centre) -> None:
    lrs, losses = bowl(centre)
    found = find_valley([trace_of(lrs, losses, momentum=0.0)])
    assert centre_of_mass(found.log_lr, found.fall) == pytest.approx(centre, abs=0.02)
    assert found.log_lr[found.deepest] == pytest.approx(centre, abs=0.05)
    one_step = 8 / 199
    assert found.centre == pytest.approx(centre - one_step, abs=0.02)


def test_a_linear_ladder_has_the_same_valley() -> None:
    lrs = np.linspace(0.001, 1, 3000)
    losses = 1 - np.exp(-((np.log10(lrs) + 1) ** 2) / 0.1)
    found = find_valley([trace_of(lrs, losses)])
    assert centre_of_mass(found.log_lr, found.fall) == pytest.approx(-1, abs=0.05)


def test_a_long_shoulder_hardly_pulls_the_centre() -> None:
    lrs, losses = bowl(-2)
    with_shoulder = losses - 0.3 * ((lrs > 1e-6) & (lrs < 1e-3) & (losses > 0.7))
    plain, pulled = (find_valley([trace_of(lrs, each)]).centre for each in (losses, with_shoulder))
    assert pulled == pytest.approx(plain, abs=0.15)


def test_edges_hold_the_share_that_was_asked_for() -> None:
    lrs, losses = bowl(-3)
    found = find_valley([trace_of(lrs, losses)])
    left, right = found.edges(0.5)
    inside = (found.log_lr >= left) & (found.log_lr <= right)
    assert (found.share[inside] >= 0.5).all()
    assert right - left == pytest.approx(2 * np.sqrt(np.log(2)), abs=0.25)


def test_the_error_is_that_of_a_gaussian_average() -> None:
    grid = np.arange(200) * RESOLUTION
    points_in_it = 2 * np.sqrt(np.pi) * BANDWIDTH / RESOLUTION
    for count in (1, 4):
        counts = np.full(200, float(count))
        _, error = averaged(counts, counts, grid)
        assert error[100] == pytest.approx(1 / np.sqrt(count * points_in_it), rel=1e-3)


def test_more_repeats_make_the_error_smaller() -> None:
    traces = [trace_of(*valley(width=0.5, seed=seed)) for seed in range(9)]
    alone = np.mean([find_valley([one]).error for one in traces])
    assert find_valley(traces).error.mean() == pytest.approx(alone / 3, rel=0.15)


def test_a_repeat_that_diverged_counts_as_diverged_where_the_others_go_on() -> None:
    lrs, losses = bowl(-3)
    early = losses[:120].copy()
    early[110:] = 1e6
    with_early = find_valley([trace_of(lrs, losses), trace_of(lrs[:120], early)])
    alone = find_valley([trace_of(lrs, losses)])
    at = np.searchsorted(with_early.log_lr, -2.0)
    assert with_early.fall[at] == pytest.approx(alone.fall[at] / 2, rel=0.1)


def test_a_repeat_that_diverged_stays_as_bad_as_it_was() -> None:
    lrs, losses = bowl(-5)
    noisy = losses + 0.2 * noise(200)
    early = noisy[:120].copy()
    early[100:] = 1e6
    far_right = find_valley([trace_of(lrs, noisy), trace_of(lrs[:120], early)]).fall[-20:].mean()
    assert far_right == pytest.approx(-3 * 0.2 / 2, abs=0.1)


def test_a_repeat_that_was_merely_stopped_has_no_say_beyond_its_end() -> None:
    lrs, losses = bowl(-3)
    alone = find_valley([trace_of(lrs, losses)])
    with_half = find_valley([trace_of(lrs, losses), trace_of(lrs[:100], losses[:100])])
    assert with_half.fall == pytest.approx(alone.fall, abs=0.02)


def test_a_repeat_that_was_stopped_speaks_for_rates_that_it_measured_only() -> None:
    lrs, losses = bowl(-3)
    stopped = find_valley([trace_of(lrs, losses), trace_of(lrs[:90], losses[:90])])
    assert stopped.centres[1] == pytest.approx(
        find_valley([trace_of(lrs[:90], losses[:90])]).centre, abs=0.02
    )


def test_gaps_are_left_out_and_a_tail_that_is_not_finite_is_a_divergence() -> None:
    lrs, losses = valley()
    losses[[20, 40, 60]] = np.nan
    losses[-3:] = [np.inf, np.nan, np.nan]
    made = trace_of(lrs, losses)
    assert len(made.fall) == 97
    assert np.isfinite(made.fall).all()
    assert made.diverged
    assert (made.fall[-3:] == made.fall.min()).all()


def test_a_huge_loss_weighs_no_more_than_a_bad_one() -> None:
    lrs, losses = valley()
    higher = losses.copy()
    higher[losses > 5] *= 1e30
    assert (
        find_valley([trace_of(lrs, higher)]).centre == find_valley([trace_of(lrs, losses)]).centre
    )
