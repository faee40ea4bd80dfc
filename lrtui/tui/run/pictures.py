"""What the charts show: the run's loss over learning rate, the trials' loss over iterations."""

import math
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from lrtui.events import TrialResult
from lrtui.tui.chart.axis import axis_for
from lrtui.tui.chart.glyphs import ROLE_MARKERS
from lrtui.tui.chart.picture import (
    RUN_ROLES,
    Band,
    Curve,
    Mark,
    Metric,
    Picture,
    Points,
    Role,
    Tried,
)
from lrtui.tui.clean import clean
from lrtui.tui.numbers import rate
from lrtui.tui.run.boundaries import Boundaries
from lrtui.tui.run.curve_view import CurveView
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.state import RunState

if TYPE_CHECKING:
    from lrtui.analysis.trend import Trend
    from lrtui.tui.run.trends import Trends

_EMPTY = {
    "building": "building the model and the data …",
    "running": "waiting for the first points …",
    "ended": "nothing was measured",
    "resetting": "restoring …",
    "reset": "restored: press Enter to run again",
}


def run_picture(model: RunModel) -> Picture:
    """Curves, metric, boundaries, suggestion, trials and stability limit on one axis."""
    state, view = model.state, model.view
    trends = view.trends
    return Picture(
        view.axis,
        curves=tuple(curves_of(view)),
        version=model.version,
        marks=tuple(_marks(model)),
        interval=_interval(model),
        tried=tuple(_tried(state)),
        tried_title=_tried_title(state),
        metric=_metric(view, trends),
        band=_band(view, trends),
        band_name=f"{len(view.repeats)} repeats",
        not_finite=tuple(state.not_finite),
        y_log=view.display.y_log,
        legend=True,
        settled=state.phase == "ended",
        empty=_EMPTY[state.phase],
    )


def points_of(trend: "Trend") -> Points:
    """A trend as the chart takes it."""
    return tuple(trend.lr.tolist()), tuple(trend.value.tolist())


def curves_of(view: CurveView) -> Iterator[Curve]:
    """The batches as dots, and the bold line that the person chose in front of them."""
    trends = view.trends
    for dots in view.dots:
        yield Curve(role="batch", dots=dots, name="batches")
    if trends is None or view.display.line == "batches":
        for repeat in view.repeats:
            lrs = tuple(step.lr for step in repeat.steps)
            losses = tuple(step.measured_loss for step in repeat.steps)
            yield Curve((lrs, losses), "trend", name="each batch")
    elif view.display.line == "average":
        for average in view.averages:
            yield Curve(points_of(average), "trend", name="exponential average")
    else:
        line = view.steady("trend", points_of(trends.loss))
        yield Curve(line, "trend", name="trend")


def _band(view: CurveView, trends: "Trends | None") -> Band | None:
    """The range of the repeats' own trends, on the grid of the first one."""
    if trends is None or len(trends.each) < 2 or view.display.line != "trend":
        return None
    from lrtui.tui.run.trends import band_of

    lrs, lows, highs = band_of(trends.each)
    lower, upper = view.steady("lows", (lrs, lows)), view.steady("highs", (lrs, highs))
    return lower[0], lower[1], upper[1]


def _metric(view: CurveView, trends: "Trends | None") -> Metric | None:
    state = view.state
    if trends is None or not len(trends.metric.lr):
        return None
    curve = Curve(view.steady("metric", points_of(trends.metric)), "metric")
    return Metric(metric_name(state), (curve,), state.metric_best, state.spec.range.metric_mode)


def metric_name(state: RunState) -> str:
    """The name of the metric, as the person knows it."""
    return clean(state.spec.metric.target).rpartition(":")[2] or "metric"


def _marks(model: RunModel) -> Iterator[Mark]:
    """The vertical lines; the answer is last, so it lies on top."""
    limit, cross = model.state.limit, model.view.display.cross
    if limit is not None and model.view.display.limit:
        yield Mark(limit, "limit", "limit")
    if model.has_boundaries:
        yield from _boundary_marks(model.boundaries, crossed=cross is not None)
    if cross is not None:
        yield Mark(cross, "▸", "cross")
    lr = model.shown_lr
    if lr is not None:
        yield Mark(lr, rate(lr), "answer")


def _boundary_marks(boundaries: Boundaries, *, crossed: bool) -> list[Mark]:
    """Start and end; the active one last. With a crosshair none is active."""
    start, end = Mark(boundaries.start, "start", "bound"), Mark(boundaries.end, "end", "bound")
    if crossed:
        return [start, end]
    if boundaries.active == "start":
        return [end, Mark(boundaries.start, "▸start", "active")]
    return [start, Mark(boundaries.end, "▸end", "active")]


def _interval(model: RunModel) -> tuple[float, float] | None:
    suggestion = model.suggestion
    if suggestion is None or suggestion.low is None or suggestion.high is None:
        return None
    return suggestion.low, suggestion.high


def _tried(state: RunState) -> Iterator[Tried]:
    for standing in state.standings:
        yield Tried(standing.lr, standing.loss, standing.standing)


def _tried_title(state: RunState) -> str:
    if not state.trials:
        return ""
    steps = max(trial.iterations for trial in state.trials)
    judged_by = "loss"
    if state.confirmation is not None and state.confirmation.judged_by:
        judged_by = clean(state.confirmation.judged_by)
    return f"{judged_by} after {steps:,} steps"


def trials_picture(state: RunState) -> Picture:
    """The trainings of a race, loss over iterations: a curve for each rate, the pick in front.

    Of a rate with several trainings the mean of the last round is drawn, as the table has it.
    """
    longest = max((trial.iterations for trial in state.trials), default=1)
    curves: list[Curve] = []
    pick: list[Curve] = []
    for index, standing in enumerate(state.standings):
        role: Role = RUN_ROLES[index % len(RUN_ROLES)]
        curve = Curve(
            _mean_curve(state.trials, standing.lr),
            role,
            marker=ROLE_MARKERS[role],
            name=rate(standing.lr),
        )
        if standing.standing == "pick":
            pick.append(curve)
        else:
            curves.append(curve)
    empty = "no training was finished"
    if state.checking:
        empty = "the first training is running …"
    return Picture(
        axis_for(0.0, float(longest), log=False),
        curves=(*curves, *pick),
        version=state.version,
        y_log=_all_positive(state.trials),
        x_name="iteration",
        y_name="training loss",
        legend=False,
        settled=True,
        empty=empty,
    )


def _mean_curve(trials: list[TrialResult], lr: float) -> Points:
    """The mean loss of a rate's trials of its last round, by iteration."""
    own = [trial for trial in trials if trial.lr == lr]
    last_round = max((trial.round for trial in own), default=0)
    last = [trial for trial in own if trial.round == last_round and trial.curve]
    length = min((len(trial.curve) for trial in last), default=0)
    gaps = max(1, length - 1)
    iterations: list[float] = []
    losses: list[float] = []
    for index in range(length):
        iterations.append(index * (last[0].iterations - 1) / gaps)
        losses.append(_mean(trial.curve[index] for trial in last))
    return tuple(iterations), tuple(losses)


def _all_positive(trials: list[TrialResult]) -> bool:
    """Whether a logarithmic axis can show every loss."""
    losses = chain.from_iterable(trial.curve for trial in trials)
    return all(loss is None or loss > 0 for loss in losses)


def _mean(losses: Iterable[float | None]) -> float:
    """The mean; nan where a trial has none."""
    values = list(losses)
    finite = [value for value in values if value is not None]
    if len(finite) < len(values):
        return math.nan
    return sum(finite) / len(finite)
