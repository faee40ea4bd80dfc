"""The published rules for reading a rate off a range test, each exactly as its library applies it.

A rule takes the learning rates and the losses that its library would pass to it, and returns a
rate, or None where the original raises or reports that it has no answer. `suggest_all` smooths and
trims the curve for each rule as its library does.

The first line of a rule's docstring is shown on screen beside its answer.
"""

from bisect import bisect_left
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from lrtui.analysis.curve import Curve, FloatArray, debiased_average, exponential_average, trim

Rule = Callable[[FloatArray, FloatArray], float | None]
RatesAndLosses: TypeAlias = tuple[FloatArray, FloatArray]


def steepest(
    lrs: FloatArray, losses: FloatArray, skip_start: int = 10, skip_end: int = 5
) -> float | None:
    """Where the smoothed loss falls most from one point to the next.

    torch_lr_finder 0.2.2, `LRFinder.plot`, which skips 10 points at the start and 5 at the end.
    """
    if len(lrs) < skip_start + skip_end + 2:
        return None
    gradient = np.gradient(trim(losses, skip_start, skip_end))
    return float(trim(lrs, skip_start, skip_end)[gradient.argmin()])


def valley(lrs: FloatArray, losses: FloatArray) -> float | None:
    """Half-way along the longest decreasing subsequence, counted back from its end without gaps.

    fastai 2, `callback.schedule.valley` (after ESRI's arcgis.learn). Patience sorting finds the
    length of the same subsequence in n·log n steps, where fastai takes n².
    """
    if len(lrs) == 0:
        return None
    start, end, longest = 0, 0, 1
    tails: list[float] = []
    for i, loss in enumerate((-losses).tolist()):
        position = bisect_left(tails, loss)
        tails[position : position + 1] = [loss]
        length = position + 1
        if length > longest:
            start, end, longest = i - length, i, length
    third = (end - start) / 3
    return float(lrs[start + int(third) + int(third / 2)])


def slide(
    lrs: FloatArray, losses: FloatArray, lr_diff: int = 15, thresh: float = 0.005
) -> float | None:
    """Rightmost window of `lr_diff` points with similar slopes at both of its ends.

    fastai 2, `callback.schedule.slide` (after Marc Rostock's and novetta's interval slide rule).
    """
    if len(losses) <= lr_diff:
        return None
    gradient = np.gradient(losses)
    similar = np.flatnonzero(~(np.abs(gradient[lr_diff:] - gradient[:-lr_diff]) > thresh))
    if len(similar) == 0:
        return float(lrs[0])
    # one point right of where the original's loop ends, but never right of where it began
    return float(lrs[min(similar[-1] + 1, len(lrs) - 1 - lr_diff)])


def minimum(lrs: FloatArray, losses: FloatArray) -> float | None:
    """A tenth of the rate with the lowest loss. fastai 2, `callback.schedule.minimum`."""
    if len(lrs) == 0:
        return None
    return float(lrs[losses.argmin()]) / 10


def steep(lrs: FloatArray, losses: FloatArray) -> float | None:
    """Where the loss falls most for each step in log(lr). fastai 2, `callback.schedule.steep`."""
    if len(lrs) < 2:
        return None
    return float(lrs[(np.diff(losses) / np.diff(np.log(lrs))).argmin()])


def ignite(lrs: FloatArray, losses: FloatArray) -> float | None:
    """Where the smoothed loss falls most, left of its minimum.

    ignite 0.5, `FastaiLRFinder.lr_suggestion`.
    """
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
    """Where the derivative with respect to the learning rate itself is lowest.

    Lightning ≥ 2.5.3, `_LRFinder.suggestion`.
    """
    lrs, losses = trim(lrs, skip_begin, skip_end), trim(losses, skip_begin, skip_end)
    finite = np.isfinite(losses)
    if finite.sum() < 2:
        return None
    return float(lrs[finite][np.gradient(losses[finite], lrs[finite]).argmin()])


def lightning_classic(
    lrs: FloatArray, losses: FloatArray, skip_begin: int = 10, skip_end: int = 1
) -> float | None:
    """Where the smoothed loss falls most from one point to the next, as Lightning did before 2.5.3.

    `_LRFinder.suggestion`. As in the original, losses that are not finite shift the answer left.
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


def original_curves(curve: Curve) -> dict[str, RatesAndLosses]:
    """For each rule, the learning rates and losses that its library would have from this test."""
    smoothed = curve.loss
    if smoothed is None:
        smoothed = exponential_average(curve.raw_loss, smooth_f=0.05)
    like_torch_lr_finder = curve.lr, smoothed
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


def fastai_curve(curve: Curve) -> RatesAndLosses:
    """The curve that fastai's `Learner.lr_find` passes to its rules.

    Without the first tenth of the planned iterations and the last 5 points, up to the first NaN.
    """
    skip_start = (curve.num_iter or len(curve.lr)) // 10
    lrs = trim(curve.lr, skip_start, 5)
    losses = trim(debiased_average(curve.raw_loss), skip_start, 5)
    nan = np.flatnonzero(np.isnan(losses))
    end = len(losses)
    if len(nan):
        end = int(nan[0])
    return lrs[:end], losses[:end]


@np.errstate(all="ignore")
def suggest_all(curve: Curve) -> dict[str, float | None]:
    """What every published rule suggests for this curve."""
    curves = original_curves(curve)
    suggestions = {}
    for name, rule in RULES.items():
        suggestions[name] = answer_of(rule, *curves[name])
    return suggestions


def answer_of(rule: Rule, lrs: FloatArray, losses: FloatArray) -> float | None:
    """What a rule suggests; None where it raises, as most of the originals do on some curves."""
    try:
        return rule(lrs, losses)
    except Exception:  # noqa: BLE001 - see above
        return None
