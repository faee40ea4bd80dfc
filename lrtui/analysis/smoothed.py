"""Losses that were smoothed before: how to detect them, and when to refuse an answer.

An exponential average of noise wanders: neighbours are alike, while points further apart differ by
more than the differences of neighbours suggest. A curve that is smooth because it has no noise does
not wander: its differences have no noise either.
"""

from math import inf, sqrt

import msgspec
import numpy as np

from lrtui.analysis.answer import Suggestion
from lrtui.analysis.curve import FloatArray

MIN_LOSSES = 20  # in the first quarter of a curve
# times the noise between neighbours; 1 in 50 curves of raw losses wanders that far
WANDERS = 1.5
ALIKE = 1e-12  # of von Neumann's ratio; neighbours that differ less are one course, not noise
VISIBLE = 1 / 500  # share of the whole curve's height; smaller noise hides nothing
ADVICE = "Pass the raw losses, or smooth_f."
SMOOTHED = (
    "These losses look smoothed, which shifts the answer to higher rates:"
    " pass the raw losses, or smooth_f."
)


@np.errstate(over="ignore", invalid="ignore")
def hidden_noise(losses: FloatArray) -> float | None:
    """How many times larger the error of a mean is than neighbours suggest; None for raw losses.

    With the correlation ρ of neighbours, the error of a mean is that of independent losses times
    √((1 + ρ) / (1 - ρ)).
    """
    first = losses[: len(losses) // 4]
    first = first[np.isfinite(first)]
    if len(first) < MIN_LOSSES:
        return None
    slopes, bends = np.diff(first), np.diff(first, 2)
    noise = float(bends.std()) / 2 / sqrt(1.5)
    wandering = wander(first)
    finite = losses[np.isfinite(losses)]
    height = float(np.ptp(finite[: len(finite) * 3 // 4]))
    # a smooth course bends little: the bends of independent losses have 3 times the variance of
    # their slopes, those of averaged losses 2 times
    is_noisy = float(bends.var()) > float(slopes.var()) > 0
    is_visible = wandering > VISIBLE * height
    if not is_noisy or not is_visible or wandering < WANDERS * noise:
        return None
    variance = float(first.var())
    if not 0 < variance < inf:
        return None
    ratio = float(np.mean(slopes**2)) / variance  # von Neumann's ratio, 2 (1 - ρ)
    if not ratio > ALIKE:
        return None
    correlation = 1 - min(ratio, 1.99) / 2
    return wandering / noise * sqrt((1 + correlation) / (1 - correlation))


def wander(losses: FloatArray) -> float:
    """Standard deviation of the distances to a smooth course, a cubic fitted to the losses."""
    position = np.linspace(-1, 1, len(losses))
    distances = np.abs(losses - np.polyval(np.polyfit(position, losses, 3), position))
    # from the median distance, so that a single outlier does not count as wandering
    return 1.4826 * float(np.median(distances))


def doubt(suggestion: Suggestion, sure: bool) -> Suggestion:
    """The answer to losses that look smoothed; a refusal unless it is `sure` in spite of that."""
    if suggestion.verdict == "ok" and sure:
        return msgspec.structs.replace(suggestion, advice=SMOOTHED)
    return Suggestion(
        verdict="too_noisy",
        reason="These losses look smoothed: their falls and rises may be averaged noise.",
        advice=ADVICE,
        method=suggestion.method,
    )
