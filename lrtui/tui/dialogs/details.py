"""Details: the answer in full, with its reason, lines of code, checks, and every published rule."""

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from lrtui.analysis.answer import Suggestion
from lrtui.report import training
from lrtui.report.code import code_lines
from lrtui.report.race import stability_line, verdict_line, verdicts
from lrtui.tui.clean import clean
from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.numbers import rate
from lrtui.tui.run.answer_panel import (
    interval,
    long_training_lines,
    training_line,
    verdict_and_reason,
)
from lrtui.tui.run.model import RunModel
from lrtui.tui.toast import copy

_COPY_KEYS = [
    Binding(str(number), f"copy({number - 1})", f"copy line {number}", id=f"details.copy{number}")
    for number in (1, 2, 3, 4)
]


class Details(Dialog[None]):
    """A page to read; its lines of code can be copied."""

    DEFAULT_CSS = """
    Details {
        .dialog { width: 116; scrollbar-size-vertical: 1; }
        .rules { text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,enter", "dismiss", "close", id="details.close"),
        *_COPY_KEYS,
        Binding("up,k", "scroll(-1)", show=False, id="details.up"),
        Binding("down,j", "scroll(1)", show=False, id="details.down"),
    ]

    def __init__(self, model: RunModel) -> None:
        super().__init__()
        self.model = model
        state = model.state
        self.code = code_lines(
            state.spec.optimizer, model.rates, model.schedule_bounds, state.plan, state.momentum
        )

    def compose(self) -> ComposeResult:
        sections = (_answer_lines(self.model), _code_lines(self.code), _check_lines(self.model))
        texts = [Content("\n").join(lines) for lines in sections]
        rules = Content("\n").join([Content(""), *_rule_lines(self.model)])
        with VerticalScroll(classes="dialog"):
            yield Static(Content("\n\n").join(filter(None, texts)))
            yield Static(rules, classes="rules")
            yield Static(Content.styled("\n↑↓ scroll   esc closes", "dim"))

    def action_copy(self, index: int) -> None:
        """Copy a line of code."""
        if index < len(self.code):
            name = list(self.code)[index]
            copy(self.app, self.code[name], f"the line for {_title(name)}")

    def action_scroll(self, by: int) -> None:
        """Scroll, where the page is longer than the screen."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


def _title(code_name: str) -> str:
    if code_name == "constant":
        return "a constant rate"
    return code_name


def _answer_lines(model: RunModel) -> Iterator[Content]:
    suggestion = model.suggestion
    if suggestion is None:
        yield Content("No answer yet: it comes when the curve is measured.")
        return
    yield from _rate_lines(model, suggestion)
    for line in (*training.coverage(suggestion), *training.expectations(suggestion)):
        yield Content(line)
    yield verdict_and_reason(suggestion)
    interval_only = training.is_interval_only(suggestion, model.state.measured)
    if suggestion.advice and not interval_only:
        yield Content.assemble(("→ ", "dim"), clean(suggestion.advice))
    yield Content.styled(clean(f"method: {suggestion.method}"), "dim")
    view = model.view.options.description
    if view:
        yield Content.assemble(("view: ", "dim"), (view, "$accent"))


def _rate_lines(model: RunModel, suggestion: Suggestion) -> Iterator[Content]:
    """The rate or the interval, and the training that it is for."""
    label = ("lr  ", "bold")
    if not suggestion.lr:
        yield Content.assemble(label, ("none", "bold $success"))
        return
    words = training_line(model, suggestion)
    if training.is_interval_only(suggestion, model.state.measured):
        yield Content.assemble(label, (interval(suggestion), "bold $success"), " · ", words)
        yield from long_training_lines(model, suggestion)
        return
    yield Content.assemble(label, (rate(suggestion.lr), "bold $success"), " · ", words)
    if suggestion.low is not None:
        yield Content(f"from {interval(suggestion)}")


def _code_lines(code: dict[str, str]) -> Iterator[Content]:
    if not code:
        return
    yield Content.styled("lines of code; CyclicLR has the boundaries as they stand", "dim")
    for number, (name, line) in enumerate(code.items(), 1):
        copies = (f"copies {_title(name)}", "dim")
        yield Content.assemble((f"{number} ", "bold $accent"), copies)
        for part in line.split("\n"):
            yield Content(f"  {clean(part)}")


def _check_lines(model: RunModel) -> Iterator[Content]:
    for result in verdicts(model.state.measured):
        yield Content.assemble(("race: ", "dim"), clean(verdict_line(result)))
    stability = model.state.stability
    if stability is not None:
        line = stability_line(stability, model.suggested_lr)
        yield Content.assemble(("stability: ", "dim"), clean(line))


def _rule_lines(model: RunModel) -> Iterator[Content]:
    answer = model.answer_with_rules
    if answer is None or not answer.suggestions:
        return
    suggestions = answer.suggestions
    yield Content.styled("what the published rules suggest", "dim")
    for name, lr in suggestions.items():
        label = f"{rate(lr):>9}  {clean(name):<18}"
        yield Content.assemble(label, (_rule_description(name), "dim"))


def _rule_description(name: str) -> str:
    """First line of the rule's docstring; empty for a rule of another version."""
    from lrtui.analysis.rules import RULES

    if name not in RULES:
        return ""
    return (RULES[name].__doc__ or "").split("\n")[0]
