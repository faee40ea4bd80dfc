"""From a run's view to the chart's picture: which lines are marked, and how."""

from lrtui.tui.chart.plotting import Mark, Picture
from lrtui.tui.run.boundaries import Boundaries
from lrtui.tui.run.state import RunState

_EMPTY = {
    "building": "building the model and the data …",
    "running": "the first points come now …",
    "ended": "nothing was measured: esc goes back to the form",
    "resetting": "restoring …",
    "reset": "restored: press Enter to run again",
}


def picture(view: RunState, boundaries: Boundaries | None) -> Picture:
    """What the chart shows now."""
    marks: list[Mark] = []
    answer = view.answer.suggestion if view.answer else None
    if answer and answer.lr is not None:
        marks.append(Mark(answer.lr, "lr", "suggestion"))
    if view.limit is not None and view.limit_shown:
        marks.append(Mark(view.limit, "limit", "limit"))
    if boundaries is not None:
        sides = [Mark(boundaries.start, "start", "bound"), Mark(boundaries.end, "end", "bound")]
        if boundaries.active == "start":
            sides.reverse()
        held = sides.pop()
        marks += [*sides, Mark(held.lr, f"▸{held.name}", "active")]
    interval = (
        (answer.low, answer.high)
        if answer and answer.low is not None and answer.high is not None
        else None
    )
    return Picture(
        view.axis,
        tuple(view.curves),
        view.version,
        tuple(marks),
        interval,
        settled=view.phase == "ended",
        metric=view.shown_metrics,
        empty=_EMPTY[view.phase],
    )
