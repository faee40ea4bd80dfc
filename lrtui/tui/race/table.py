"""A race as text: the first line, the table, and the verdict."""

from collections.abc import Iterator, Sequence
from itertools import cycle

from textual.content import Content

from lrtui.report.progress import racing_text
from lrtui.report.race import verdict_line
from lrtui.report.standings import Standing, StandingWord
from lrtui.tui.chart.glyphs import ROLE_MARKERS
from lrtui.tui.chart.picture import RUN_ROLES
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

_STANDING_STYLES: dict[StandingWord, str] = {"pick": "bold $success", "as good": "bold"}


def title(state: RunState) -> Content:
    """The schedule, and how far the race is."""
    schedule = ""
    if state.trials:
        schedule = f"  {clean(state.trials[-1].schedule)}"
    return Content.assemble(("race", "bold"), schedule, *_progress(state))


def _progress(state: RunState) -> Iterator[str | tuple[str, str]]:
    if state.checking == "confirmation":
        yield ("   ● ", "bold $accent")
        if state.racing is not None:
            yield racing_text(state.racing)
            return
    spent = sum(trial.iterations for trial in state.trials)
    yield (f"   {len(state.trials)} trials, {spent:,} steps", "dim")


def table(state: RunState, *, narrow: bool) -> Content:
    """A line for each rate: what it is to the raced one, and the loss that it reached."""
    rates = state.standings
    if not rates:
        return Content("")
    return Content("\n").join(_lines(rates, _judged_by(state), narrow=narrow))


def _judged_by(state: RunState) -> str:
    """The loss of the table, which is not that of the chart where there is validation data."""
    result = state.confirmation
    if result is not None and result.judged_by:
        return clean(result.judged_by)
    return "loss at the end"


def _lines(rates: Sequence[Standing], judged_by: str, *, narrow: bool) -> Iterator[Content]:
    what = 10 if narrow else 17  # columns
    header = f"    {'lr':>8}  {'what it is':<{what}}  {judged_by:>15}  {'steps':<9}"
    yield Content.styled(header.rstrip(), "dim")
    for role, row in zip(cycle(RUN_ROLES), rates, strict=False):
        style = _STANDING_STYLES.get(row.standing, "")
        arrow = "▸" if row.standing == "pick" else " "
        words = (f" {_line(row, what)}", style)
        yield Content.assemble((f"{arrow} ", style), ROLE_MARKERS[role], words, _standing(row))


def _line(row: Standing, what: int) -> str:
    reached = "–"
    if row.loss is not None:
        reached = loss(row.loss)
    steps = str(row.steps)
    if row.trials > 1:
        steps += f" × {row.trials}"
    return f"{rate(row.lr):>8}  {clean(row.what):<{what}}  {reached:>15}  {steps:<9}"


def _standing(row: Standing) -> tuple[str, str]:
    return row.standing, "$error" if row.standing == "blew up" else "dim"


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
