"""What the repeats of a range test show, before they are judged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lrtui.analysis.curve import Curve, FloatArray, on_log_axis
from lrtui.analysis.prepared_curve import PreparedCurve, prepare_curve
from lrtui.analysis.valley import Valley, find_valley

MIN_POINTS = 10  # a curve with fewer finite values is left out
SURE = 4.0  # standard errors from which on a fall counts as real


@dataclass(frozen=True, slots=True)
class Evidence:
    """The prepared repeats and their valleys.

    Attributes:
        repeats: the losses of each distinct repeat with enough points.
        loss: their common valley; None if no repeat has enough points.
        metric: the common valley of the metric; None unless its fall counts as real.
        copies: how many repeats equal another one to the last bit, and so add no information.
    """

    repeats: Sequence[PreparedCurve]
    loss: Valley | None
    metric: Valley | None
    copies: int = 0


def gather_evidence(curves: Sequence[Curve]) -> Evidence:
    """The evidence of one or more repeats. Never raises, whatever was measured."""
    distinct = without_copies(curves)
    repeats = prepare_all((curve, curve.raw_loss) for curve in distinct)
    loss = None
    if repeats:
        loss = find_valley(repeats)
    return Evidence(repeats, loss, metric_valley(distinct), len(curves) - len(distinct))


def without_copies(curves: Sequence[Curve]) -> list[Curve]:
    """One curve for each distinct pair of rates and losses."""
    distinct: dict[tuple[bytes, bytes], Curve] = {}
    for curve in curves:
        distinct[curve.lr.tobytes(), curve.raw_loss.tobytes()] = curve
    return list(distinct.values())


def metric_valley(curves: Sequence[Curve]) -> Valley | None:
    """The valley of the metric, negated if more is better; None unless its fall counts as real."""
    measured = []
    for curve in curves:
        if curve.metric is not None:
            sign = 1.0 if curve.metric_mode == "min" else -1.0
            measured.append((curve, sign * curve.metric))
    repeats = prepare_all(measured)
    if not repeats:
        return None
    valley = find_valley(repeats)
    if valley.significance < SURE:
        return None
    return valley


def prepare_all(measured: Iterable[tuple[Curve, FloatArray]]) -> list[PreparedCurve]:
    """Prepare the values of each curve; a curve with too few finite values is left out."""
    prepared = []
    for curve, values in measured:
        log_lr, usable = on_log_axis(curve.lr, values)
        if np.isfinite(usable).sum() >= MIN_POINTS:
            per_lr = len(curve.lr) / len(log_lr)
            prepared.append(prepare_curve(log_lr, usable, curve.momentum, per_lr))
    return prepared
