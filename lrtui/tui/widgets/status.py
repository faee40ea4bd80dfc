"""The line below the chart: the last point as numbers, then how the run ended and why."""

from collections.abc import Iterator

from textual.content import Content

from lrtui.tui.clean import clean
from lrtui.tui.numbers import loss, rate
from lrtui.tui.view import RunView


def status(view: RunView, log: str) -> Content:
    """One or two lines: the numbers, and the words."""
    return Content("\n").join(list(_numbers(view)) + list(_lens(view)) + list(_words(view, log)))


def _lens(view: RunView) -> Iterator[Content]:
    if view.lens.words:
        yield Content.assemble(("answer to: ", "dim"), (view.lens.words, "bold $accent"), ("   u undoes", "dim"))


def _numbers(view: RunView) -> Iterator[Content]:
    step = view.last
    if step is None:
        return
    yield Content.assemble(
        ("lr ", "dim"), rate(step.lr),
        ("   loss ", "dim"), loss(step.loss), (" (raw ", "dim"), loss(step.measured_loss), (")", "dim"),
        ("   now ", "dim") if view.trend else "", view.trend,
        (f"   metric {step.metric:.4g}", "dim") if step.metric is not None else "",
    )  # fmt: skip


def _words(view: RunView, log: str) -> Iterator[Content]:
    ended = view.ended
    if ended is None:
        if view.notice:
            yield Content.styled(clean(view.notice), "dim")
        return
    if ended.status == "failed":
        phase = f" ({clean(ended.phase)})" if ended.phase else ""
        yield Content.assemble((f"failed{phase}: ", "bold $error"), clean(ended.reason))
        if log:
            yield Content.assemble(("traceback: ", "dim"), clean(log))
        return
    yield Content.assemble((f"{ended.status}: ", "bold"), clean(ended.reason))
