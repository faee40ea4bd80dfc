"""AskBudget: what short trainings may cost, and under which schedule they train."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from lrtui.analysis.answer import Schedule
from lrtui.tui.dialogs.dialog import Dialog
from lrtui.tui.numbers import rate
from lrtui.tui.run.budget import SCHEDULES, Budget, parse_budget
from lrtui.tui.run.model import RunModel
from lrtui.tui.widgets.cycle import Cycle
from lrtui.tui.widgets.line import Line
from lrtui.tui.widgets.quiet import Quiet


class AskBudget(Dialog[Budget | None]):
    """Enter starts; the arrows go to the schedule. The model must have candidates."""

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
        Binding("up", "app.focus_previous", show=False, id="budget.up"),
        Binding("down", "app.focus_next", show=False, id="budget.down"),
    ]

    def __init__(self, model: RunModel) -> None:
        super().__init__()
        self.candidates = model.candidates
        self.default_budget = model.default_budget

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._candidate_line(SCHEDULES[0]), id="candidate")
            with Horizontal():
                yield Static("budget", classes="label")
                yield Line(str(self.default_budget), select_on_focus=True, id="budget")
            with Horizontal():
                yield Static("schedule", classes="label")
                yield Cycle(SCHEDULES, SCHEDULES[0], id="schedule")
            yield Quiet(id="say")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._say("iterations, or a time: 30 s   ↓ schedule   ⏎ starts   esc closes", "dim")

    @on(Cycle.Changed)
    def _schedule_changed(self) -> None:
        self.query_one("#candidate", Static).update(self._candidate_line(self._schedule))

    @property
    def _schedule(self) -> Schedule:
        return SCHEDULES[SCHEDULES.index(self.query_one(Cycle).value)]

    def _candidate_line(self, schedule: Schedule) -> Content:
        lr, source = self.candidates[schedule]
        return Content.assemble(
            "try lr ", (rate(lr), "bold $success"), f" ({source}) and others around it"
        )

    def action_start(self) -> None:
        """Close with the budget, if what was typed is one."""
        try:
            budget = parse_budget(self.query_one(Input).value, self._schedule)
        except ValueError as error:
            self._say(str(error), "$error")
        else:
            self.dismiss(budget)

    def _say(self, text: str, style: str) -> None:
        self.query_one("#say", Quiet).show(Content.styled(text, style), layout=True)
