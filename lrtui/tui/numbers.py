"""How numbers are written on the screen: one format for learning rates, losses and times."""

import math

from lrtui.report.progress import clock


def rate(lr: float | None) -> str:
    """A learning rate with three significant digits, such as `3.20e-03`."""
    if lr is None:
        return "–"
    return f"{lr:.2e}"


def loss(value: float | None) -> str:
    """A loss with four significant digits, or `nan`, `inf`, `-inf`."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return str(value)
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.4g}"
    return f"{value:.3e}"


def duration(seconds: float) -> str:
    """A time as `m:ss`, or `h:mm:ss`; a begun second counts whole."""
    if not math.isfinite(seconds):
        return clock(0)
    return clock(math.ceil(seconds))
