"""The trend that is drawn: without lag, the answer's own average, and true where it blows up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrtui.analysis.curve import Curve, FloatArray, exponential_average
from lrtui.analysis.evidence import gather_evidence
from lrtui.analysis.trend import Trend, loss_trend, metric_trend

LR = np.geomspace(1e-7, 10, 400)
LOG_LR = np.log10(LR)
HALF = -2.5  # log10 of the rate at half of the fall


def falling(noise: float = 0.0, blow_up: bool = False, seed: int = 0) -> FloatArray:
    """Losses from 2.3 down to 0.3."""
    losses = 2.3 - 2.0 / (1 + np.exp(-4 * (LOG_LR - HALF)))
    losses += np.random.default_rng(seed).normal(0, noise, len(LR))
    if blow_up:
        losses += np.where(LR > 0.5, 8 * (LR - 0.5), 0.0)
    return losses


def rate_at_half(lrs: FloatArray, losses: FloatArray) -> float:
    """log10 of the first rate with less than half of the first loss's height above the floor."""
    return float(np.log10(lrs[np.flatnonzero(losses < 1.3)[0]]))


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.2])
def test_it_falls_where_the_losses_fall_and_the_exponential_average_does_not(noise: float) -> None:
    raw = falling(noise)
    trend = loss_trend([Curve.of(LR, raw)])
    assert rate_at_half(trend.lr, trend.value) == pytest.approx(HALF, abs=0.08)
    assert rate_at_half(LR, exponential_average(raw, 0.05)) > HALF + 0.2


def test_it_is_the_average_that_the_answer_is_computed_from() -> None:
    curve = Curve.of(LR, falling(0.1))
    valley = gather_evidence([curve]).loss
    assert valley is not None
    trend = loss_trend([curve])
    assert np.array_equal(trend.lr, 10**valley.log_lr)
    fell = valley.fall > valley.noise
    assert np.array_equal(trend.value[fell], (valley.level - valley.fall)[fell])


def test_it_climbs_with_the_losses_where_they_blow_up() -> None:
    raw = falling(0.05, blow_up=True)
    trend = loss_trend([Curve.of(LR, raw)])
    assert np.median(raw[-9:]) <= trend.value[-1] <= raw[-9:].max()


def test_a_single_last_batch_is_no_blow_up() -> None:
    raw = falling(0.05)
    raw[-1] = 8.0
    trend = loss_trend([Curve.of(LR, raw)])
    assert trend.value[-5:].max() < 0.6


def test_the_trend_of_repeats_is_between_theirs() -> None:
    curves = [Curve.of(LR, falling(0.1, seed=seed) + 0.1 * seed) for seed in range(3)]
    together = loss_trend(curves)
    each = [loss_trend([curve]) for curve in curves]
    lowest = np.min([trend.value for trend in each], axis=0)
    highest = np.max([trend.value for trend in each], axis=0)
    middle = slice(20, -20)
    assert (together.value[middle] >= lowest[middle] - 0.05).all()
    assert (together.value[middle] <= highest[middle] + 0.05).all()


@pytest.mark.parametrize("mode", ["max", "min"])
def test_a_metric_has_its_trend_whichever_way_is_better(mode: str) -> None:
    metric = 1 - falling() / 2.3
    curve = Curve.of(LR, falling(), None, metric, metric_mode=mode)  # type: ignore[arg-type]
    trend = metric_trend([curve])
    assert trend.value.max() == pytest.approx(metric.max(), abs=0.02)
    assert trend.value[0] == pytest.approx(0.0, abs=0.02)


def test_without_a_metric_there_is_none() -> None:
    assert len(metric_trend([Curve.of(LR, falling())]).lr) == 0


def test_too_few_points_are_their_own_trend() -> None:
    curve = Curve.of([1e-4, 1e-3, 1e-2], [3.0, float("nan"), 1.0])
    trend = loss_trend([curve])
    assert trend.value.tolist() == [3.0, 1.0]
    assert trend.at(1e-3) == pytest.approx(2.0)


def test_nothing_measured_has_no_trend() -> None:
    trend = loss_trend([])
    assert trend.at(1e-3) is None
    assert trend.slope(1e-3) is None


def test_the_slope_is_per_decade() -> None:
    trend = Trend(LR, 3 - 0.25 * LOG_LR)
    assert trend.slope(1e-3) == pytest.approx(-0.25)
    assert trend.slope(100.0) is None


@given(
    st.lists(
        st.floats(allow_nan=True, allow_infinity=True) | st.floats(-5, 5), min_size=1, max_size=60
    )
)
def test_whatever_was_measured_has_a_finite_trend(losses: list[float]) -> None:
    lrs = np.geomspace(1e-6, 1, len(losses)) if len(losses) > 1 else np.array([1e-3])
    trend = loss_trend([Curve.of(lrs, losses)])
    assert np.isfinite(trend.value).all()
    assert (np.diff(trend.lr) > 0).all()
