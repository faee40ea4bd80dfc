"""Short trainings, as they come in: loss over iterations for each rate, the same as a table, and the verdict."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from lrtui.tui import keys
from lrtui.tui.chart.widget import Chart
from lrtui.tui.run.screen_base import WIDTHS
from lrtui.tui.run.trials import head, table, trials_picture, verdict
from lrtui.tui.widgets.key_bar import KeyBar
from lrtui.tui.widgets.quiet import Quiet

if TYPE_CHECKING:
    from lrtui.tui.run.screen_checks import Checks

_LOOK = 0.22  # seconds between looks at the view that the run screen keeps


class Trials(Screen[None]):
    """Draws what the run screen's view knows of the trials; that screen goes on polling behind this one."""

    BINDINGS: ClassVar[list[BindingType]] = keys.TRIALS
    AUTO_FOCUS = None
    DEFAULT_CSS = """
    Trials {
        #head { height: 1; }
        #chart { height: 1fr; min-height: 8; }
        #table { height: auto; margin: 1 0 0 0; }
        #verdict { height: auto; max-height: 4; margin: 1 0 0 0; }
    }
    """

    def __init__(self, run: "Checks") -> None:
        super().__init__()
        self.run = run
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        yield Quiet(id="head")
        yield Chart(id="chart")
        yield Quiet(id="table")
        yield Quiet(id="verdict")
        yield KeyBar(roomy_from=WIDTHS[1][0])

    def on_mount(self) -> None:
        self.set_interval(_LOOK, self.look)
        self.call_after_refresh(self.look)

    def look(self) -> None:
        """Draw the trials anew where something has changed."""
        view = self.run.view
        now = view.version, view.checking, self.run.better, view.phase
        if now == self._drawn:
            return
        self._drawn = now
        if view.phase in ("resetting", "building"):  # their curve is gone
            self.dismiss()
            return
        self.query_one("#head", Quiet).show(head(view))
        self.query_one("#chart", Chart).show(trials_picture(view))
        self.query_one("#table", Quiet).show(table(view), layout=True)
        self.query_one("#verdict", Quiet).show(verdict(view, self.run.better), layout=True)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that have nothing to do now are not in the footer."""
        match action:
            case "stop":
                return bool(self.run.view.checking)
            case "again":
                return not self.run.view.busy
            case "take":
                return self.run.better is not None
        return True

    def action_stop(self) -> None:
        """Stop the trainings; what they measured is kept."""
        self.run.driver.stop()

    def action_again(self) -> None:
        """Ask for another budget."""
        self.run.ask_budget()

    def action_take(self) -> None:
        """Take the better rate."""
        self.run.take_better()
        self.look()

    def action_write(self) -> None:
        """Write the record, these trials in it."""
        self.run.take_record()
