"""Contenders: records as what is compared and drawn. It knows no Textual; numpy comes with it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from lrtui.analysis.curve import Curve, FloatArray, on_log_axis
from lrtui.record import History, RunRecord
from lrtui.report.compare import Contender, contender
from lrtui.runs.curves import curves_of
from lrtui.tui.compare.marks import MOST, RunMark

_SHARE = 40  # the trend averages over this share of the points
POINTS = 400  # of a drawn line

Points = tuple[tuple[float, ...], tuple[float, ...]]  # rates, and a loss each; nan is a gap


@dataclass(frozen=True)
class Drawn:
    """One line of the comparison, with its mark; `contender` is what is said of it."""

    mark: RunMark
    line: Points
    contender: Contender


def drawn_of(record: RunRecord, mark: RunMark) -> Drawn:
    """A run as one line: the mean trend of its repeats."""
    line = mean_trend(curves_of(record))
    return Drawn(mark, points(*line), contender(record, mark.name, _lowest(*line)))


def drawn_repeats(record: RunRecord) -> list[Drawn]:
    """The repeats of one run, a line each; at most as many as there are marks."""
    drawn = []
    for index, history in enumerate(record.repeats[:MOST]):
        one = drawn_of(_repeat(record, history), RunMark(index))
        drawn.append(one)
    return drawn


def _repeat(record: RunRecord, history: History) -> RunRecord:
    """A record of one repeat alone. The time is shared out evenly."""
    seconds = record.seconds / max(1, len(record.repeats))
    return msgspec.structs.replace(record, history=history, repeats=[], seconds=seconds)


def mean_trend(curves: Sequence[Curve]) -> tuple[FloatArray, FloatArray]:
    """Rates and the mean of the repeats' trends, as far as every repeat reaches."""
    trends = [trend(curve) for curve in curves]
    trends = [one for one in trends if len(one[0])]
    if not trends:
        return np.empty(0), np.empty(0)
    if len(trends) == 1:
        return trends[0]
    low = max(lrs[0] for lrs, _ in trends)
    high = min(lrs[-1] for lrs, _ in trends)
    grid = trends[0][0]
    grid = grid[(grid >= low) & (grid <= high)]
    losses = [np.interp(np.log10(grid), np.log10(lrs), values) for lrs, values in trends]
    return grid, np.mean(losses, axis=0)


def trend(curve: Curve) -> tuple[FloatArray, FloatArray]:
    """Rates and the centred average of the losses; a loss that is not finite is a gap of it."""
    log_lr, losses = on_log_axis(curve.lr, curve.raw_loss)
    finite = np.isfinite(losses)
    log_lr, losses = log_lr[finite], losses[finite]
    half = len(losses) // _SHARE // 2
    if not half:
        return 10**log_lr, losses
    width = 2 * half + 1
    padded = np.concatenate([np.repeat(losses[0], half), losses, np.repeat(losses[-1], half)])
    return 10**log_lr, np.convolve(padded, np.ones(width) / width, mode="valid")


def _lowest(lrs: FloatArray, losses: FloatArray) -> tuple[float, float] | None:
    if not len(losses):
        return None
    index = int(np.argmin(losses))
    return float(lrs[index]), float(losses[index])


def points(lrs: FloatArray, losses: FloatArray) -> Points:
    """A line of at most so many points as a chart can show."""
    step = max(1, len(lrs) // POINTS)
    return tuple(map(float, lrs[::step])), tuple(map(float, losses[::step]))
