"""Every kind of curve that a range test can measure, for tests of what must not raise."""

import numpy as np
from hypothesis import strategies as st

from lrtui.analysis.curve import Curve, FloatArray

LENGTHS = (0, 1, 2, 3, 9, 10, 11, 12, 20, 50, 100, 400)
ODD = (0.0, -0.0, 1.0, -1.0, 2.3, 1e-7, 5e-324, 1e-300, 1e-45, 3.5e38, 1e308, -1e308)
NOT_FINITE = (np.nan, np.inf, -np.inf)
DECADES = (0, -3, -40, -300, -320, 30, 38, 200, 307)


@st.composite
def rates(draw: st.DrawFn, length: int) -> FloatArray:
    """Rates that rise, stay, fall, come in stairs, or are anything."""
    start = 10.0 ** draw(st.floats(-12, 0))
    end = start * 10.0 ** draw(st.sampled_from((8.0, 3.0, 1e-3, 1e-14, 0.0, -2.0)))
    kind = draw(st.sampled_from(("exp", "exp", "linear", "from zero", "stairs", "odd")))
    if kind == "linear":
        return np.linspace(start, end, length)
    if kind == "from zero":
        return np.linspace(0.0, end, length)
    if kind == "odd":
        return np.array([draw(st.sampled_from(ODD + NOT_FINITE)) for _ in range(length)])
    if kind == "stairs":
        return np.repeat(np.geomspace(start, end, length // 3 + 1), 3)[:length]
    return np.geomspace(start, end, length) if length else np.empty(0)


@st.composite
def losses(draw: st.DrawFn, length: int) -> FloatArray:
    """Losses of any course and size, with places that are not finite."""
    noise = np.random.default_rng(draw(st.integers(0, 2**32 - 1))).normal(size=length)
    place = np.linspace(0, 1, length)
    turn = draw(st.floats(0, 1))
    kinds = ("zero", "constant", "noise", "valley", "step", "spikes", "explosion", "odd")
    kind = draw(st.sampled_from(kinds))
    courses = {
        "zero": 0.0 * place,
        "constant": np.full(length, draw(st.sampled_from(ODD + NOT_FINITE))),
        "noise": noise,
        "valley": 2.3 - np.exp(-((8 * (place - turn)) ** 2)) + 0.01 * noise,
        "step": np.where(place > turn, 0.0, 1.0),
        "spikes": np.where(noise > 1.5, noise, 0.0),
        "explosion": 2 - place + np.exp(40 * (place - turn)),
    }
    if kind == "odd":
        values = np.array([draw(st.sampled_from(ODD + NOT_FINITE)) for _ in range(length)])
    else:
        with np.errstate(all="ignore"):
            values = courses[kind] * 10.0 ** draw(st.sampled_from(DECADES))
    for _ in range(draw(st.integers(0, 2)) if length else 0):
        first = draw(st.integers(0, length - 1))
        last = first + draw(st.sampled_from((1, 3, length)))
        values[first:last] = draw(st.sampled_from(ODD + NOT_FINITE))
    return values


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    """One repeat: it may have been stopped early, and may have a metric."""
    length = draw(st.sampled_from(LENGTHS))
    return Curve(
        draw(rates(length)),
        draw(losses(length)),
        metric=draw(st.none() | losses(length)),
        metric_mode=draw(st.sampled_from(("max", "min"))),
        num_iter=draw(st.sampled_from((None, length or 1, 400, 10_000))),
        momentum=draw(st.sampled_from((None, 0.0, 0.9, 0.9999, 1.0, -1.0, np.nan))),
        ended=draw(st.sampled_from(("", "out of time", "out of data", "the loss diverged"))),
        trimmed=draw(st.sampled_from((0, 3))),
    )


REPEATS = st.lists(curves(), max_size=3)
