"""The smoothed loss of a growing curve, its best value, and whether the curve has diverged."""

import math
from dataclasses import dataclass


@dataclass
class Tracker:
    """Exponential smoothing and the divergence rule, both torch_lr_finder's.

    smoothed_i = smooth_f · loss_i + (1 - smooth_f) · smoothed_{i-1}, without bias correction. The
    curve has diverged when the smoothed loss exceeds diverge_th · best.

    That rule means nothing for losses that are zero or negative (torch_lr_finder stops after one
    point). For those the threshold is as far above the best loss as it would be for a positive loss
    of the size of the first loss that is not zero.

    Args:
        smooth_f: weight of the newest loss, in [0, 1); 0 switches smoothing off.
        diverge_th: stop when the smoothed loss exceeds the best one by this factor.
    """

    smooth_f: float = 0.05
    diverge_th: float = 5.0
    best: float = math.inf
    _last: float | None = None
    _scale: float = 0.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not 0 <= self.smooth_f < 1:
            raise ValueError("smooth_f is outside the range [0, 1[")

    def add(self, loss: float) -> float:
        """Add the next raw loss and return the smoothed one."""
        self._scale = self._scale or abs(loss)
        if self._last is not None and self.smooth_f > 0:
            loss = self.smooth_f * loss + (1 - self.smooth_f) * self._last
        self._last = loss
        if loss < self.best:
            self.best = loss
        return loss

    @property
    def diverged(self) -> bool:
        """Whether the last smoothed loss is too far above the best one."""
        if self._last is None:
            return False
        if self.best > 0:
            return self._last > self.diverge_th * self.best
        return self._last > self.best + (self.diverge_th - 1) * max(abs(self.best), self._scale)
