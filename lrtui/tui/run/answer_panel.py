"""The answer panel: the rate, the training that it is for, its reason; boundaries and digest."""

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from lrtui.analysis.answer import Suggestion
from lrtui.events import Restored
from lrtui.report import training
from lrtui.tui.clean import clean
from lrtui.tui.numbers import rate
from lrtui.tui.run.boundaries import Boundaries
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.state import RunState
from lrtui.tui.widgets.quiet import Quiet

_WAITING = {
    "building": "comes when the curve is measured",
    "running": "comes when the curve is measured",
    "ended": "none: the run ended before there was a curve to judge",
    "resetting": "restoring the model …",
    "reset": "press Enter to run again",
}


class AnswerPanel(VerticalScroll, can_focus=False):
    """The answer as text."""

    DEFAULT_CSS = """
    AnswerPanel {
        width: 30;
        height: 1fr;
        scrollbar-size-vertical: 1;
        padding: 1 0 0 1;
        border-left: solid $border-blurred;

        Quiet { height: auto; }
        #suggestion { margin: 0 0 1 0; }
        #bounds { margin: 0 0 1 0; }
    }
    """

    def compose(self) -> ComposeResult:
        yield Quiet(id="suggestion")
        yield Quiet(id="bounds")

    def show(self, model: RunModel) -> None:
        """Bring every part up to date."""
        self._show("#suggestion", _suggestion_lines(model))
        self._show("#bounds", _bounds_lines(model))

    def _show(self, selector: str, lines: Iterator[Content]) -> None:
        self.query_one(selector, Quiet).show(Content("\n").join(lines), layout=True)


def verdict_and_reason(suggestion: Suggestion) -> Content:
    """The verdict in words, and its reason; that of a race has its verdict in it."""
    if suggestion.method == training.RACE:
        return Content(clean(suggestion.reason))
    verdict = suggestion.verdict.replace("_", " ")
    style = "bold $warning"
    if suggestion.verdict == "ok":
        style = "$success"
    return Content.assemble((f"{verdict}: ", style), clean(suggestion.reason))


def _suggestion_lines(model: RunModel) -> Iterator[Content]:
    suggestion = model.suggestion
    label = ("lr     ", "bold")
    if suggestion is None:
        yield Content.assemble(label, ("–", "dim"))
        yield Content.styled(_WAITING[model.state.phase], "dim")
        return
    interval_only = training.is_interval_only(suggestion, model.state.measured)
    words = training_line(model, suggestion)
    if not suggestion.lr:
        yield Content.assemble(label, ("none", "bold $warning"))
    elif interval_only:
        yield Content.assemble(label, (interval(suggestion), "bold $success"), " · ", words)
    else:
        lr = (rate(suggestion.lr), "bold $success")
        yield Content.assemble(label, lr, " · ", words)
        if suggestion.low is not None:
            yield Content.assemble(
                ("from   ", "dim"), interval(suggestion), ("   y copies lr", "dim")
            )
    if interval_only:
        yield from long_training_lines(model, suggestion)
    yield verdict_and_reason(suggestion)
    if suggestion.advice and not interval_only:
        yield Content.assemble(("→ ", "dim"), clean(suggestion.advice))
    for line in (*training.coverage(suggestion), *training.expectations(suggestion)):
        yield Content.styled(line, "dim")


def interval(suggestion: Suggestion) -> str:
    """The interval of an answer."""
    return f"{rate(suggestion.low)} to {rate(suggestion.high)}"


def training_line(model: RunModel, suggestion: Suggestion) -> Content:
    """The training that the rate is for."""
    warmup = model.state.plan.warmup
    return Content(training.training(suggestion.schedule, suggestion.steps, warmup))


def long_training_lines(model: RunModel, suggestion: Suggestion) -> Iterator[Content]:
    """Why there is an interval and no single rate, and what decides."""
    tried = training.tried_steps(model.state.measured, suggestion.schedule)
    yield Content(training.why_interval_only(suggestion, tried))
    budget = training.race_budget(suggestion, model.state.measured)
    yield Content.assemble(("→ ", "dim"), training.race_advice("c", budget))


def _bounds_lines(model: RunModel) -> Iterator[Content]:
    if model.has_boundaries:
        yield from _boundary_lines(model.boundaries)
    yield from _digest_lines(model.state)


def _boundary_lines(boundaries: Boundaries) -> Iterator[Content]:
    for side, lr in (("start", boundaries.start), ("end", boundaries.end)):
        label = f"{side:<6}"
        if side == boundaries.active:
            yield Content.assemble((label, "bold"), (f"▸ {rate(lr)}", "bold $accent"))
        else:
            yield Content.assemble((label, "dim"), (f"  {rate(lr)}", "$accent"))


def _digest_lines(state: RunState) -> Iterator[Content]:
    digest = state.initial_digest
    if state.restored is not None:
        digest = state.restored.digest
        yield _restored_line(state.restored)
    if digest:
        yield Content.assemble(("digest ", "dim"), (clean(digest)[:12], "dim"))


def _restored_line(restored: Restored) -> Content:
    if restored.exact:
        return Content.styled("restored exactly", "$success")
    return Content.styled("NOT restored exactly", "bold $error")
