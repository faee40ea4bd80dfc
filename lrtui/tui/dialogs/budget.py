"""AskBudget: what a race may cost."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from lrtui.report.training import race_budget
from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.numbers import rate
from lrtui.tui.run.budget import Budget, parse_budget
from lrtui.tui.run.model import RunModel
from lrtui.tui.widgets.line import Line
from lrtui.tui.widgets.quiet import Quiet


class AskBudget(Dialog[Budget | None]):
    """Enter starts. The model must have a candidate."""

    DEFAULT_CSS = """
    AskBudget {
        Horizontal { height: 1; margin: 1 0 0 0; }
        .label { width: 11; text-style: dim; }
        #say { height: auto; margin: 1 0 0 0; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "close", id="budget.leave"),
        Binding("enter", "start", "start", priority=True, id="budget.start"),
    ]

    def __init__(self, model: RunModel) -> None:
        super().__init__()
        self.model = model

    def compose(self) -> ComposeResult:
        usual = race_budget(self.model.suggestion, self.model.state.measured)
        with Vertical(classes="dialog"):
            yield Static(_candidate_line(self.model))
            with Horizontal():
                yield Static("budget", classes="label")
                yield Line(str(usual), select_on_focus=True, id="budget")
            yield Quiet(id="say")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._say("iterations, or a time: 30 s   ⏎ starts   esc closes", "dim")

    def action_start(self) -> None:
        """Close with the budget, if what was typed is one."""
        try:
            budget = parse_budget(self.query_one(Input).value)
        except ValueError as error:
            self._say(str(error), "$error")
        else:
            self.dismiss(budget)

    def _say(self, text: str, style: str) -> None:
        self.query_one("#say", Quiet).show(Content.styled(text, style), layout=True)


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
