"""The screen of a race: loss over iterations as a chart and a table, and the verdict."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from lrtui.tui import keys
from lrtui.tui.chart.widget import Chart
from lrtui.tui.race.table import table, title, verdict
from lrtui.tui.run.budget import Budget
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.pictures import trials_picture
from lrtui.tui.run.write_record import write_record
from lrtui.tui.theme import HEIGHTS, NORMAL_WIDTH
from lrtui.tui.widgets.key_bar import KeyBar
from lrtui.tui.widgets.quiet import Quiet

_POLL_SECONDS = 0.22


class Trials(Screen[None]):
    """Draws the trials of a model. The run screen below it goes on polling the driver."""

    BINDINGS: ClassVar[list[BindingType]] = keys.TRIALS
    AUTO_FOCUS = None
    VERTICAL_BREAKPOINTS = HEIGHTS
    DEFAULT_CSS = """
    Trials {
        #title { height: 1; }
        #chart { height: 1fr; min-height: 8; }
        #table { height: auto; margin: 1 0 0 0; }
        #verdict { height: auto; max-height: 4; margin: 1 0 0 0; }
        &.-low {
            #chart { min-height: 4; }
            #table, #verdict { margin: 0; }
        }
    }
    """

    def __init__(self, model: RunModel) -> None:
        super().__init__()
        self.model = model
        self.drawn: tuple[object, ...] = ()  # of the model, as it was drawn last

    def compose(self) -> ComposeResult:
        yield Quiet(id="title")
        yield Chart(id="chart")
        yield Quiet(id="table")
        yield Quiet(id="verdict")
        yield KeyBar(roomy_from=NORMAL_WIDTH)

    def on_mount(self) -> None:
        self.set_interval(_POLL_SECONDS, self.redraw)
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Draw the trials, if anything changed."""
        model, state = self.model, self.model.state
        current = (model.version, state.checking, state.phase, self.app.size.width)
        if current == self.drawn:
            return
        self.drawn = current
        if state.phase in ("resetting", "building"):  # the curve that was confirmed is gone
            self.dismiss()
            return
        self.query_one("#title", Quiet).show(title(state))
        self.query_one("#chart", Chart).show(trials_picture(state))
        narrow = self.app.size.width < NORMAL_WIDTH
        self.query_one("#table", Quiet).show(table(state, narrow=narrow), layout=True)
        self.query_one("#verdict", Quiet).show(verdict(model), layout=True)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide the keys that do nothing now."""
        match action:
            case "stop":
                return self.model.state.checking is not None
            case "again":
                return not self.model.state.busy and not self.model.driver.read_only
        return True

    def action_stop(self) -> None:
        """Stop the trainings; what they measured is kept."""
        self.model.driver.stop()

    def action_again(self) -> None:
        """Race again, within another budget."""
        from lrtui.tui.dialogs.budget import AskBudget

        self.app.push_screen(AskBudget(self.model), self._confirm)

    def _confirm(self, budget: Budget | None) -> None:
        if budget is not None and self.model.confirm(budget):
            self.redraw()

    def action_write(self) -> None:
        """Write the record, these trials included."""
        write_record(self.app, self.model)
