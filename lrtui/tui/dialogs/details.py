"""The answer in full: why, what to do next, every published rule, and lines of code that are ready to paste."""

from collections.abc import Callable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from lrtui.analysis.answer import Bounds
from lrtui.report.code import code_lines
from lrtui.report.confirmation import stability_line, verdict_line, verdicts
from lrtui.report.rules import agreed_within
from lrtui.tui.clean import clean
from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.numbers import rate
from lrtui.tui.run.answer import why
from lrtui.tui.run.state import RunState

Copy = Callable[[str, str], None]


class Details(Dialog[None]):
    """A page to read, whose lines of code can be copied."""

    DEFAULT_CSS = """
    Details {
        .dialog { width: 116; scrollbar-size-vertical: 1; }
        .rules { text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,i,enter", "dismiss", "close", id="details.close"),
        *(
            Binding(str(n), f"copy({n - 1})", f"copy line {n}", id=f"details.copy{n}")
            for n in (1, 2, 3)
        ),
        Binding("up,k", "scroll(-1)", show=False, id="details.up"),
        Binding("down,j", "scroll(1)", show=False, id="details.down"),
    ]

    def __init__(self, view: RunState, bounds: Bounds | None, copy: Copy) -> None:
        super().__init__()
        self.view = view
        self.copy = copy
        suggestion = view.answer.suggestion if view.answer else None
        momentum = view.started.momentum if view.started else None
        self.code = code_lines(view.spec.optimizer, suggestion, bounds, momentum)

    def compose(self) -> ComposeResult:
        parts = [_answer(self.view), _code(self.code), _checks(self.view)]
        texts = [Content("\n").join(lines) for part in parts if (lines := list(part))]
        with VerticalScroll(classes="dialog"):
            yield Static(Content("\n\n").join(texts))
            yield Static(Content("\n").join([Content(""), *_rules(self.view)]), classes="rules")
            yield Static(Content.styled("\n↑↓ scroll   esc closes", "dim"))

    def action_copy(self, place: int) -> None:
        """Copy a line of code."""
        if place < len(self.code):
            name = list(self.code)[place]
            self.copy(self.code[name], f"the line for {_NAMES.get(name, name)}")

    def action_scroll(self, by: int) -> None:
        """Scroll where the page is longer than the screen."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


_NAMES = {"constant": "a constant rate"}


def _answer(view: RunState) -> Iterator[Content]:
    if view.answer is None:
        yield Content("No answer yet: it comes when the curve is measured.")
        return
    answer = view.answer.suggestion
    interval = (
        f"   from {rate(answer.low)} to {rate(answer.high)}" if answer.low and answer.high else ""
    )
    yield Content.assemble(
        ("lr  ", "bold"), (rate(answer.lr) if answer.lr else "none", "bold $success"), interval
    )
    yield why(answer)
    if answer.advice:
        yield Content.assemble(("→ ", "dim"), clean(answer.advice))
    yield Content.styled(clean(f"method: {answer.method}"), "dim")
    if view.lens.words:
        yield Content.assemble(("view: ", "dim"), (view.lens.words, "$accent"))


def _code(code: dict[str, str]) -> Iterator[Content]:
    if not code:
        return
    yield Content.styled("lines of code, with the boundaries as they stand", "dim")
    for number, (name, line) in enumerate(code.items(), 1):
        yield Content.assemble(
            (f"{number} ", "bold $accent"), (f"copies {_NAMES.get(name, name)}", "dim")
        )
        yield Content(f"  {clean(line)}")


def _checks(view: RunState) -> Iterator[Content]:
    for result in verdicts(view.measured):
        yield Content.assemble(("short trainings: ", "dim"), clean(verdict_line(result)))
    if view.stability is not None:
        lr = view.answer.suggestion.lr if view.answer else None
        yield Content.assemble(("stability: ", "dim"), clean(stability_line(view.stability, lr)))


def _rules(view: RunState) -> Iterator[Content]:
    if view.answer is None or not view.answer.suggestions:
        return
    from lrtui.analysis.rules import RULES

    suggestions = view.answer.suggestions
    yield Content.styled(f"published rules: {agreed_within(suggestions)}", "dim")
    for name, lr in suggestions.items():
        words = (RULES[name].__doc__ or "").split("\n")[0] if name in RULES else ""
        yield Content.assemble(f"{rate(lr):>9}  {clean(name):<18}", (words, "dim"))
