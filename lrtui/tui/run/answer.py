"""The answer panel: the suggestion and why, the boundaries' values, what the published rules would have said."""

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from lrtui.analysis.answer import Suggestion
from lrtui.report.rules import agreed
from lrtui.tui.clean import clean
from lrtui.tui.numbers import rate
from lrtui.tui.run.boundaries import Boundaries
from lrtui.tui.run.state import RunState
from lrtui.tui.widgets.quiet import Quiet

_WAITING = {
    "building": "comes when the curve is measured",
    "running": "comes when the curve is measured",
    "ended": "none: the run ended before there was a curve to judge",
    "resetting": "putting the model back …",
    "reset": "press Enter to run again",
}


class Answer(VerticalScroll, can_focus=False):
    """What the run says, as text."""

    DEFAULT_CSS = """
    Answer {
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
        yield Quiet(id="rules")

    def show(self, view: RunState, boundaries: Boundaries | None) -> None:
        """Bring every part up to date."""
        self.query_one("#suggestion", Quiet).show(_lines(_suggestion(view)), layout=True)
        self.query_one("#bounds", Quiet).show(_lines(_bounds(view, boundaries)), layout=True)
        self.query_one("#rules", Quiet).show(_lines(_rules(view)), layout=True)


def _lines(lines: Iterator[Content]) -> Content:
    return Content("\n").join(lines)


def _suggestion(view: RunState) -> Iterator[Content]:
    if view.answer is None:
        yield Content.assemble(("lr     ", "bold"), ("–", "dim"))
        yield Content.styled(_WAITING[view.phase], "dim")
        return
    answer = view.answer.suggestion
    lr = (rate(answer.lr), "bold $success") if answer.lr else ("none", "bold $warning")
    yield Content.assemble(("lr     ", "bold"), lr, ("   y copies", "dim") if answer.lr else "")
    if answer.low is not None and answer.high is not None:
        yield Content.assemble(("from   ", "dim"), f"{rate(answer.low)} to {rate(answer.high)}")
    yield why(answer)
    if answer.advice:
        yield Content.assemble(("→ ", "dim"), clean(answer.advice))


def why(answer: Suggestion) -> Content:
    """The verdict in words, and its reason."""
    verdict = answer.verdict.replace("_", " ")
    style = "$success" if answer.verdict == "ok" else "bold $warning"
    return Content.assemble((f"{verdict}: ", style), clean(answer.reason))


def _bounds(view: RunState, boundaries: Boundaries | None) -> Iterator[Content]:
    if boundaries is not None:
        for side, value in (("start", boundaries.start), ("end", boundaries.end)):
            held = boundaries.active == side
            style = "bold $accent" if held else "$accent"
            yield Content.assemble(
                (f"{side:<6}", "bold" if held else "dim"),
                (f"{'▸' if held else ' '} {rate(value)}", style),
            )
    digest = view.restored.digest if view.restored else view.initial
    if view.restored:
        word, style = (
            ("restored exactly", "$success")
            if view.restored.exact
            else ("NOT restored exactly", "bold $error")
        )
        yield Content.styled(word, style)
    if digest:
        yield Content.assemble(("digest ", "dim"), (clean(digest)[:12], "dim"))


def _rules(view: RunState) -> Iterator[Content]:
    if view.answer is None or not view.answer.suggestions:
        return
    yield Content.styled(agreed(view.answer.suggestions), "dim")
    for name, lr in view.answer.suggestions.items():
        yield Content.assemble((f"{rate(lr):>9}", ""), (f"  {clean(name)}", "dim"))
