"""What the answer says is what the curve shows, whatever the ramp."""

from dataclasses import dataclass

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from lrtui.analysis.answer import Suggestion
from lrtui.analysis.curve import Curve, FloatArray
from lrtui.analysis.suggest import suggest_curves
from tests.analysis.curves import noise

WINDOW = 9  # points of the trend that is drawn


@dataclass(frozen=True)
class Shape:
    """A loss that falls, may climb, and may come back down."""

    linear: bool
    start: float
    decades: float
    points: int
    fall: float
    falls_at: float  # share of the iterations
    climbs_at: float
    climb: float  # times the fall, above the first level
    comes_back: bool
    width: float  # of the noise
    seed: int

    def rates(self) -> FloatArray:
        end = self.start * 10**self.decades
        if self.linear:
            return np.linspace(self.start, end, self.points)
        return np.geomspace(self.start, end, self.points)

    def losses(self) -> FloatArray:
        position = np.linspace(0, 1, self.points)
        fall = self.fall / (1 + np.exp(-(position - self.falls_at) * 30))
        rise = (1 + self.climb) * self.fall / (1 + np.exp(-(position - self.climbs_at) * 40))
        losses = 2.3 - fall + rise
        if self.comes_back:
            back = np.clip((position - self.climbs_at - 0.15) / 0.1, 0, 1)
            losses -= back * (rise + 0.3 * self.fall)
        return losses + self.width * noise(self.points, self.seed)

    def answer(self) -> Suggestion:
        return suggest_curves([Curve(self.rates(), self.losses(), momentum=0.9)])


shapes = st.builds(
    Shape,
    linear=st.booleans(),
    start=st.sampled_from([1e-6, 1e-4, 1e-3, 1e-2, 0.1]),
    decades=st.sampled_from([1.0, 1.5, 2.0, 3.0, 5.0]),
    points=st.sampled_from([60, 80, 150, 300, 500]),
    fall=st.floats(0.2, 2.0),
    falls_at=st.floats(0.1, 0.5),
    climbs_at=st.floats(0.55, 1.0),
    climb=st.floats(0.0, 5.0),
    comes_back=st.booleans(),
    width=st.floats(0.001, 0.03),
    seed=st.integers(0, 50),
)


def trend(losses: FloatArray) -> FloatArray:
    """A running mean, as wide at the ends as in the middle."""
    means = np.convolve(losses, np.full(WINDOW, 1 / WINDOW), "valid")
    return np.pad(means, WINDOW // 2, mode="edge")


@given(shapes)
def test_a_curve_that_ends_far_above_its_minimum_is_never_still_falling(shape: Shape) -> None:
    drawn = trend(shape.losses())
    lowest = float(drawn.min())
    assume(drawn[-1] > lowest + 0.7 * (2.3 - lowest))
    assert shape.answer().verdict != "still_falling"


@given(shapes)
def test_a_curve_that_climbed_off_the_top_is_never_still_falling(shape: Shape) -> None:
    drawn = trend(shape.losses())
    assume(drawn.max() > 2.3 + max(2.0 * (2.3 - drawn.min()), 0.5))
    answer = shape.answer()
    assert answer.verdict != "still_falling"
    assert "Raise end_lr" not in answer.advice


@given(shapes)
def test_no_rate_of_the_interval_blew_up_in_the_test(shape: Shape) -> None:
    answer = shape.answer()
    assume(answer.high is not None)
    assert answer.high is not None
    assert answer.lr is not None
    drawn = trend(shape.losses())
    blown_up = drawn > 2.3 + max(1.0 * (2.3 - drawn.min()), 0.5)
    too_high = shape.rates()[blown_up]
    assert not (too_high <= answer.high).any()
    assert answer.lr <= answer.high


@given(shapes)
def test_no_repeat_blew_up_in_the_interval(shape: Shape) -> None:
    """The answer of two repeats, of which only one blew up, stays below its blow-up too."""
    rates, losses = shape.rates(), shape.losses()
    calm = 2.3 - shape.fall / (1 + np.exp(-(np.linspace(0, 1, shape.points) - 0.3) * 30))
    answer = suggest_curves([Curve(rates, calm), Curve(rates, losses)])
    assume(answer.high is not None)
    drawn = trend(losses)
    blown_up = drawn > 2.3 + max(1.0 * (2.3 - drawn.min()), 0.5)
    assert not (rates[blown_up] <= answer.high).any()


def test_a_linear_ramp_with_a_climb_in_the_middle_is_told_to_end_before_it() -> None:
    """As SGD with momentum on a CNN, from 1e-3 to 1: the validation loss ends as its lowest."""
    rates = np.linspace(1e-3, 1.0, 80)
    knots = [0.0, 0.1, 0.25, 0.3, 0.5, 0.8, 0.9, 1.0]
    losses = np.interp(rates, knots, [2.31, 2.3, 2.05, 2.2, 3.0, 9.0, 3.0, 0.9])
    answer = suggest_curves([Curve(rates, losses + 0.003 * noise(80), momentum=0.9)])
    assert (answer.verdict, answer.lr) == ("disagree", None)
    assert "climbed far above its first level" in answer.reason
    assert "exponential" in answer.advice


def test_a_fall_that_goes_on_is_still_falling_on_a_linear_ramp() -> None:
    rates = np.linspace(1e-3, 0.1, 300)
    losses = 2.3 - 1.5 * rates / 0.1 + 0.02 * noise(300)
    answer = suggest_curves([Curve(rates, losses, momentum=0.0)])
    assert (answer.verdict, answer.advice) == ("still_falling", "Raise end_lr to 5e-01.")
