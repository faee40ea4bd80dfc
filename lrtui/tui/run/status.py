"""The lines below the chart: a point as numbers, and what the run is doing or how it ended."""

from collections.abc import Iterator

from textual.content import Content

from lrtui.events import ConfirmationResult, Ended, Step
from lrtui.report.ending import ending
from lrtui.report.progress import racing_text
from lrtui.tui.clean import clean
from lrtui.tui.numbers import loss, rate
from lrtui.tui.run.answer_panel import Keys
from lrtui.tui.run.machine import machine_words
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.pictures import metric_name
from lrtui.tui.run.state import RunState

Span = str | tuple[str, str]  # text, or text with its style

_CHECKING = {
    "confirmation": "a race is running",
    "stability": "measuring the stability limit …",
}


def status(model: RunModel, keys: Keys, *, narrow: bool) -> Content:
    """All of these lines; on a narrow screen, which has no room for more, at most two."""
    undo = keys("run.undo")
    lines = [*_point_line(model, short=narrow), *_view_line(model, undo), *_run_lines(model, keys)]
    if narrow and model.state.phase == "running":
        lines += machine_words(model.state)
    if narrow:
        lines = lines[:2]
    return Content("\n").join(lines)


def saving_line(model: RunModel, elsewhere: str, write_key: str) -> Content:
    """That the run is not saved, or where it is kept instead; empty where all is as it should be.

    Args:
        model: of the run.
        elsewhere: the folder that is used instead of the user's own; "" for their own.
        write_key: the key that writes a record.
    """
    if model.not_saved:
        keys = f"   {write_key} writes it elsewhere"
        return Content.assemble(
            (f" not saved: {clean(model.not_saved)} ", "bold reverse $warning"), (keys, "$warning")
        )
    if elsewhere:
        return Content.styled(f"kept in {clean(elsewhere)}: yours cannot be written", "$warning")
    return Content("")


def _point_line(model: RunModel, *, short: bool) -> Iterator[Content]:
    """The point at the crosshair or the active boundary, or the last one of a running test."""
    state, pointer = model.state, model.pointer
    if pointer is not None and (state.ended is not None or pointer[0] == "cross"):
        name, lr = pointer
        step = model.step_near(lr)
        if step is not None:
            label = (f"▸{name} ", "bold $accent")
            spans = [*_losses(model, step, lr, short=short)]
            if short:
                spans = [*_other_boundary(model, name), *spans]
            yield Content.assemble(label, rate(lr), *spans)
            return
    if state.last is not None:
        lr = state.last.lr
        spans = [*_losses(model, state.last, lr, short=short), *_direction(state)]
        yield Content.assemble(("lr ", "dim"), rate(lr), *spans)


def _other_boundary(model: RunModel, name: str) -> Iterator[Span]:
    """The boundary that the arrows do not move, which has no other place on a narrow screen."""
    bounds = model.boundaries
    if name == "start":
        yield ("   end ", "dim")
        yield rate(bounds.end)
    elif name == "end":
        yield ("   start ", "dim")
        yield rate(bounds.start)


def _losses(model: RunModel, step: Step, lr: float, *, short: bool) -> Iterator[Span]:
    """Trend, batch, slope and metric at a rate, as far as they are known and have room."""
    trends = model.view.trends
    trend = slope = None
    if trends is not None:
        trend, slope = trends.loss.at(lr), trends.loss.slope(lr)
    yield ("   loss ", "dim")
    if trend is None:
        yield loss(step.measured_loss)
    else:
        yield loss(trend)
    if short:
        return
    if trend is not None:
        yield (" (batch ", "dim")
        yield loss(step.measured_loss)
        yield (")", "dim")
    if slope is not None:
        yield ("   slope ", "dim")
        yield f"{slope:+.2g}"
        yield ("/decade", "dim")
    if step.metric is not None:
        yield (f"   {metric_name(model.state)} ", "dim")
        yield f"{step.metric:.4g}"


def _direction(state: RunState) -> Iterator[Span]:
    if state.trend:
        yield ("   now ", "dim")
        yield state.trend


def _view_line(model: RunModel, undo_key: str) -> Iterator[Content]:
    changes = [model.view.options.description, model.view.display.description]
    description = " · ".join(filter(None, changes))
    if description:
        undo = (f"   {undo_key} undoes", "dim")
        yield Content.assemble(("view: ", "dim"), (description, "bold $accent"), undo)


def _printed(model: RunModel, keys: Keys) -> str:
    """How much was printed, and the key that shows it; "" where nothing was."""
    words = model.driver.print_count().words
    return f"{words}, {keys('run.output')} shows them" if words else ""


def _run_lines(model: RunModel, keys: Keys) -> Iterator[Content]:
    state = model.state
    if state.racing is not None:
        yield Content.assemble(("race: ", "$accent"), racing_text(state.racing))
        return
    if state.checking is not None:
        yield Content.styled(_CHECKING[state.checking], "$accent")
        return
    if state.extension_problem:
        yield Content.assemble(("not extended: ", "$warning"), clean(state.extension_problem))
    if state.ended is None:
        spans = filter(None, (clean(state.notice), _printed(model, keys)))
        words = "   ".join(spans)
        if words:
            yield Content.styled(words, "dim")
    elif state.ended.status != "failed":
        yield Content.assemble(
            _ending(state, state.ended),
            *_repeats(model),
            *_check_results(model),
            *_kept(state.ended),
            (f"   {_printed(model, keys)}".rstrip(), "dim"),
        )


def _ending(state: RunState, ended: Ended) -> str:
    """How a run that did not fail ended."""
    last_lr = None if state.lr_range is None else state.lr_range[1]
    suggestion = None if state.suggested is None else state.suggested.suggestion
    return clean(ending(ended.status, ended.reason, last_lr, suggestion))


def _repeats(model: RunModel) -> Iterator[Span]:
    count = len(model.state.repeats)
    shown = count - len(model.view.options.without)
    if count <= 1:
        return
    if shown == count:
        yield (f"   {count} repeats", "dim")
    else:
        yield (f"   {shown} of {count} repeats", "dim")


def _check_results(model: RunModel) -> Iterator[Span]:
    """What was measured after the curve, in a few words each; a key shows the rest."""
    state = model.state
    if state.confirmation is not None:
        yield from _confirmation(state.confirmation)
    if state.stability is None or not model.view.display.limit:
        return
    if state.limit is None:
        yield f"   no limit: {clean(state.stability.problem)}"
    else:
        yield (f"   stable below {rate(state.limit)} at the start", "$warning")


def _confirmation(result: ConfirmationResult) -> Iterator[Span]:
    raced = "   race: "
    if result.schedule in ("one-cycle", "cosine"):
        raced = f"   race for {result.schedule}: "
    yield (raced, "dim")
    yield (result.verdict or "no verdict", "bold")


def _kept(ended: Ended) -> Iterator[Span]:
    """The last characters of the run's id, by which `lrtui show` finds it."""
    if ended.record:
        name = ended.record.rpartition("/")[2].removesuffix(".json")
        yield (f"   kept as {name[-6:]}", "dim")
