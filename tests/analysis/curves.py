"""Curves whose answer is known, because they are made by a formula."""

import numpy as np


def ladder(num_iter: int = 100, start_lr: float = 1e-7, end_lr: float = 10.0) -> np.ndarray:
    return np.geomspace(start_lr, end_lr, num_iter)


def wiggle(num_iter: int) -> np.ndarray:
    """Noise of width 0.5 or so that is the same on every machine."""
    i = np.arange(num_iter)
    return np.sin(12.9898 * i) * np.cos(4.1414 * i)


def noise(num_iter: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=num_iter)


def valley(
    num_iter: int = 100,
    width: float = 0.05,
    seed: int = 0,
    start_lr: float = 1e-7,
    end_lr: float = 10.0,
) -> tuple[np.ndarray, np.ndarray]:
    """A loss that falls from 2.3 by half of 1.8 at 1e-3, and diverges: back at its first level at 0.32."""
    lrs = ladder(num_iter, start_lr, end_lr)
    return lrs, 2.3 - 1.8 / (1 + (lrs / 1e-3) ** -1.2) + (lrs / 0.18) ** 2 + width * noise(
        num_iter, seed
    )
