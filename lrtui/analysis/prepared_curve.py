"""One curve, prepared for averaging: its level, its noise, how far it falls, and its delay."""

from dataclasses import dataclass
from math import isfinite, log, pi, sqrt

import numpy as np

from lrtui.analysis.curve import SINGLE, FloatArray

CAP = 3  # noise widths; a loss further above the first losses than this counts as this far above
MIN_BENDS = 8  # losses needed to estimate a noise width
AGREE = 2  # standard errors; a smaller difference of medians is taken for chance
DIFFER = 4  # standard errors; a larger difference of medians is taken for real
NEIGHBOURS = 9  # losses in a running median
MEAN_OF = 5  # losses averaged at the end of a curve and at its lowest point
RISEN = 6  # standard errors; more than DIFFER, because the lowest of many means is low by chance
CLIMBED = 0.5  # of the deepest fall: so far above its first level a loss has blown up
HELD_AT_END = 0.5  # of the deepest fall; a curve that ends with less is above its minimum
SHARE_OF_AGE = 0.76  # of the median age of the gradients: how late momentum makes a step
USUAL_MOMENTUM = 0.9  # PyTorch's default beta1, and the usual momentum of SGD


@dataclass(frozen=True, slots=True)
class PreparedCurve:
    """One curve, prepared for averaging.

    Attributes:
        log_lr: log10 of the learning rates, increasing.
        fall: how far the loss is below its first level, in units of the loss. Losses above that
            level count only up to `CAP` noise widths.
        unbiased_fall: the same, with the cap as wide as the noise around each point. With the
            fixed cap, noise that grows along the curve looks like a fall.
        roughness: the noise at each point, estimated from its neighbours alone.
        level: mean of the losses before the first change.
        level_error: standard error of the level.
        noise: standard deviation of the noise in the quietest part of the curve.
        diverged: whether the last loss is far above the level, or not finite.
        turned: whether the loss rises again at the end.
        climb: log10 of the last rate before the loss blew up, though it came back down later;
            None: it never did.
        holds_at_end: whether the last losses hold half of the deepest fall.
        moves_at_once: whether the loss already changes at the first rates.
        delay: points of the curve until a rate shows in the loss.
        iterations_per_lr: above 1 on a staircase, whose first loss of each step is in `fall`.
    """

    log_lr: FloatArray
    fall: FloatArray
    unbiased_fall: FloatArray
    roughness: FloatArray
    level: float
    level_error: float
    noise: float
    diverged: bool
    turned: bool
    climb: float | None
    holds_at_end: bool
    moves_at_once: bool
    delay: float
    iterations_per_lr: float = 1.0

    @property
    def last_before_blow_up(self) -> float | None:
        """log10 of the last rate before the losses stay above their first level; None: never."""
        not_above = np.flatnonzero(self.fall >= -self.noise)
        if not self.diverged or len(not_above) == 0 or not_above[-1] == len(self.fall) - 1:
            return None
        return float(self.log_lr[not_above[-1]])

    @property
    def last_stable(self) -> float | None:
        """log10 of the last rate before the loss blew up, for good or for a while; None: never."""
        known = [rate for rate in (self.climb, self.last_before_blow_up) if rate is not None]
        return min(known, default=None)

    @property
    def delay_in_iterations(self) -> float:
        """The delay in iterations; a point of a staircase is several."""
        return self.delay * self.iterations_per_lr

    def density(self, log_lr: float) -> float:
        """Iterations per decade of the ramp within half a decade of a rate."""
        low = max(log_lr - 0.5, float(self.log_lr[0]))
        high = min(log_lr + 0.5, float(self.log_lr[-1]))
        inside = int(np.count_nonzero((self.log_lr >= low) & (self.log_lr <= high)))
        if high <= low or inside < 2:
            low, high, inside = float(self.log_lr[0]), float(self.log_lr[-1]), len(self.log_lr)
        return float(self.iterations_per_lr * inside / (high - low))

    def before_delay(self, log_lr: float) -> float:
        """log10 of the rate whose step caused the loss at `log_lr`: `delay` iterations earlier."""
        iterations = np.arange(len(self.log_lr))
        iteration = np.interp(log_lr, self.log_lr, iterations) - self.delay
        return float(np.interp(iteration, iterations, self.log_lr))


def prepare_curve(
    log_lr: FloatArray,
    losses: FloatArray,
    momentum: float | None = None,
    iterations_per_lr: float = 1.0,
) -> PreparedCurve:
    """Prepare a curve: gaps are left out, losses after the last finite one count as infinite.

    Args:
        log_lr: log10 of the learning rates, increasing.
        losses: raw losses, at least one of them finite.
        momentum: the optimizer's (beta1 of the Adam family); see `delay`.
        iterations_per_lr: how many iterations there were at each rate.
    """
    log_lr, losses = without_gaps(log_lr, losses)
    finite = losses[np.isfinite(losses)]
    noise = noise_width(finite)
    first = finite[: count_before_change(finite, noise)]
    capped = np.minimum(first, float(np.median(first)) + CAP * noise)
    level = float(capped.mean())
    # a loss is known to single precision at best
    precision = float(SINGLE.eps) * max(abs(level), level - float(finite.min()))
    noise = max(noise, float(capped.std()), precision)
    diverged = bool(losses[-1] > level + 2 * CAP * noise)
    trend = running_median(losses)
    climb = before_climb(losses, trend, level, noise, diverged=diverged)

    local_noise = np.maximum(noise, noise_around(np.minimum(losses, float(finite.max()))))
    # a single low loss is not a fall
    losses = np.maximum(losses, running_median(losses) - CAP * local_noise)
    fall = level - np.minimum(losses, level + CAP * noise)
    return PreparedCurve(
        log_lr=log_lr,
        fall=fall,
        unbiased_fall=level - np.minimum(losses, level + CAP * local_noise),
        roughness=roughness(fall),
        level=level,
        level_error=noise / sqrt(len(first)),
        noise=noise,
        diverged=diverged,
        turned=diverged or turned_up(finite),
        climb=None if climb is None else float(log_lr[climb]),
        holds_at_end=holds_at_end(trend, level),
        moves_at_once=len(first) < len(finite) // 10,
        delay=delay(momentum) / iterations_per_lr,
        iterations_per_lr=iterations_per_lr,
    )


def without_gaps(log_lr: FloatArray, losses: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The curve without non-finite losses, except those after the last finite one: they are inf."""
    finite = np.isfinite(losses)
    last_finite = np.flatnonzero(finite)[-1]
    kept = finite | (np.arange(len(losses)) > last_finite)
    return log_lr[kept], np.where(finite, losses, np.inf)[kept]


def delay(momentum: float | None) -> float:
    """Iterations from the step at a learning rate to the losses that show its effect.

    One, because a loss is measured before the step; plus a share of the median age of the gradients
    that a step averages: with weights that decay as momentum^age, half of the weight is on
    gradients younger than log(1/2) / log(momentum), which is 6.6 iterations at 0.9. The share is
    the one with which ramps of 250, 400 and 1000 iterations give the most similar answers
    (tests/bench/answers). If the momentum is not known, the mean of the delays without momentum and
    with 0.9.
    """
    if momentum is None or not isfinite(momentum):
        return (delay(0.0) + delay(USUAL_MOMENTUM)) / 2
    if momentum <= 0:
        return 1.0
    return 1 + SHARE_OF_AGE * log(0.5) / log(min(momentum, 0.999))


def count_before_change(losses: FloatArray, noise: float) -> int:
    """How many losses come before the first change.

    The first tenth, and each further tenth that agrees with all before it. If the first tenth does
    not agree with itself, the loss changes at once: the first third of it is tried instead.
    """
    tenth = max(3, len(losses) // 10)
    while tenth >= 9 and not is_steady(losses[:tenth], noise):
        tenth //= 3
    end = tenth
    while end + tenth <= len(losses):
        if not medians_agree(losses[:end], losses[end : end + tenth], noise, AGREE):
            break
        end += tenth
    return end


def is_steady(losses: FloatArray, noise: float) -> bool:
    """Whether the first and the last third of the losses agree."""
    third = len(losses) // 3
    return medians_agree(losses[:third], losses[len(losses) - third :], noise, DIFFER)


def medians_agree(
    some: FloatArray, others: FloatArray, noise: float, standard_errors: float
) -> bool:
    """Whether two medians differ by at most so many standard errors of their difference."""
    # the variance of a median is π/2 of that of a mean
    error = noise * sqrt(pi / 2 * (1 / len(some) + 1 / len(others)))
    return abs(float(np.median(others) - np.median(some))) <= standard_errors * error


def before_climb(
    losses: FloatArray, trend: FloatArray, level: float, noise: float, *, diverged: bool
) -> int | None:
    """Index of the last loss before a climb from which the curve came back; None without one.

    A climb is a running median far above the first level, by the noise and by the deepest fall. A
    climb to the end of the curve is a divergence. The last losses may come back so fast that their
    running median does not.
    """
    far = max(2 * CAP * noise, CLIMBED * deepest_of(trend, level))
    above = np.flatnonzero(trend > level + far)
    if len(above) == 0 or (diverged and not (trend[above[0] :] <= level).any()):
        return None
    at_level = np.flatnonzero(losses[: above[0]] <= level + noise)
    return int(at_level[-1]) if len(at_level) else 0


def deepest_of(trend: FloatArray, level: float) -> float:
    """How far a running median falls below the first level; at least 0."""
    return max(0.0, level - float(trend[np.isfinite(trend)].min(initial=level)))


def holds_at_end(trend: FloatArray, level: float) -> bool:
    """Whether a running median ends with at least half of its deepest fall."""
    return bool(level - trend[-1] >= HELD_AT_END * deepest_of(trend, level))


def turned_up(losses: FloatArray) -> bool:
    """Whether the last losses are above the lowest ones by more than the noise between them.

    The rise may be small beside the whole fall: a test stops at a few times the lowest loss.
    """
    if len(losses) < 2 * MIN_BENDS:
        return False
    means = np.convolve(losses, np.full(MEAN_OF, 1 / MEAN_OF), "valid")
    lowest = int(means.argmin())
    tail = losses[lowest:]
    if len(tail) < 2 * MIN_BENDS:
        tail = losses[-2 * MIN_BENDS :]
    rise = float(means[-1] - means[lowest])
    return rise > RISEN * noise_width(tail) * sqrt(2 / MEAN_OF) and rise > 0


def noise_width(losses: FloatArray) -> float:
    """Standard deviation of the noise, from the distance of each loss to its neighbours' mean.

    The smallest width of the first quarter, the first half and the whole curve, because a
    divergence comes at the end. 0 if there are too few losses.
    """
    all_bends = bends(losses)
    medians = []
    for divisor in (1, 2, 4):
        part = all_bends[: len(all_bends) // divisor]
        if len(part) >= MIN_BENDS:
            medians.append(float(np.median(part)))
    # for normal noise, a median absolute deviation is 1 / 1.4826 standard deviations, and the
    # standard deviation of a bend is √1.5 times that of a loss
    return 1.4826 * min(medians, default=0.0) / sqrt(1.5)


def roughness(losses: FloatArray) -> FloatArray:
    """The noise at each loss, estimated from its own bend alone: meaningful as an average."""
    # for normal noise, the mean absolute deviation is √(2/π) standard deviations
    return np.pad(bends(losses), 1, mode="edge") * sqrt(pi / 2) / sqrt(1.5)


def noise_around(losses: FloatArray) -> FloatArray:
    """The noise at each loss, estimated from the bends around it; for the factors see above."""
    return 1.4826 * running_median(np.pad(bends(losses), 1, mode="edge")) / sqrt(1.5)


def running_median(values: FloatArray) -> FloatArray:
    """The median of the `NEIGHBOURS` values around each value."""
    padded = np.pad(values, NEIGHBOURS // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, NEIGHBOURS)
    medians: FloatArray = np.median(windows, axis=1)
    return medians


def bends(losses: FloatArray) -> FloatArray:
    """The distance of each loss, except the first and the last, to its two neighbours' mean."""
    distances: FloatArray = np.abs(losses[1:-1] - (losses[:-2] + losses[2:]) / 2)
    return distances
