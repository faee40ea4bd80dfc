"""Contenders: records as what is compared and drawn. It knows no Textual; numpy comes with it."""

from dataclasses import dataclass

import msgspec

from lrtui.analysis.trend import Trend, loss_trend, lowest
from lrtui.record import History, RunRecord
from lrtui.report.compare import Contender, contender
from lrtui.runs.curves import curves_of
from lrtui.tui.compare.marks import MOST, RunMark

POINTS = 400  # of a drawn line

Points = tuple[tuple[float, ...], tuple[float, ...]]  # rates, and a loss each


@dataclass(frozen=True)
class Drawn:
    """One line of the comparison, with its mark; `contender` is what is said of it."""

    mark: RunMark
    line: Points
    contender: Contender


def drawn_of(record: RunRecord, mark: RunMark) -> Drawn:
    """A run as one line: the common trend of its repeats, from which its answer was computed."""
    trend = loss_trend(curves_of(record))
    return Drawn(mark, points(trend), contender(record, mark.name, lowest(trend)))


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


def points(trend: Trend) -> Points:
    """A line of about as many points as a chart can show."""
    step = max(1, len(trend.lr) // POINTS)
    return tuple(map(float, trend.lr[::step])), tuple(map(float, trend.value[::step]))
