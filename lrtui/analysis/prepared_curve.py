"""One curve made ready to be averaged: its level, its noise, how far it falls, and how late a rate shows in it."""

from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np

from lrtui.analysis.curve import SINGLE, FloatArray

CAP = 3  # noise widths above the first losses: whatever is higher is no worse than this
ENOUGH = 8  # losses that a width can be told from
AGREE, SURELY = 2, 4  # standard errors of a difference: it may be chance, it is none
NEXT = 9  # losses that are next to each other
LAST = 5  # losses that an end, or a lowest point, is the mean of
RISEN = 6  # standard errors; more than SURELY, because the lowest of many means is a low one
USUAL_MOMENTUM = 0.9  # PyTorch's default beta1, and what nearly everybody gives to SGD


@dataclass(frozen=True, slots=True)
class PreparedCurve:
    """One curve made ready: log10 of the rates, and how far the loss is below its first level, in units of the loss.

    `rough` is the noise around each point, where `noise` is that of the quietest part; `fair` is a fall that such noise
    does not deepen, as it does `fall`, which counts nothing above the first level and its noise; `at_once` says that
    the loss moved at the first rates already.
    """

    log_lr: FloatArray
    fall: FloatArray
    fair: FloatArray
    rough: FloatArray
    level: float
    level_error: float
    noise: float
    diverged: bool
    turned: bool
    at_once: bool
    delay: float

    def earlier(self, log_lr: float) -> float:
        """Log10 of the rate that was in use `delay` iterations before `log_lr` was."""
        index = np.arange(len(self.log_lr))
        return float(
            np.interp(np.interp(log_lr, self.log_lr, index) - self.delay, index, self.log_lr)
        )


def trace(log_lr: FloatArray, losses: FloatArray, momentum: float | None = None) -> PreparedCurve:
    """What counts of a curve: gaps are left out; a tail that is not finite is a loss without limit.

    Args:
        log_lr: log10 of the learning rates, increasing.
        losses: raw, at least one of them finite.
        momentum: of the optimizer (Adam's beta1), see `delay`.
    """
    finite = np.isfinite(losses)
    kept = finite | (np.arange(len(losses)) > np.flatnonzero(finite)[-1])
    log_lr, losses = log_lr[kept], np.where(finite, losses, np.inf)[kept]
    known = losses[np.isfinite(losses)]
    noise = noise_width(known)
    first = known[: before_change(known, noise)]
    ceiling = float(np.median(first)) + CAP * noise
    level, width = float(np.minimum(first, ceiling).mean()), float(np.minimum(first, ceiling).std())
    # no loss is known better than to single precision
    noise = max(noise, width, float(SINGLE.eps) * max(abs(level), level - float(known.min())))
    diverged = bool(losses[-1] > level + 2 * CAP * noise)
    around = noise_around(np.minimum(losses, float(known.max())))
    losses = np.maximum(
        losses, middle_around(losses) - CAP * np.maximum(noise, around)
    )  # a low one alone is no fall
    fall = level - np.minimum(losses, level + CAP * noise)
    return PreparedCurve(
        log_lr=log_lr,
        fall=fall,
        fair=level - np.minimum(losses, level + CAP * np.maximum(noise, around)),
        rough=roughness(fall),
        level=level,
        level_error=noise / sqrt(len(first)),
        noise=noise,
        diverged=diverged,
        turned=diverged or turned_up(known),
        at_once=len(first) < len(known) // 10,
        delay=delay(momentum),
    )


def delay(momentum: float | None) -> float:
    """Iterations from a learning rate's turn to the losses that it is to blame for.

    One, because a loss is taken before the step; and the median age of the gradients that a step is an average of: with
    weights that fall as momentum^age, half of them are younger than log(1/2) / log(momentum), 6.6 iterations at 0.9.
    Where the momentum is not known, half-way between none and 0.9.
    """
    if momentum is None:
        return (delay(0.0) + delay(USUAL_MOMENTUM)) / 2
    return 1.0 if momentum <= 0 else 1 + log(0.5) / log(min(momentum, 0.999))


def before_change(losses: FloatArray, noise: float) -> int:
    """How many losses come before anything happens: the first tenth, and each further tenth that agrees with them.

    Where the first tenth does not agree with itself the loss moves from the start on, and it is the first third of it.
    """
    tenth = max(3, len(losses) // 10)
    while tenth >= 9 and not agree(
        losses[: tenth // 3], losses[tenth - tenth // 3 : tenth], noise, SURELY
    ):
        tenth //= 3
    end = tenth
    while end + tenth <= len(losses) and agree(
        losses[:end], losses[end : end + tenth], noise, AGREE
    ):
        end += tenth
    return end


def agree(some: FloatArray, others: FloatArray, noise: float, errors: float) -> bool:
    """Whether two medians agree within so many standard errors of their difference."""
    # the variance of a median is π/2 of that of a mean
    error = noise * sqrt(pi / 2 * (1 / len(some) + 1 / len(others)))
    return abs(float(np.median(others) - np.median(some))) <= errors * error


def turned_up(losses: FloatArray) -> bool:
    """Whether the last losses are for sure above the lowest ones, by the noise that there is between those and them.

    However little that is beside the whole fall: a test is stopped at a few times the lowest loss.
    """
    if len(losses) < 2 * ENOUGH:
        return False
    means = np.convolve(losses, np.full(LAST, 1 / LAST), "valid")
    lowest = int(means.argmin())
    after = losses[lowest : len(losses)]
    rise = float(means[-1] - means[lowest])
    noise = noise_width(after if len(after) >= 2 * ENOUGH else losses[-2 * ENOUGH :])
    return rise > RISEN * noise * sqrt(2 / LAST) and rise > 0


def noise_width(losses: FloatArray) -> float:
    """Standard deviation of the noise, from how far each loss is off the mean of its two neighbours.

    The smallest of those of the first quarter, the first half and the whole: a divergence comes at the end.
    """
    bends = bent(losses)
    parts = [bends[: len(bends) // parts] for parts in (1, 2, 4)]
    middle = min((float(np.median(part)) for part in parts if len(part) >= ENOUGH), default=0.0)
    # of normal noise, the median absolute deviation is 1 / 1.4826 standard deviations; a bend is √1.5 as wide as a loss
    return 1.4826 * middle / sqrt(1.5)


def roughness(losses: FloatArray) -> FloatArray:
    """The noise around each loss, as its own bend alone tells it: to be averaged over many."""
    # of normal noise, the mean absolute deviation is √(2/π) standard deviations
    return np.pad(bent(losses), 1, mode="edge") * sqrt(pi / 2) / sqrt(1.5)


def noise_around(losses: FloatArray) -> FloatArray:
    """The noise around each loss, as those next to it tell it."""
    return 1.4826 * middle_around(np.pad(bent(losses), 1, mode="edge")) / sqrt(1.5)


def middle_around(values: FloatArray) -> FloatArray:
    """The median of each value and those next to it."""
    padded = np.pad(values, NEXT // 2, mode="edge")
    middle: FloatArray = np.median(np.lib.stride_tricks.sliding_window_view(padded, NEXT), axis=1)
    return middle


def bent(losses: FloatArray) -> FloatArray:
    """How far each loss but the first and last is off the mean of its two neighbours."""
    bends: FloatArray = np.abs(losses[1:-1] - (losses[:-2] + losses[2:]) / 2)
    return bends
