"""AskBudget: what a race may cost, and what it does for that."""

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from lrtui.analysis.race import Rates, final_steps, first_round, least_budget
from lrtui.report.training import race_budget
from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.numbers import rate
from lrtui.tui.run.budget import Budget, parse_budget
from lrtui.tui.run.model import RunModel
from lrtui.tui.widgets.line import Line
from lrtui.tui.widgets.quiet import Quiet

_SHARES = (0.5, 1, 2, 4)  # of the usual budget
_HEADING = f" {'steps':>7}  {'time':<8}trainings × steps of each"
_HINT = "↑↓ choose, or type iterations, or a time: 30 s"


class Offer(NamedTuple):
    """A budget in iterations, and what a race does with it."""

    iterations: int
    does: str


class AskBudget(Dialog[Budget | None]):
    """Enter starts. The model must have a candidate."""

    DEFAULT_CSS = """
    AskBudget {
        #offers { height: auto; margin: 1 0 0 0; }
        Horizontal { height: 1; margin: 1 0 0 0; }
        .label { width: 11; text-style: dim; }
        #say { height: auto; margin: 1 0 0 0; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", "choose", key_display="↑↓", id="budget.up"),
        Binding("down", "choose(1)", show=False, id="budget.down"),
        Binding("enter", "start", "start", priority=True, id="budget.start"),
        Binding("escape", "dismiss(None)", "close", id="budget.leave"),
    ]

    def __init__(self, model: RunModel) -> None:
        super().__init__()
        self.model = model
        self.usual = race_budget(model.suggestion, model.state.measured)
        self.offers = list(offers(model, self.usual))

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(_candidate_line(self.model))
            yield Quiet.of(self._offers_text(self.usual), id="offers")
            with Horizontal():
                yield Static("budget", classes="label")
                yield Line(str(self.usual), select_on_focus=True, id="budget")
            yield Quiet.of(Content.styled(_HINT, "dim"), id="say")

    def on_input_changed(self) -> None:
        """Mark the offer that is typed."""
        self.query_one("#offers", Quiet).show(self._offers_text(self._typed), layout=True)

    def action_choose(self, by: int) -> None:
        """Put the next offer, or the one before, into the line."""
        numbers = [offer.iterations for offer in self.offers]
        index = numbers.index(self.usual) if self.usual in numbers else 0
        if self._typed in numbers:
            index = numbers.index(self._typed) + by
        line = self.query_one(Input)
        line.value = str(numbers[max(0, min(index, len(numbers) - 1))])
        line.cursor_position = len(line.value)

    def action_start(self) -> None:
        """Close with the budget, if what was typed is one."""
        try:
            budget = parse_budget(self.query_one(Input).value)
        except ValueError as error:
            self._say(str(error), "$error")
        else:
            self.dismiss(budget)

    @property
    def _typed(self) -> int | None:
        text = self.query_one(Input).value.strip()
        return int(text) if text.isdecimal() else None

    def _offers_text(self, typed: int | None) -> Content:
        lines = [Content.styled(_HEADING, "dim")]
        lines += [_offer_line(offer, typed, self._seconds(offer)) for offer in self.offers]
        return Content("\n").join(lines)

    def _seconds(self, offer: Offer) -> float | None:
        """At the pace of the range test; None where it is not known."""
        state = self.model.state
        if state.last is None or not state.steps or not state.last.seconds:
            return None
        return offer.iterations * state.last.seconds / state.steps

    def _say(self, text: str, style: str) -> None:
        self.query_one("#say", Quiet).show(Content.styled(text, style), layout=True)


def offers(model: RunModel, usual: int) -> Iterator[Offer]:
    """Budgets to choose from: around the usual one, and what the last race asked for."""
    budgets = {max(least_budget(), round(usual * share)) for share in _SHARES}
    asked = _asked_for(model)
    if asked:
        budgets.add(asked)
    for iterations in sorted(budgets):
        does = _does(model, iterations)
        if iterations == asked:
            does += "; so much would decide the last race"
        yield Offer(iterations, does)


def _asked_for(model: RunModel) -> int:
    """The steps that the last race needed to decide; 0 where it has decided or there is none."""
    result = model.state.confirmation
    if result is None or result.verdict != "open":
        return 0
    return max(least_budget(), -(-result.more_steps // 100) * 100)


def _does(model: RunModel, iterations: int) -> str:
    """The plan of a race, by the rules that it follows: no promise of what it will find."""
    candidate, suggestion = model.candidate, model.suggestion
    if candidate is None:
        return ""
    rates = Rates(lr=candidate.lr)
    if suggestion is not None and suggestion.lr is not None:
        low, high = suggestion.low, suggestion.high
        rates = Rates(lr=candidate.lr, suggested=suggestion.lr, low=low, high=high)
    longest = model.state.plan.steps
    first = first_round(rates, iterations, longest)
    left = iterations - len(first.rates) * first.steps
    again = final_steps(first.steps, left, longest)
    pairs = left // (2 * again)
    words = f"{len(first.rates)} rates × {first.steps}"
    if pairs:
        words += f"; best two: {pairs} × {again}"
    return words


def _offer_line(offer: Offer, typed: int | None, seconds: float | None) -> Content:
    time = "" if seconds is None else f"≈ {_duration(seconds)}"
    cost = f"{offer.iterations:>7,}  {time:<8}"
    if offer.iterations == typed:
        return Content.assemble(("▸", "bold $accent"), (cost, "bold $accent"), offer.does)
    return Content.assemble(" ", cost, (offer.does, "dim"))


def _duration(seconds: float) -> str:
    """A time in round numbers: it is an estimate."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min"


def _candidate_line(model: RunModel) -> Content:
    """What is raced, and for which training."""
    candidate, plan = model.candidate, model.state.plan
    if candidate is None:
        return Content("")
    training = f" for {plan.schedule}"
    if plan.schedule == "constant":
        training = " for a constant rate"
    if plan.steps:
        training += f", {plan.steps:,} steps"
    return Content.assemble(
        "race lr ",
        (rate(candidate.lr), "bold $success"),
        f" ({candidate.source}) against the rates around it{training}",
    )
