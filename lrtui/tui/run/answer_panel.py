"""The answer panel: the rate, what to do next, the boundaries, and why."""

from collections.abc import Callable, Iterator

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message

from lrtui.analysis.answer import Suggestion
from lrtui.report import training
from lrtui.report.confidence import LEVELS, confidence
from lrtui.tui.clean import clean
from lrtui.tui.numbers import rate
from lrtui.tui.run.boundaries import Boundaries
from lrtui.tui.run.failure import failure_lines
from lrtui.tui.run.machine import machine_lines
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.next_step import next_steps
from lrtui.tui.widgets.quiet import Quiet

Keys = Callable[[str], str]  # from a binding's id to the key that the person presses

_WAITING = {
    "building": "comes when the curve is measured",
    "running": "comes as soon as the curve justifies it",
    "ended": "none: the run ended before there was a curve to judge",
    "resetting": "restoring the model …",
    "reset": "comes with the next run",
}
_RATE = "bold reverse $success"
_TITLE = "dim"


class AnswerPanel(VerticalScroll, can_focus=False):
    """The answer as text, beside the chart; on a narrow screen two lines below it."""

    DEFAULT_CSS = """
    AnswerPanel {
        width: 34;
        height: 1fr;
        scrollbar-size-vertical: 1;
        padding: 0 0 0 1;
        border-left: solid $border-blurred;

        Quiet { height: auto; }
    }
    """

    class Resized(Message):
        """What the panel says may not fit it any more."""

    def compose(self) -> ComposeResult:
        yield Quiet(id="panel")

    def on_resize(self, _: events.Resize) -> None:
        self.post_message(self.Resized())

    def show(self, model: RunModel, keys: Keys, *, narrow: bool) -> None:
        """Bring the panel up to date."""
        if model.state.failed:
            lines = iter(failure_lines(model, keys, self.content_size))
        elif narrow:
            lines = _two_lines(model, keys)
        else:
            lines = _sections(model, keys)
        self.query_one("#panel", Quiet).show(Content("\n").join(lines), layout=True)


def _sections(model: RunModel, keys: Keys) -> Iterator[Content]:
    yield _title("LEARNING RATE", f"{keys('run.copy')} copy" if model.suggested_lr else "")
    yield from _rate_lines(model)
    yield Content("")
    yield _title("NEXT")
    yield from _next_lines(model, keys)
    if model.has_boundaries:
        yield Content("")
        yield _title("BOUNDARIES", "base_lr, max_lr")
        yield from _boundary_lines(model.boundaries)
    why = list(_why_lines(model))
    if why:
        yield Content("")
        yield _title("WHY", f"{keys('run.details')} in full")
        yield from why
    machine = list(machine_lines(model.state))
    if machine:
        yield Content("")
        yield _title("MACHINE")
        yield from machine


def _title(text: str, hint: str = "") -> Content:
    if not hint:
        return Content.styled(text, _TITLE)
    return Content.assemble((text, _TITLE), (f"   {hint}", "dim"))


def _rate_lines(model: RunModel) -> Iterator[Content]:
    """The rate, or the interval, or why there is neither; and the training that it is for."""
    suggestion, provisional = model.suggestion, model.view.provisional
    if suggestion is None and provisional is not None and provisional.lr is not None:
        yield Content.assemble(" ", (f" {rate(provisional.lr)} ", "reverse $success"), " so far")
        return
    if suggestion is None:
        yield Content.assemble("  ", ("–", "bold"))
        yield Content.styled(_WAITING[model.state.phase], "dim")
        return
    yield Content.assemble(" ", *_headline(model, suggestion))
    if suggestion.lr is None:
        yield Content.styled(suggestion.verdict.replace("_", " "), "bold $warning")
        return
    if suggestion.low is not None and not _is_interval_only(model, suggestion):
        yield Content.assemble(("good ", "dim"), interval(suggestion))
    yield from _confidence_lines(model, suggestion)
    yield Content.assemble(("for  ", "dim"), training_line(model, suggestion))


def _headline(model: RunModel, suggestion: Suggestion) -> list[str | tuple[str, str]]:
    """The strongest text on the screen."""
    if suggestion.lr is None:
        return [(" none ", "bold reverse $warning")]
    if _is_interval_only(model, suggestion):
        return [(f" {interval(suggestion)} ", _RATE)]
    return [(f" {rate(suggestion.lr)} ", _RATE)]


def _is_interval_only(model: RunModel, suggestion: Suggestion) -> bool:
    return training.is_interval_only(suggestion, model.state.measured)


def _confidence_lines(model: RunModel, suggestion: Suggestion) -> Iterator[Content]:
    sure = confidence(suggestion, model.state.measured)
    if sure is not None:
        yield Content.assemble((_dots(sure.level), "$success"), f" {sure.words}")


def _dots(level: int) -> str:
    return "●" * level + "○" * (LEVELS - level)


def interval(suggestion: Suggestion) -> str:
    """The interval of an answer."""
    return f"{rate(suggestion.low)} … {rate(suggestion.high)}"


def training_line(model: RunModel, suggestion: Suggestion) -> Content:
    """The training that the rate is for."""
    warmup = model.state.plan.warmup
    return Content(training.training(suggestion.schedule, suggestion.steps, warmup))


def _next_lines(model: RunModel, keys: Keys) -> Iterator[Content]:
    """The steps that make sense now; the first is the one that we would take."""
    for index, step in enumerate(next_steps(model)):
        arrow = "▸ " if index == 0 else "  "
        key = (keys(step.binding), "bold $accent")
        yield Content.assemble(arrow, key, f" {clean(step.words)}")


def _boundary_lines(boundaries: Boundaries) -> Iterator[Content]:
    for side, lr in (("start", boundaries.start), ("end", boundaries.end)):
        if side == boundaries.active:
            yield Content.assemble((f"▸ {side:<6}{rate(lr)}", "bold $accent"), ("  ←→", "dim"))
        else:
            yield Content.assemble((f"  {side:<6}", "dim"), (rate(lr), "$accent"))


def _why_lines(model: RunModel) -> Iterator[Content]:
    suggestion = model.suggestion
    if suggestion is None:
        return
    if _is_interval_only(model, suggestion):
        yield from long_training_lines(model, suggestion)
    yield verdict_and_reason(suggestion)
    for line in training.coverage(suggestion):
        yield Content.styled(line, "dim")


def verdict_and_reason(suggestion: Suggestion) -> Content:
    """The reason of an answer; of a refusal with its verdict in words."""
    if suggestion.verdict == "ok":
        return Content(clean(suggestion.reason))
    verdict = suggestion.verdict.replace("_", " ")
    return Content.assemble((f"{verdict}: ", "bold $warning"), clean(suggestion.reason))


def long_training_lines(model: RunModel, suggestion: Suggestion) -> Iterator[Content]:
    """Why there is an interval and no single rate."""
    tried = training.tried_steps(model.state.measured, suggestion.schedule)
    yield Content(training.why_interval_only(suggestion, tried))


def _two_lines(model: RunModel, keys: Keys) -> Iterator[Content]:
    """The rate and the next step; the rest is in the details."""
    first: list[str | tuple[str, str]] = []
    suggestion, provisional = model.suggestion, model.view.provisional
    if suggestion is not None:
        first += _headline(model, suggestion)
        if suggestion.lr is None:
            first.append((f" {suggestion.verdict.replace('_', ' ')}", "bold $warning"))
        elif not _is_interval_only(model, suggestion) and suggestion.low is not None:
            first += [("  good ", "dim"), interval(suggestion)]
        sure = confidence(suggestion, model.state.measured)
        if sure is not None:
            first.append((f"  {_dots(sure.level)}", "$success"))
    elif provisional is not None and provisional.lr is not None:
        first += [(f" {rate(provisional.lr)} ", "reverse $success"), " so far"]
    else:
        first += [("lr – ", "bold"), (_WAITING[model.state.phase], "dim")]
    yield Content.assemble(*first)
    for step in next_steps(model):
        yield Content.assemble("▸ ", (keys(step.binding), "bold $accent"), f" {clean(step.words)}")
        return
