"""One curve made ready to be averaged: its level, its noise, how far it falls, and how late a rate shows in it."""

from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np

from lrtui.analysis.curve import SINGLE, FloatArray

CAP = 3  # noise widths above the first losses: whatever is higher is no worse than this
ENOUGH = 8  # losses that a width can be told from
AGREE = 2  # two medians agree within so many standard errors of their difference
USUAL_MOMENTUM = 0.9  # PyTorch's default beta1, and what nearly everybody gives to SGD


@dataclass(frozen=True, slots=True)
class Trace:
    """One curve made ready: log10 of the rates, and how far the loss is below its first level, in units of the loss."""

    log_lr: FloatArray
    fall: FloatArray
    level: float
    level_error: float
    noise: float
    diverged: bool
    delay: float

    def earlier(self, log_lr: float) -> float:
        """Log10 of the rate that was in use `delay` iterations before `log_lr` was."""
        index = np.arange(len(self.log_lr))
        return float(np.interp(np.interp(log_lr, self.log_lr, index) - self.delay, index, self.log_lr))


def trace(log_lr: FloatArray, losses: FloatArray, momentum: float | None = None) -> Trace:
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
    return Trace(
        log_lr=log_lr,
        fall=level - np.minimum(losses, level + CAP * noise),
        level=level,
        level_error=noise / sqrt(len(first)),
        noise=noise,
        diverged=bool(losses[-1] > level + 2 * CAP * noise),
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
    """How many losses come before anything happens: the first tenth, and each further tenth that agrees with them."""
    tenth = max(3, len(losses) // 10)
    end = tenth
    while end + tenth <= len(losses):
        change = np.median(losses[end : end + tenth]) - np.median(losses[:end])
        # the variance of a median is π/2 of that of a mean
        if abs(change) > AGREE * noise * sqrt(pi / 2 * (1 / end + 1 / tenth)):
            break
        end += tenth
    return end


def noise_width(losses: FloatArray) -> float:
    """Standard deviation of the noise, from how far each loss is off the mean of its two neighbours.

    The smallest of those of the first quarter, the first half and the whole: a divergence comes at the end.
    """
    bends = np.abs(losses[1:-1] - (losses[:-2] + losses[2:]) / 2)
    parts = [bends[: len(bends) // parts] for parts in (1, 2, 4)]
    middle = min((float(np.median(part)) for part in parts if len(part) >= ENOUGH), default=0.0)
    # of normal noise, the median absolute deviation is 1 / 1.4826 standard deviations; a bend is √1.5 as wide as a loss
    return 1.4826 * middle / sqrt(1.5)
