"""Losses that somebody has smoothed before: how to tell, and what to doubt then.

An exponential average of noise wanders: neighbours are alike, while places further apart differ by more than neighbours
would let one expect. A curve that is merely smooth, without noise, does not do that: its differences have no noise.
"""

from math import sqrt

import msgspec
import numpy as np

from lrtui.analysis.answer import Suggestion
from lrtui.analysis.curve import FloatArray

ENOUGH = 20  # losses that it can be told from
WANDERS = (
    1.5  # times as far from a smooth course as neighbours from each other: of raw losses 1 in 50 do
)
VISIBLE = 1 / 500  # of the whole curve; noise that is smaller hides nothing
SMOOTHED = "These losses look smoothed, which moves the answer to higher rates: give the raw ones, or smooth_f."


def hidden_noise(losses: FloatArray) -> float | None:
    """How many times larger the error of an average is than the differences of neighbours tell; None for raw losses.

    With the correlation ρ of neighbours, the error of a mean is that of independent losses times √((1 + ρ) / (1 - ρ)).
    """
    first = losses[: len(losses) // 4]
    first = first[np.isfinite(first)]
    if len(first) < ENOUGH:
        return None
    slopes, bends = np.diff(first), np.diff(first, 2)
    place = np.linspace(-1, 1, len(first))
    off = np.abs(first - np.polyval(np.polyfit(place, first, 3), place))
    wandering = 1.4826 * float(
        np.median(off)
    )  # not the standard deviation: a single loss apart is no wandering
    noise = float(bends.std()) / 2 / sqrt(1.5)
    # the differences of a smooth course bend little: of independent losses 3 times their variance, of averaged ones 2
    noisy = float(bends.var()) > float(slopes.var()) > 0
    known = losses[np.isfinite(losses)]
    seen = wandering > VISIBLE * float(np.ptp(known[: len(known) * 3 // 4]))
    if not noisy or not seen or wandering < WANDERS * noise:
        return None
    ratio = float(np.mean(slopes**2)) / float(first.var())  # von Neumann's: 2 (1 - ρ)
    correlation = 1 - min(ratio, 1.99) / 2
    return wandering / noise * sqrt((1 + correlation) / (1 - correlation))


def doubted(found: Suggestion, sure: bool) -> Suggestion:
    """The answer with what to do about the smoothing, or none where it is not sure in spite of it."""
    if found.verdict == "ok" and sure:
        return msgspec.structs.replace(found, advice=SMOOTHED)
    return Suggestion(
        verdict="too_noisy",
        reason="These losses look smoothed: what falls and rises in them may be their noise, averaged.",
        advice="Give the raw losses, or smooth_f.",
        method=found.method,
    )
