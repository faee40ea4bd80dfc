"""How numbers are written on the screen: one spelling for a learning rate, a loss and a time."""

import math


def rate(lr: float | None) -> str:
    """A learning rate, three significant digits: `3.20e-03`."""
    return "–" if lr is None else f"{lr:.2e}"


def loss(value: float | None) -> str:
    """A loss, or the word for one that is not finite."""
    if value is None or math.isnan(value):
        return "nan" if value is not None else "–"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return f"{value:.4g}" if 1e-3 <= abs(value) < 1e5 or value == 0 else f"{value:.3e}"


def duration(seconds: float) -> str:
    """A time as `m:ss`, or `h:mm:ss`."""
    whole = max(0, math.ceil(seconds)) if math.isfinite(seconds) else 0
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
