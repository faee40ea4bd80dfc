"""A measured curve, and plain operations on it: smoothing and its inverse, trimming, sorting."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, SupportsFloat

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Numbers = ArrayLike | Iterable[SupportsFloat | None]  # a tensor, an array or any sequence
MetricMode = Literal["max", "min"]
SINGLE = np.finfo(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One range test as it was measured.

    All arrays are one-dimensional and of equal length, and may hold NaN and infinities.

    Attributes:
        lr: learning rates, in the order in which they were used.
        raw_loss: unsmoothed losses.
        loss: smoothed losses, as in torch_lr_finder's history.
        metric: better when larger or smaller, as `metric_mode` says.
        metric_mode: "max" or "min".
        num_iter: how many iterations were planned; the curve may be shorter.
        momentum: the optimizer's (beta1 of the Adam family, 0 without); None if unknown.
        ended: why the test ended, in the words of its outcome; "" if unknown.
        trimmed: measured points that a view leaves out.
    """

    lr: FloatArray
    raw_loss: FloatArray
    loss: FloatArray | None = None
    metric: FloatArray | None = None
    metric_mode: MetricMode = "max"
    num_iter: int | None = None
    momentum: float | None = None
    ended: str = ""
    trimmed: int = 0

    @property
    def planned(self) -> int:
        """Iterations of the whole ramp: as planned, though it may have stopped early."""
        return self.num_iter or len(self.lr) + self.trimmed

    @classmethod
    def of(
        cls,
        lr: Numbers,
        raw_loss: Numbers,
        loss: Numbers | None = None,
        metric: Numbers | None = None,
        metric_mode: MetricMode = "max",
        num_iter: int | None = None,
        momentum: float | None = None,
        ended: str = "",
    ) -> "Curve":
        """A curve from any sequences of numbers; None becomes NaN.

        Raises:
            ValueError: an argument is not one-dimensional, or their lengths differ.
        """
        given = {"lr": lr, "raw_loss": raw_loss, "loss": loss, "metric": metric}
        arrays: dict[str, FloatArray] = {}
        lengths: dict[str, int] = {}
        for name, values in given.items():
            if values is not None:
                arrays[name] = as_floats(name, values)
                lengths[name] = len(arrays[name])
        if len(set(lengths.values())) > 1:
            raise ValueError(f"all arrays of a curve need the same length, got {lengths}")
        return cls(
            **arrays,
            metric_mode=metric_mode,
            num_iter=num_iter,
            momentum=momentum,
            ended=ended,
            trimmed=0,
        )


def as_floats(name: str, values: Numbers) -> FloatArray:
    """`values` as a one-dimensional array of floats; None becomes NaN.

    Tensors, and tensors in a list, may have any device and precision and be part of a graph.

    Raises:
        ValueError: `values` are not numbers, or not one-dimensional; the text starts with `name`.
    """
    try:
        array = np.asarray(plain_numbers(values), dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name} must be a sequence of numbers: {error}") from None
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got {array.ndim} dimensions")
    return array


def plain_numbers(values: object) -> object:
    """`values` with every tensor and array in them converted to Python numbers."""
    if hasattr(values, "tolist"):
        return values.tolist()
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        return values
    numbers = []
    for value in values:
        numbers.append(value.item() if hasattr(value, "item") else value)
    return numbers


def exponential_average(losses: FloatArray, smooth_f: float) -> FloatArray:
    """torch_lr_finder's and ignite's smoothing: `f·loss + (1 - f)·previous`, not debiased.

    The first average is the first loss.
    """
    averages: list[float] = []
    for loss in losses.tolist():
        if averages:
            averages.append(smooth_f * loss + (1 - smooth_f) * averages[-1])
        else:
            averages.append(loss)
    return np.array(averages)


def debiased_average(losses: FloatArray, beta: float = 0.98, ahead: int = 0) -> FloatArray:
    """The smoothing of fastai and Lightning: an average from zero, divided by `1 - beta**(i + 1)`.

    Args:
        losses: raw losses.
        beta: weight of the past.
        ahead: how many steps the exponent of the divisor is ahead. Lightning's is 1 ahead, so that
            its curve begins at half the loss.
    """
    average = 0.0
    averages: list[float] = []
    for loss in losses.tolist():
        average = beta * average + (1 - beta) * loss
        averages.append(average)
    exponents = np.arange(len(losses)) + 1.0 + ahead
    debiased: FloatArray = np.array(averages) / (1 - beta**exponents)
    return debiased


@np.errstate(over="ignore", invalid="ignore")
def unsmooth(losses: FloatArray, smooth_f: float) -> FloatArray:
    """The raw losses of `exponential_average(raw, smooth_f)`, its inverse.

    torch_lr_finder keeps only the smoothed losses.
    """
    raw = losses.copy()
    raw[1:] = (losses[1:] - (1 - smooth_f) * losses[:-1]) / smooth_f
    return raw


@np.errstate(over="ignore", invalid="ignore")
def undebias(losses: FloatArray, beta: float = 0.98, ahead: int = 0) -> FloatArray:
    """The raw losses of `debiased_average(raw, beta, ahead)`, its inverse."""
    averages = losses * (1 - beta ** (np.arange(len(losses)) + 1 + ahead))
    before = np.concatenate([np.zeros(1), averages[:-1]])
    return (averages - beta * before) / (1 - beta)


def trim(array: FloatArray, skip_start: int, skip_end: int) -> FloatArray:
    """`array` without its first `skip_start` and last `skip_end` points."""
    return array[skip_start : max(len(array) - skip_end, 0)]


def on_log_axis(lrs: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """log10 of the rates in rising order, and the values at them.

    A rate that is not positive, that single precision cannot represent, or that occurs twice is
    left out. A value that single precision cannot represent becomes infinite.
    """
    usable = np.flatnonzero((lrs >= SINGLE.tiny) & (lrs <= SINGLE.max))
    log_lr, first = np.unique(np.log10(lrs[usable]), return_index=True)
    values = values[usable][first]
    return log_lr, np.where(np.abs(values) <= SINGLE.max, values, np.copysign(np.inf, values))
