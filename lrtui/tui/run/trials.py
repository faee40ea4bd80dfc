"""Short trainings as a picture and as text: the last training of every rate."""

from collections.abc import Iterator

from textual.content import Content

from lrtui.events import TrialResult
from lrtui.report.confirmation import rows, verdict_line
from lrtui.tui.chart.axis import Axis, axis_for
from lrtui.tui.chart.plotting import Picture, Role
from lrtui.tui.chart.thinning import Thinned
from lrtui.tui.clean import clean
from lrtui.tui.numbers import loss, rate
from lrtui.tui.run.state import RunState


def head(view: RunState) -> Content:
    """What is tried, and how far it is."""
    schedule = view.trials[-1].schedule if view.trials else ""
    spent = sum(trial.iterations for trial in view.trials)
    going_on = view.checking == "confirmation"
    return Content.assemble(
        ("short trainings", "bold"),
        f"  {clean(str(schedule))}" if schedule else "",
        ("   ● " if going_on else "   ", "bold $accent"),
        (f"{len(view.trials)} done, {spent} iterations", "dim"),
    )


def trials_picture(view: RunState) -> Picture:
    """Loss over iterations: the tried rate in front, its best rival beside it, the rest faint."""
    last = _last_of_each(view.trials)
    longest = max((trial.iterations for trial in last.values()), default=1)
    axis = axis_for(0.0, float(longest), log=False)
    tried = _tried(view)
    finite = {
        lr: trial.loss for lr, trial in last.items() if trial.loss is not None and lr != tried
    }
    rival = min(finite, key=finite.__getitem__, default=None)
    front: dict[float | None, Role] = {rival: "smooth", tried: "suggestion"}
    order = sorted(last, key=lambda lr: (lr in front, lr == tried))
    return Picture(
        axis,
        tuple(_curve(last[lr], axis) for lr in order),
        view.version,
        settled=True,
        roles=tuple(front.get(lr, "repeat") for lr in order),
        empty="the first training goes on …" if view.checking else "no training was finished",
    )


def table(view: RunState) -> Content:
    """Each rate, what it is, and how far it came."""
    return Content("\n").join(_rows(view))


def _rows(view: RunState) -> Iterator[Content]:
    found = rows(view.trials)
    if not found:
        return
    best = min((row.loss for row in found if row.loss is not None), default=None)
    yield Content.styled(f"  {'lr':>8}  {'what it is':<17}  {'loss reached':>12}  steps", "dim")
    for row in found:
        tried = row.lr == _tried(view)
        style = "bold $success" if tried else "bold" if row.loss == best else ""
        reached = "blew up" if row.loss is None else loss(row.loss)
        steps = f"{row.steps}" if row.trials == 1 else f"{row.steps} × {row.trials}"
        mark = "▸" if tried else " "
        yield Content.styled(
            f"{mark} {rate(row.lr):>8}  {clean(row.what):<17}  {reached:>12}  {steps}", style
        )


def verdict(view: RunState, better: float | None) -> Content:
    """What the trials came to, and the next thing to do; `better` is a rate that can be taken."""
    if view.checking:
        return Content.styled("x stops; what was measured is kept", "dim")
    result = view.confirmation
    if result is None:
        return Content("")
    styles = {
        "confirmed": "bold $success",
        "refuted": "bold $warning",
        "undecided": "bold $warning",
    }
    word, _, rest = verdict_line(result).partition(":")
    judged = result.judged_by
    return Content.assemble(
        (word, styles.get(word.split()[0], "bold $error")), clean(f":{rest}"),
        (f" (judged by the {clean(str(judged))})", "dim") if judged else "",
        ("   a takes it", "bold $accent") if better else "",
        ("   taken", "bold $success") if result.better and not better else "",
    )  # fmt: skip


def _tried(view: RunState) -> float | None:
    """The rate that the trials are about: the first one is always it."""
    return view.trials[0].lr if view.trials else None


def _last_of_each(trials: list[TrialResult]) -> dict[float, TrialResult]:
    return {trial.lr: trial for trial in trials}


def _curve(trial: TrialResult, axis: Axis) -> Thinned:
    curve, points = Thinned(axis), trial.curve
    for place, value in enumerate(points):
        curve.add(place * (trial.iterations - 1) / max(1, len(points) - 1), None, value)
    return curve
