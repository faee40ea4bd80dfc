"""A race as text: the first line, the table, and the verdict."""

from collections.abc import Iterator, Sequence

from textual.content import Content

from lrtui.report.race import verdict_line
from lrtui.report.standings import Standing, standings
from lrtui.tui.clean import clean
from lrtui.tui.numbers import loss, rate
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.state import RunState

_VERDICT_STYLES = {
    "confirmed": "bold $success",
    "tie": "bold $success",
    "replaced": "bold $warning",
    "open": "bold $warning",
    "refuted": "bold $warning",
    "undecided": "bold $warning",
}


def title(state: RunState) -> Content:
    """The schedule, and how many trials are done."""
    schedule = ""
    if state.trials:
        schedule = f"  {clean(state.trials[-1].schedule)}"
    running = "● " if state.checking == "confirmation" else ""
    spent = sum(trial.iterations for trial in state.trials)
    return Content.assemble(
        ("race", "bold"),
        schedule,
        (f"   {running}", "bold $accent"),
        (f"{len(state.trials)} done, {spent} iterations", "dim"),
    )


def table(state: RunState) -> Content:
    """A line for each rate: what it is to the raced one, and the loss that it reached."""
    rates = standings(state.trials, state.confirmation)
    if not rates:
        return Content("")
    return Content("\n").join(_lines(rates))


def _lines(rates: Sequence[Standing]) -> Iterator[Content]:
    yield Content.styled(f"  {'lr':>8}  {'what it is':<17}  {'loss reached':>12}  steps", "dim")
    for row in rates:
        if row.standing == "pick":
            yield Content.styled(f"▸ {_line(row)}", "bold $success")
        elif row.standing == "as good":
            yield Content.styled(f"  {_line(row)}", "bold")
        else:
            yield Content(f"  {_line(row)}")


def _line(row: Standing) -> str:
    reached = "blew up"
    if row.loss is not None:
        reached = loss(row.loss)
    steps = str(row.steps)
    if row.trials > 1:
        steps += f" × {row.trials}"
    return f"{rate(row.lr):>8}  {clean(row.what):<17}  {reached:>12}  {steps}"


def verdict(model: RunModel) -> Content:
    """The verdict."""
    state = model.state
    if state.checking:
        return Content.styled("x stops; what was measured is kept", "dim")
    result = state.confirmation
    if result is None:
        return Content("")
    word, _, rest = verdict_line(result).partition(":")
    style = _VERDICT_STYLES.get(word.split()[0], "bold $error")
    parts: list[str | tuple[str, str]] = [(word, style), clean(f":{rest}")]
    if result.judged_by:
        parts.append((f" (judged by the {clean(result.judged_by)})", "dim"))
    return Content.assemble(*parts)
