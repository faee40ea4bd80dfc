"""Every published rule for reading a rate off a range test, each exactly as its library applies it.

A rule takes the learning rates and the losses that its library would give it, and returns a rate, or None where the
original raises or says that it has no answer. `suggest_all` gives each of them the curve that its original smooths and
trims for itself.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from statistics import geometric_mean
from typing import NamedTuple

import numpy as np

from lrtui.analysis.curve import Curve, FloatArray, debiased_average, exponential_average, trim

Rule = Callable[[FloatArray, FloatArray], float | None]
ALIKE = 3.0  # times another: rates that are further apart are not the same answer


def steepest(
    lrs: FloatArray, losses: FloatArray, skip_start: int = 10, skip_end: int = 5
) -> float | None:
    """Where the smoothed loss falls most from one point to the next.

    torch_lr_finder 0.2.2, `LRFinder.plot`: 10 points at the start and 5 at the end are skipped.
    """
    if len(lrs) < skip_start + skip_end + 2:
        return None
    gradient = np.gradient(trim(losses, skip_start, skip_end))
    return float(trim(lrs, skip_start, skip_end)[gradient.argmin()])


def valley(lrs: FloatArray, losses: FloatArray) -> float | None:
    """Half-way along the longest decreasing subsequence, counted back from its end as if it had no gaps.

    fastai 2, `callback.schedule.valley` (after ESRI's arcgis.learn). Patience sorting finds the length of the same
    subsequence in n·log n steps, where fastai takes n².
    """
    if len(lrs) == 0:
        return None
    end, longest = 0, 1
    tails: list[float] = []
    for i, loss in enumerate((-losses).tolist()):
        place = bisect_left(tails, loss)
        tails[place : place + 1] = [loss]
        if place + 1 > longest:
            end, longest = i, place + 1
    start = end - longest if longest > 1 else 0
    third = (end - start) / 3
    return float(lrs[start + int(third) + int(third / 2)])


def slide(
    lrs: FloatArray, losses: FloatArray, lr_diff: int = 15, thresh: float = 0.005
) -> float | None:
    """From the right, the first place where the slopes at both ends of a window of `lr_diff` points are alike.

    fastai 2, `callback.schedule.slide` (after Marc Rostock's and novetta's interval slide rule).
    """
    if len(losses) <= lr_diff:
        return None
    gradient = np.gradient(losses)
    alike = np.flatnonzero(~(np.abs(gradient[lr_diff:] - gradient[:-lr_diff]) > thresh))
    # one point right of the place where the original's loop ends, but never right of where it began
    return float(lrs[min(alike[-1] + 1, len(lrs) - 1 - lr_diff) if len(alike) else 0])


def minimum(lrs: FloatArray, losses: FloatArray) -> float | None:
    """A tenth of the rate with the lowest loss. fastai 2, `callback.schedule.minimum`."""
    return float(lrs[losses.argmin()]) / 10 if len(lrs) else None


def steep(lrs: FloatArray, losses: FloatArray) -> float | None:
    """Where the loss falls most for each step in log(lr). fastai 2, `callback.schedule.steep`."""
    if len(lrs) < 2:
        return None
    return float(lrs[(np.diff(losses) / np.diff(np.log(lrs))).argmin()])


def ignite(lrs: FloatArray, losses: FloatArray) -> float | None:
    """Where the smoothed loss falls most, left of its minimum. ignite 0.5, `FastaiLRFinder.lr_suggestion`."""
    if len(losses) == 0:
        return None
    falling = losses[: int(losses.argmin()) + 1]
    if len(falling) < 3:
        return None
    slopes = (falling[2:] - falling[:-2]) / 2
    return float(lrs[slopes.argmin() + 1])


def lightning(
    lrs: FloatArray, losses: FloatArray, skip_begin: int = 10, skip_end: int = 1
) -> float | None:
    """Where the derivative by the learning rate itself is lowest. Lightning ≥ 2.5.3, `_LRFinder.suggestion`."""
    lrs, losses = trim(lrs, skip_begin, skip_end), trim(losses, skip_begin, skip_end)
    finite = np.isfinite(losses)
    if finite.sum() < 2:
        return None
    return float(lrs[finite][np.gradient(losses[finite], lrs[finite]).argmin()])


def lightning_classic(
    lrs: FloatArray, losses: FloatArray, skip_begin: int = 10, skip_end: int = 1
) -> float | None:
    """Where the smoothed loss falls most from one point to the next. Lightning < 2.5.3, `_LRFinder.suggestion`.

    As in the original, losses that are not finite shift the answer to the left.
    """
    kept = trim(losses, skip_begin, skip_end)
    kept = kept[np.isfinite(kept)]
    if len(kept) < 2:
        return None
    return float(lrs[np.gradient(kept).argmin() + skip_begin])


RULES: dict[str, Rule] = {
    "steepest": steepest,
    "valley": valley,
    "slide": slide,
    "minimum": minimum,
    "steep": steep,
    "ignite": ignite,
    "lightning": lightning,
    "lightning_classic": lightning_classic,
}


def original_curves(curve: Curve) -> dict[str, tuple[FloatArray, FloatArray]]:
    """For each rule, the learning rates and losses that its library would have had from this test."""
    history = (
        curve.loss if curve.loss is not None else exponential_average(curve.raw_loss, smooth_f=0.05)
    )
    like_torch_lr_finder = curve.lr, history
    like_lightning = curve.lr, debiased_average(curve.raw_loss, ahead=1)
    like_fastai = fastai_curve(curve)
    return {
        "steepest": like_torch_lr_finder,
        "valley": like_fastai,
        "slide": like_fastai,
        "minimum": like_fastai,
        "steep": like_fastai,
        "ignite": like_torch_lr_finder,
        "lightning": like_lightning,
        "lightning_classic": like_lightning,
    }


def fastai_curve(curve: Curve) -> tuple[FloatArray, FloatArray]:
    """What `Learner.lr_find` gives its rules: all but the first tenth and the last 5 points, up to the first NaN."""
    skip_start = (curve.num_iter or len(curve.lr)) // 10
    lrs, losses = (
        trim(array, skip_start, 5) for array in (curve.lr, debiased_average(curve.raw_loss))
    )
    nan = np.flatnonzero(np.isnan(losses))
    end = int(nan[0]) if len(nan) else len(losses)
    return lrs[:end], losses[:end]


@np.errstate(all="ignore")
def suggest_all(curve: Curve) -> dict[str, float | None]:
    """What every published rule makes of this curve, smoothed and trimmed as its library does it."""
    curves = original_curves(curve)
    return {name: rule(*curves[name]) for name, rule in RULES.items()}


class Agreement(NamedTuple):
    """So many of the rules that answer do so within a factor of `ALIKE`, around a rate (their geometric mean)."""

    rules: int
    of: int
    lr: float


def agreement(suggestions: Mapping[str, float | None]) -> Agreement | None:
    """How far the rules agree: the largest group of like answers, the lowest one of several as large; None if none."""
    rates = sorted(lr for lr in suggestions.values() if lr)
    groups = [
        [other for other in rates[place:] if other <= lr * ALIKE] for place, lr in enumerate(rates)
    ]
    alike = max(groups, key=len, default=[])
    return Agreement(len(alike), len(rates), geometric_mean(alike)) if alike else None
