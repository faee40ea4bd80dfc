"""The line below the chart: the last point as numbers, then how the run ended and why."""

from collections.abc import Iterator

from textual.content import Content

from lrtui.events import Step
from lrtui.tui.clean import clean
from lrtui.tui.numbers import loss, rate
from lrtui.tui.run.boundaries import Boundaries
from lrtui.tui.run.state import RunState


def status(view: RunState, log: str, boundaries: Boundaries | None) -> Content:
    """A few lines: the numbers, what the person changed, and the words."""
    return Content("\n").join([*_numbers(view, boundaries), *_lens(view), *_words(view, log)])


def _numbers(view: RunState, boundaries: Boundaries | None) -> Iterator[Content]:
    if (
        view.ended is not None
        and boundaries is not None
        and (here := view.at(boundaries.held)) is not None
    ):
        yield Content.assemble(
            (f"at {boundaries.active} ", "dim"),
            rate(boundaries.held),
            *_point(here),
            *_beside(view),
        )
    elif view.last is not None:
        yield Content.assemble(
            ("lr ", "dim"), rate(view.last.lr), *_point(view.last),
            ("   now ", "dim") if view.trend else "", view.trend, *_beside(view),
        )  # fmt: skip


def _point(step: Step) -> Iterator[str | tuple[str, str]]:
    yield from (
        ("   loss ", "dim"),
        loss(step.loss),
        (" (raw ", "dim"),
        loss(step.measured_loss),
        (")", "dim"),
    )
    if step.metric is not None:
        yield from (("   metric ", "dim"), f"{step.metric:.4g}")


def _beside(view: RunState) -> Iterator[str | tuple[str, str]]:
    """What else the chart shows: the range of the metric."""
    if view.metric_range:
        low, high = view.metric_range
        yield (f" ··· {low:.3g} to {high:.3g}", "$secondary")


def _lens(view: RunState) -> Iterator[Content]:
    if view.lens.words:
        yield Content.assemble(
            ("view: ", "dim"), (view.lens.words, "bold $accent"), ("   u undoes", "dim")
        )


def _words(view: RunState, log: str) -> Iterator[Content]:
    ended = view.ended
    if view.checking:
        words = {
            "confirmation": "short trainings go on: c shows them",
            "stability": "measuring the stability limit …",
        }
        yield Content.assemble(
            (words.get(view.checking, view.checking), "$accent"), ("   x stops", "dim")
        )
        return
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
    yield Content.assemble(
        (f"{ended.status}: ", "bold"), clean(ended.reason), *_repeats(view), *_checked(view)
    )


def _repeats(view: RunState) -> Iterator[tuple[str, str]]:
    shown, all_ = len(view.points) - len(view.lens.without), len(view.points)
    if all_ > 1:
        yield (
            f"   mean of {all_} repeats" if shown == all_ else f"   {shown} of {all_} repeats",
            "dim",
        )


def _checked(view: RunState) -> Iterator[str | tuple[str, str]]:
    """What was measured beside the curve, in a word each: the rest is a key away."""
    result = view.confirmation
    if result is not None:
        schedule = " as one-cycle" if result.schedule == "one-cycle" else ""
        yield (f"   tried{schedule}: ", "dim")
        yield (result.verdict or "no verdict", "bold")
        yield ("  c shows", "dim")
    stability = view.stability
    if stability is not None and view.limit_shown:
        if view.limit is None:
            yield f"   no limit: {clean(stability.problem)}"
        else:
            yield (f"   limit {rate(view.limit)}, {clean(stability.formula)}", "$warning")
