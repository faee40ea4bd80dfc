"""The lines below the chart: a point as numbers, the view options, what the run is doing."""

from collections.abc import Iterator

from textual.content import Content

from lrtui.events import ConfirmationResult, Ended, Step
from lrtui.tui.clean import clean
from lrtui.tui.numbers import loss, rate
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.state import RunState

Span = str | tuple[str, str]  # text, or text with its style

_CHECKING = {
    "confirmation": "a race is running: c shows it",
    "stability": "measuring the stability limit …",
}


def status(model: RunModel) -> Content:
    """All of these lines."""
    return Content("\n").join([*_point_line(model), *_view_line(model), *_run_lines(model)])


def _point_line(model: RunModel) -> Iterator[Content]:
    """The point at the active boundary of a finished run, or the last point of a running one."""
    state, boundaries = model.state, model.boundaries
    if state.ended is not None and model.has_boundaries:
        step = model.step_near(boundaries.active_lr)
        if step is not None:
            label = (f"at {boundaries.active} ", "dim")
            lr = rate(boundaries.active_lr)
            yield Content.assemble(label, lr, *_losses(step), *_metric_range(state))
            return
    if state.last is not None:
        spans = [*_losses(state.last), *_trend(state), *_metric_range(state)]
        yield Content.assemble(("lr ", "dim"), rate(state.last.lr), *spans)


def _losses(step: Step) -> Iterator[Span]:
    yield ("   loss ", "dim")
    yield loss(step.loss)
    yield (" (raw ", "dim")
    yield loss(step.measured_loss)
    yield (")", "dim")
    if step.metric is not None:
        yield ("   metric ", "dim")
        yield f"{step.metric:.4g}"


def _trend(state: RunState) -> Iterator[Span]:
    if state.trend:
        yield ("   now ", "dim")
        yield state.trend


def _metric_range(state: RunState) -> Iterator[Span]:
    """The metric's range, which its dots fill on the chart."""
    if state.metric_range is not None:
        low, high = state.metric_range
        yield (f" ··· {low:.3g} to {high:.3g}", "$secondary")


def _view_line(model: RunModel) -> Iterator[Content]:
    description = model.view_options.description
    if description:
        undo = ("   u undoes", "dim")
        yield Content.assemble(("view: ", "dim"), (description, "bold $accent"), undo)


def _run_lines(model: RunModel) -> Iterator[Content]:
    state = model.state
    if state.checking is not None:
        yield Content.assemble((_CHECKING[state.checking], "$accent"), ("   x stops", "dim"))
    elif state.ended is None:
        if state.notice:
            yield Content.styled(clean(state.notice), "dim")
    elif state.ended.status == "failed":
        yield from _failure_lines(state.ended, model.log_path)
    else:
        yield Content.assemble(
            (f"{state.ended.status}: ", "bold"),
            clean(state.ended.reason),
            *_repeats(model),
            *_check_results(model),
        )


def _failure_lines(ended: Ended, log_path: str) -> Iterator[Content]:
    title = "failed: "
    if ended.phase:
        title = f"failed ({clean(ended.phase)}): "
    yield Content.assemble((title, "bold $error"), clean(ended.reason))
    if log_path:
        yield Content.assemble(("traceback: ", "dim"), clean(log_path))


def _repeats(model: RunModel) -> Iterator[Span]:
    count = len(model.state.repeats)
    shown = count - len(model.view_options.without)
    if count <= 1:
        return
    if shown == count:
        yield (f"   mean of {count} repeats", "dim")
    else:
        yield (f"   {shown} of {count} repeats", "dim")


def _check_results(model: RunModel) -> Iterator[Span]:
    """What was measured after the curve, in a few words each; a key shows the rest."""
    state = model.state
    if state.confirmation is not None:
        yield from _confirmation(state.confirmation)
    if state.stability is None or not model.limit_shown:
        return
    if state.limit is None:
        yield f"   no limit: {clean(state.stability.problem)}"
    else:
        yield (f"   limit {rate(state.limit)}, {clean(state.stability.formula)}", "$warning")


def _confirmation(result: ConfirmationResult) -> Iterator[Span]:
    raced = "   race: "
    if result.schedule in ("one-cycle", "cosine"):
        raced = f"   race for {result.schedule}: "
    yield (raced, "dim")
    yield (result.verdict or "no verdict", "bold")
    yield ("  c shows", "dim")
