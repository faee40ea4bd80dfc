"""A measured curve and the plain operations on it: exponential smoothing and its inverse, trimming, tidying."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
MetricMode = Literal["max", "min"]
SINGLE = np.finfo(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One range test as it was measured: one-dimensional arrays of equal length, non-finite values included.

    `raw_loss` is unsmoothed; `loss` is the smoothed one, as in torch_lr_finder's history; `metric` is better when it is
    larger or smaller, as `metric_mode` says; `num_iter` is what was planned, where the test was stopped before that;
    `momentum` is the optimizer's (beta1 of the Adam family, 0 for one without), None where it is not known.
    """

    lr: FloatArray
    raw_loss: FloatArray
    loss: FloatArray | None = None
    metric: FloatArray | None = None
    metric_mode: MetricMode = "max"
    num_iter: int | None = None
    momentum: float | None = None

    @classmethod
    def of(
        cls,
        lr: ArrayLike,
        raw_loss: ArrayLike,
        loss: ArrayLike | None = None,
        metric: ArrayLike | None = None,
        metric_mode: MetricMode = "max",
        num_iter: int | None = None,
        momentum: float | None = None,
    ) -> "Curve":
        """A curve from any sequences of numbers; None and other gaps become NaN.

        Raises:
            ValueError: an argument is not one-dimensional, or their lengths differ.
        """
        given = {"lr": lr, "raw_loss": raw_loss, "loss": loss, "metric": metric}
        arrays = {
            name: as_floats(name, values) for name, values in given.items() if values is not None
        }
        lengths = {name: len(array) for name, array in arrays.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"all of a curve's arrays need the same length, got {lengths}")
        return cls(**arrays, metric_mode=metric_mode, num_iter=num_iter, momentum=momentum)


def as_floats(name: str, values: ArrayLike) -> FloatArray:
    """`values` as a one-dimensional array of floats; None becomes NaN. Raises ValueError otherwise.

    A tensor may be on any device, of any precision and part of a graph, and so may those in a list.
    """
    try:
        plain: Any = values
        if hasattr(plain, "tolist"):
            plain = plain.tolist()
        elif isinstance(plain, Iterable) and not isinstance(plain, str | bytes):
            plain = [value.item() if hasattr(value, "item") else value for value in plain]
        array = np.asarray(plain, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} must be a sequence of numbers: {error}") from None
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got {array.ndim} dimensions")
    return array


def exponential_average(losses: FloatArray, smooth_f: float) -> FloatArray:
    """torch_lr_finder's and ignite's smoothing: `f·loss + (1 - f)·previous`, from the first loss on, not debiased."""
    averaged = accumulate(
        losses.tolist(), lambda previous, loss: smooth_f * loss + (1 - smooth_f) * previous
    )
    return np.array(list(averaged))


def debiased_average(losses: FloatArray, beta: float = 0.98, ahead: int = 0) -> FloatArray:
    """The smoothing of fastai and Lightning: an average from zero, divided by `1 - beta**(i + 1)`.

    Args:
        losses: raw.
        beta: weight of the past.
        ahead: steps by which the divisor runs ahead; Lightning's runs 1 ahead, and its curve begins at half the loss.
    """
    averaged = accumulate(
        losses.tolist(), lambda past, loss: beta * past + (1 - beta) * loss, initial=0.0
    )
    debiased: FloatArray = np.array(list(averaged))[1:] / (
        1 - beta ** (np.arange(len(losses)) + 1.0 + ahead)
    )
    return debiased


def unsmooth(losses: FloatArray, smooth_f: float) -> FloatArray:
    """The raw losses behind `exponential_average(raw, smooth_f)`: torch_lr_finder keeps only the smoothed ones."""
    raw = losses.copy()
    raw[1:] = (losses[1:] - (1 - smooth_f) * losses[:-1]) / smooth_f
    return raw


def trim(array: FloatArray, skip_start: int, skip_end: int) -> FloatArray:
    """`array` without its first `skip_start` and last `skip_end` points."""
    return array[skip_start : max(len(array) - skip_end, 0)]


def on_log_axis(lrs: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log10 of the rates, rising, and the values there: NaN or infinite where they are too large for single precision.

    A point needs a rate of its own that is positive, and that single precision can hold.
    """
    usable = np.flatnonzero((lrs >= SINGLE.tiny) & (lrs <= SINGLE.max))
    log_lr, first = np.unique(np.log10(lrs[usable]), return_index=True)
    values = values[usable][first]
    return log_lr, np.where(np.abs(values) <= SINGLE.max, values, np.copysign(np.inf, values))
