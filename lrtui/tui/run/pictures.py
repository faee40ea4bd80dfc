"""What the charts show: the run's loss over learning rate, the trials' loss over iterations."""

import math
from collections.abc import Sequence

from lrtui.events import TrialResult
from lrtui.tui.chart.axis import axis_for
from lrtui.tui.chart.picture import Curve, Mark, Metric, Picture, Points, Role
from lrtui.tui.chart.thinning import Thinned, band_of, mean_of
from lrtui.tui.run.boundaries import Boundaries
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.state import RunState

_EMPTY = {
    "building": "building the model and the data …",
    "running": "waiting for the first points …",
    "ended": "nothing was measured: esc goes back to the form",
    "resetting": "restoring …",
    "reset": "restored: press Enter to run again",
}


def run_picture(model: RunModel) -> Picture:
    """Curves, metric, boundaries, suggestion and stability limit."""
    state = model.state
    curves = model.curves
    return Picture(
        state.axis,
        tuple(_loss_curves(curves)),
        model.version,
        tuple(_marks(model)),
        _interval(model),
        metric=_metric(model),
        band=band_of(curves) if len(curves) > 1 else None,
        band_name=f"{len(curves)} repeats",
        settled=state.phase == "ended",
        empty=_EMPTY[state.phase],
    )


def _loss_curves(curves: Sequence[Thinned]) -> list[Curve]:
    """The raw losses of every repeat, and the mean of the smoothed ones in front."""
    drawn = [Curve(role="repeat", dots=curve) for curve in curves]
    if len(curves) == 1:
        drawn.append(Curve(curves[0], "trend"))
    elif curves:
        drawn.append(Curve(mean_of(curves), "trend"))
    return drawn


def _metric(model: RunModel) -> Metric | None:
    """The mean of the metric over the repeats."""
    metrics = model.metrics
    if not metrics:
        return None
    mean = mean_of(metrics)
    better = model.state.spec.range.metric_mode
    values = [value for value in mean[1] if math.isfinite(value)]
    best = None
    if values:
        best = max(values) if better == "max" else min(values)
    return Metric("metric", (Curve(mean, "metric"),), best, better)


def _marks(model: RunModel) -> list[Mark]:
    """The vertical lines; the active boundary is last, so it lies on top."""
    marks: list[Mark] = []
    lr, limit = model.suggested_lr, model.state.limit
    if lr is not None:
        marks.append(Mark(lr, "lr", "answer"))
    if limit is not None and model.limit_shown:
        marks.append(Mark(limit, "limit", "limit"))
    if model.has_boundaries:
        marks += _boundary_marks(model.boundaries)
    return marks


def _boundary_marks(boundaries: Boundaries) -> list[Mark]:
    start, end = boundaries.start, boundaries.end
    if boundaries.active == "start":
        return [Mark(end, "end", "bound"), Mark(start, "▸start", "active")]
    return [Mark(start, "start", "bound"), Mark(end, "▸end", "active")]


def _interval(model: RunModel) -> tuple[float, float] | None:
    suggestion = model.suggestion
    if suggestion is None or suggestion.low is None or suggestion.high is None:
        return None
    return suggestion.low, suggestion.high


def trials_picture(state: RunState) -> Picture:
    """The last training of every rate: the tried one in front, then the best other one."""
    trials = _back_to_front(state.trials)
    longest = max((trial.iterations for trial in trials), default=1)
    axis = axis_for(0.0, float(longest), log=False)
    roles: list[Role] = ["repeat"] * len(trials)
    if len(trials) > 1 and trials[-2].loss is not None:
        roles[-2] = "trend"
    if trials:
        roles[-1] = "answer"
    curves = []
    for trial, role in zip(trials, roles, strict=True):
        curves.append(Curve(_trial_points(trial), role))
    empty = "no training was finished"
    if state.checking:
        empty = "the first training is running …"
    return Picture(
        axis,
        tuple(curves),
        state.version,
        x_name="iteration",
        legend=False,
        settled=True,
        empty=empty,
    )


def _back_to_front(trials: list[TrialResult]) -> list[TrialResult]:
    """The last trial of every rate, by falling loss; that of the rate that is tried comes last."""
    last_trials = {trial.lr: trial for trial in trials}
    others = [trial for trial in last_trials.values() if trial.lr != trials[0].lr]
    others.sort(key=_loss_or_inf, reverse=True)
    if not trials:
        return others
    return [*others, last_trials[trials[0].lr]]  # the first trial is always of the tried rate


def _loss_or_inf(trial: TrialResult) -> float:
    if trial.loss is None:
        return math.inf
    return trial.loss


def _trial_points(trial: TrialResult) -> Points:
    """Training losses over iterations; the curve holds fewer points than there were iterations."""
    gaps = max(1, len(trial.curve) - 1)
    iterations = [index * (trial.iterations - 1) / gaps for index in range(len(trial.curve))]
    losses = [math.nan if loss is None else loss for loss in trial.curve]
    return iterations, losses
