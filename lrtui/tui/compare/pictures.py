"""What the charts of runs show: the marked runs on one axis, or one run with its answer."""

from collections.abc import Sequence

from lrtui.record import RunRecord
from lrtui.report.compare import value_at
from lrtui.tui.chart.axis import Axis, axis_for
from lrtui.tui.chart.picture import Curve, Mark, Picture, Points
from lrtui.tui.compare.contenders import Drawn

_EMPTY = "nothing was measured"


def compared_picture(drawn: Sequence[Drawn], version: int, y_log: bool) -> Picture:
    """The marked runs, with their rates as vertical lines."""
    curves: list[Curve] = []
    marks: list[Mark] = []
    for one in drawn:
        mark, lr = one.mark, one.contender.lr
        curves.append(Curve(one.line, mark.role, marker=mark.marker, name=mark.name))
        if lr is not None:
            marks.append(Mark(lr, mark.name, mark.role))
    return Picture(
        _axis(drawn),
        tuple(curves),
        version,
        tuple(marks),
        y_log=y_log and _all_positive(drawn),
        legend=False,
        settled=True,
        empty=_EMPTY,
    )


def run_preview(record: RunRecord | None, line: Points, version: int) -> Picture:
    """One run, with its rate and its interval; an empty chart where it has no record."""
    if record is None:
        return Picture(axis_for(1e-7, 10.0, log=True), version=version, empty=_EMPTY)
    suggestion = record.suggestion
    marks: tuple[Mark, ...] = ()
    interval = None
    if suggestion is not None and suggestion.lr is not None:
        marks = (Mark(suggestion.lr, "lr", "answer"),)
        if suggestion.low is not None and suggestion.high is not None:
            interval = suggestion.low, suggestion.high
    return Picture(
        _axis_of(record),
        (Curve(line, "trend"),),
        version,
        marks,
        interval,
        legend=False,
        settled=record.status != "interrupted",
        empty=_EMPTY,
    )


def _axis_of(record: RunRecord) -> Axis:
    """The axis of one run: linear where its ramp was."""
    lrs = record.history.lr or [1e-7, 10.0]
    is_log = value_at(record.spec, "range.mode") != "linear" and min(lrs) > 0
    return axis_for(min(lrs), max(lrs), is_log)


def _axis(drawn: Sequence[Drawn]) -> Axis:
    """The axis that holds every line; logarithmic."""
    lrs = [lr for one in drawn for lr in one.line[0] if lr > 0]
    if not lrs:
        return axis_for(1e-7, 10.0, log=True)
    return axis_for(min(lrs), max(lrs), log=True)


def _all_positive(drawn: Sequence[Drawn]) -> bool:
    """Whether every loss has a logarithm."""
    return all(min(one.line[1], default=1.0) > 0 for one in drawn)
