"""The run screen: it polls a driver's events, draws them, and moves two boundaries. It knows no torch and no files."""

from lrtui.tui import keys
from lrtui.tui.chart.widget import Chart
from lrtui.tui.dialogs.ask import Ask
from lrtui.tui.run.answer import Answer
from lrtui.tui.run.screen_checks import Checks
from lrtui.tui.run.screen_looks import Looks
from lrtui.tui.run.view_options import AS_MEASURED


class RunScreen(Looks, Checks):
    """One driver's runs, one after the other: the keys that run, stop, reset, and move the boundaries."""

    BINDINGS = keys.RUN

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that have nothing to do now are not in the footer."""
        match action:
            case "stop":
                return self.view.phase in ("building", "running") or bool(self.view.checking)
            case "again":
                return not self.view.busy
            case "choose" | "move":
                return self.boundaries is not None
            case "adopt":
                at = self.boundaries.bounds if self.boundaries else None
                return at is not None and self.view.proposal not in (None, at)
            case "confirm":
                return self.checkable and bool(self.candidates)
            case "limit":
                return self.checkable
            case "details":
                return self.view.answer is not None
            case "smooth" | "trim":
                return self.judged
            case "leave_out":
                return self.judged and len(self.view.points) > 1
            case "as_measured":
                return self.view.lens != AS_MEASURED or self.view.taken_lr is not None
        return True

    def action_choose(self, side: str) -> None:
        """Take a boundary in hand."""
        if self.boundaries:
            self.boundaries = self.boundaries.choose("start" if side == "start" else "end")
            self.show()

    def action_move(self, by: int) -> None:
        """Move the boundary in hand by columns."""
        if self.boundaries:
            self.boundaries = self.boundaries.moved(
                by, self.view.axis, self.query_one(Chart).columns
            )
            self.show()
            self.refresh_bindings()

    def action_adopt(self) -> None:
        """Put the boundaries where the answer proposes them."""
        if self.boundaries and self.view.proposal:
            self.boundaries = self.boundaries.adopted(self.view.proposal)
            self.show()
            self.refresh_bindings()

    def action_again(self) -> None:
        """Run again what was run."""
        if not self.view.busy:
            self._read = len(self.driver.events)
            self.view.begin(self.view.spec)
            self.boundaries = None
            self.driver.run(self.view.spec)
            self.settle()
            self.show()
            self.refresh_bindings()

    def action_stop(self) -> None:
        """Stop what goes on; what was measured is kept."""
        self.driver.stop()

    def action_reset(self) -> None:
        """Empty the chart and have model and optimizer put back."""
        if not self.view.initial:
            self.tell("nothing to reset: no model was built", warn=True)
            return
        self.view.clear()
        self.driver.reset()
        self.settle()
        self.show()
        self.refresh_bindings()

    def action_scroll_answer(self, by: int) -> None:
        """Scroll the panel where it does not fit."""
        self.query_one(Answer).scroll_relative(y=by, animate=False)

    def action_back(self) -> None:
        """Back to the form; a run that is on is stopped first, when confirmed."""
        if self.view.busy and not self.alone:
            self.app.push_screen(
                Ask("A run is on.", "stop it and go back to the form", "stay"), self._leave
            )
        else:
            self._leave(True)

    def _leave(self, sure: bool | None) -> None:
        if sure:
            self.app.exit() if self.alone else self.dismiss()
