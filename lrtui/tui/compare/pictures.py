"""What the charts of runs show: the marked runs on one axis, or one run with its answer."""

from collections.abc import Sequence

from lrtui.record import RunRecord
from lrtui.tui.chart.axis import Axis, axis_for
from lrtui.tui.chart.picture import Mark, Picture, Role
from lrtui.tui.chart.thinning import Thinned
from lrtui.tui.compare.contenders import Drawn, Points

_ROLES: dict[str, Role] = {
    "run1": "smooth",
    "run2": "metric",
    "run3": "limit",
    "run4": "suggestion",
    "run5": "active",
    "run6": "repeat",
    "run7": "repeat",
    "run8": "repeat",
}


def compared_picture(drawn: Sequence[Drawn], version: int, y_log: bool) -> Picture:
    """The marked runs, with their rates as vertical lines."""
    axis = _axis(drawn)
    curves, roles, marks = [], [], []
    for one in drawn:
        role = _ROLES[one.mark.role]
        curves.append(_thinned(one.line, axis))
        roles.append(role)
        if one.contender.lr is not None:
            marks.append(Mark(one.contender.lr, one.mark.name, "suggestion"))
    return Picture(
        axis,
        tuple(curves),
        version,
        tuple(marks),
        settled=True,
        roles=tuple(roles),
        empty="nothing was measured",
    )


def run_preview(record: RunRecord, line: Points, version: int) -> Picture:
    """One run, with its rate and its interval."""
    lrs = record.history.lr or [1e-7, 10.0]
    is_log = record.spec.get("range", {}).get("mode", "exp") == "exp"
    axis = axis_for(min(lrs), max(lrs), is_log and min(lrs) > 0)
    suggestion = record.suggestion
    marks: tuple[Mark, ...] = ()
    interval = None
    if suggestion is not None and suggestion.lr is not None:
        marks = (Mark(suggestion.lr, "lr", "suggestion"),)
        if suggestion.low is not None and suggestion.high is not None:
            interval = suggestion.low, suggestion.high
    return Picture(
        axis,
        (_thinned(line, axis),),
        version,
        marks,
        interval,
        settled=record.status != "interrupted",
        roles=("smooth",),
        empty="nothing was measured",
    )


def _axis(drawn: Sequence[Drawn]) -> Axis:
    """The axis that holds every line; logarithmic."""
    lrs = [lr for one in drawn for lr in one.line[0] if lr > 0]
    if not lrs:
        return axis_for(1e-7, 10.0, log=True)
    return axis_for(min(lrs), max(lrs), log=True)


def _thinned(line: Points, axis: Axis) -> Thinned:
    curve = Thinned(axis)
    for lr, loss in zip(*line, strict=True):
        curve.add(lr, None, loss)
    return curve
