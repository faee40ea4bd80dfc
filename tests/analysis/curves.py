"""Curves with a known answer, because a formula makes them."""

import numpy as np

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.curve import FloatArray

RatesAndLosses = tuple[FloatArray, FloatArray]


def ladder(num_iter: int = 100, start_lr: float = 1e-7, end_lr: float = 10.0) -> FloatArray:
    """Rates in a geometric series."""
    rates: FloatArray = np.geomspace(start_lr, end_lr, num_iter)
    return rates


def wiggle(num_iter: int) -> FloatArray:
    """Noise of a width of about 0.5 that is the same on every machine."""
    i = np.arange(num_iter)
    noises: FloatArray = np.sin(12.9898 * i) * np.cos(4.1414 * i)
    return noises


def noise(num_iter: int, seed: int = 0) -> FloatArray:
    """Normal noise of width 1."""
    return np.random.default_rng(seed).normal(size=num_iter)


def valley(
    num_iter: int = 100,
    width: float = 0.05,
    seed: int = 0,
    start_lr: float = 1e-7,
    end_lr: float = 10.0,
) -> RatesAndLosses:
    """A loss that falls from 2.3, by half of 1.8 at 1e-3, and is back at 2.3 at 0.32."""
    lrs = ladder(num_iter, start_lr, end_lr)
    fall = 1.8 / (1 + (lrs / 1e-3) ** -1.2)
    divergence = (lrs / 0.18) ** 2
    return lrs, 2.3 - fall + divergence + width * noise(num_iter, seed)


def bowl(centre: float, num_iter: int = 400) -> RatesAndLosses:
    """A valley without noise that is symmetric around log10(lr) = centre."""
    lrs = ladder(num_iter)
    return lrs, 1 - np.exp(-((np.log10(lrs) - centre) ** 2))


def trained(
    lrs: FloatArray, momentum: float = 0.9, lowest: float = 0.01, seed: int = 0
) -> RatesAndLosses:
    """SGD on a quadratic with curvatures from `lowest` to 1, with noise in loss and gradient.

    Unlike the other curves it falls at lower rates where a ramp has more iterations, as a training
    does.
    """
    draws = np.random.default_rng(seed)
    curvatures = np.geomspace(lowest, 1, 8)
    weights, step, losses = np.ones(8), np.zeros(8), []
    for lr in lrs:
        loss = 2.3 * float((weights**2).mean())
        losses.append(loss + 0.02 * draws.normal())
        if loss > 12:
            break
        gradient = curvatures * weights + 0.05 * np.sqrt(curvatures) * draws.normal(size=8)
        step = momentum * step + gradient
        weights = weights - lr * step
    return lrs[: len(losses)], np.array(losses)


def lr_of(suggestion: Suggestion) -> float:
    """The suggested rate, which has to exist."""
    assert suggestion.lr is not None, suggestion.verdict
    return suggestion.lr


def interval_of(suggestion: Suggestion) -> tuple[float, float]:
    """The ends of the interval, which has to exist."""
    assert suggestion.low is not None
    assert suggestion.high is not None
    return suggestion.low, suggestion.high


def existing(bounds: Bounds | None) -> Bounds:
    """The bounds, which have to exist."""
    assert bounds is not None
    return bounds
