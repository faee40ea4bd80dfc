"""The run screen: it polls a driver's events, draws them, and moves two boundaries. It knows no torch and no files."""

from functools import partial
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Footer

from lrtui.launch.driver import Driver
from lrtui.spec import RunSpec
from lrtui.tui import keys
from lrtui.tui.boundaries import Boundaries
from lrtui.tui.clean import clean
from lrtui.tui.screens.confirm import Confirm
from lrtui.tui.takeaway import bounds_text, file_name, rate_text, save_record
from lrtui.tui.view import RunView
from lrtui.tui.widgets.answer import Answer
from lrtui.tui.widgets.chart import Chart
from lrtui.tui.widgets.head import Head
from lrtui.tui.widgets.plot import picture
from lrtui.tui.widgets.quiet import Quiet
from lrtui.tui.widgets.status import status

_WIDTHS = [(0, "-narrow"), (92, "-normal"), (140, "-wide")]
POLL = 0.22  # seconds: 4-5 frames a second are fluent, and over SSH they are cheap
_AT_ONCE = 20_000  # events a poll, so that a backlog cannot freeze the keys


class RunScreen(Screen[None]):
    """One driver's runs, one after the other."""

    BINDINGS = keys.RUN
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    AUTO_FOCUS = None

    def __init__(self, driver: Driver, spec: RunSpec, *, alone: bool = False) -> None:
        super().__init__()
        self.driver = driver
        self.alone = alone  # no form behind: escape leaves the app
        self.view = RunView(spec)
        self.boundaries: Boundaries | None = None
        self._read = 0

    def compose(self) -> ComposeResult:
        yield Head()
        with Horizontal(id="body"):
            yield Chart(id="chart")
            yield Answer(id="answer")
        yield Quiet(id="status")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        if not self.driver.busy and not self.driver.events:
            self.driver.run(self.view.spec)
        self._settle()
        self.set_interval(POLL, self.poll)
        self.call_after_refresh(self.show)

    def on_resize(self) -> None:
        self.query_one(Footer).compact = self.size.width < _WIDTHS[1][0]

    def on_unmount(self) -> None:
        self.driver.close()

    def poll(self) -> None:
        """Read what the run has told since the last time, and draw it."""
        fresh = self.driver.events[self._read : self._read + _AT_ONCE]
        if not fresh:
            return
        self._read += len(fresh)
        phase = self.view.phase
        for event in fresh:
            self.view.feed(event)
        self._settle()
        self.show()
        if self.view.phase != phase:
            self.refresh_bindings()

    def _settle(self) -> None:
        """Boundaries that nobody has placed follow the proposal; a chart that stays empty has none."""
        if self.view.phase in ("resetting", "reset") or (self.view.ended and not self.view.curves):
            self.boundaries = None
            return
        resting = self.view.proposal or self.view.resting
        self.boundaries = (self.boundaries or Boundaries(resting.start_lr, resting.end_lr)).proposed(resting)

    def show(self) -> None:
        """Draw what is known."""
        self.query_one(Head).show(self.view)
        self.query_one(Chart).show(picture(self.view, self.boundaries))
        self.query_one(Answer).show(self.view, self.boundaries)
        started = self.view.started
        log = started.log if started else str(getattr(self.driver, "log", ""))
        self.query_one("#status", Quiet).show(status(self.view, log), layout=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that have nothing to do now are not in the footer."""
        match action:
            case "stop":
                return self.view.phase in ("building", "running")
            case "again":
                return not self.view.busy
            case "choose" | "move":
                return self.boundaries is not None
            case "adopt":
                return self.view.proposal is not None and self.boundaries is not None
        return True

    def action_choose(self, side: str) -> None:
        """Take a boundary in hand."""
        if self.boundaries:
            self.boundaries = self.boundaries.choose("start" if side == "start" else "end")
            self.show()

    def action_move(self, by: int) -> None:
        """Move the boundary in hand by columns."""
        if self.boundaries:
            self.boundaries = self.boundaries.moved(by, self.view.axis, self.query_one(Chart).columns)
            self.show()

    def action_adopt(self) -> None:
        """Put the boundaries where the answer proposes them."""
        if self.boundaries and self.view.proposal:
            self.boundaries = self.boundaries.adopted(self.view.proposal)
            self.show()

    def action_again(self) -> None:
        """Run again what was run."""
        if not self.view.busy:
            self._read = len(self.driver.events)
            self.view.begin(self.view.spec)
            self.boundaries = None
            self.driver.run(self.view.spec)
            self._settle()
            self.show()
            self.refresh_bindings()

    def action_stop(self) -> None:
        """Stop the run; what was measured is kept."""
        self.driver.stop()

    def action_reset(self) -> None:
        """Empty the chart and have model and optimizer put back."""
        if not self.view.initial:
            self.tell("nothing to reset: no model was built", warn=True)
            return
        self.view.clear()
        self.driver.reset()
        self._settle()
        self.show()
        self.refresh_bindings()

    def action_copy(self) -> None:
        """Copy the suggested learning rate, or the boundaries where there is none."""
        taken = rate_text(self.view)
        if taken:
            self._copy(*taken)
        else:
            self.action_copy_bounds()

    def action_copy_bounds(self) -> None:
        """Copy the two boundaries."""
        if self.boundaries:
            self._copy(*bounds_text(self.boundaries.bounds))

    def _copy(self, text: str, words: str) -> None:
        self.app.copy_to_clipboard(text)
        self.tell(f"copied {words}")

    def action_scroll_answer(self, by: int) -> None:
        """Scroll the panel where it does not fit."""
        self.query_one(Answer).scroll_relative(y=by, animate=False)

    def action_write(self) -> None:
        """Ask for a path and write the run record there."""
        from lrtui.tui.screens.write import Write

        if self.view.started is None:
            self.tell("nothing to write yet: no run has started", warn=True)
            return
        bounds = self.boundaries.bounds if self.boundaries else None
        save = partial(save_record, self.view, bounds)
        self.app.push_screen(Write(file_name(self.view), save), self._written)

    def _written(self, path: Path | None) -> None:
        if path is not None:
            self.tell(f"written: {path}")

    def action_back(self) -> None:
        """Back to the form; a run that is on is stopped first, when confirmed."""
        if self.view.busy and not self.alone:
            self.app.push_screen(Confirm("A run is on.", "stop it and go back to the form", "stay"), self._leave)
        else:
            self._leave(True)

    def _leave(self, sure: bool | None) -> None:
        if sure:
            self.app.exit() if self.alone else self.dismiss()

    def tell(self, text: str, *, warn: bool = False) -> None:
        """A short message in the corner; never through markup."""
        self.notify(clean(text), markup=False, severity="warning" if warn else "information", timeout=4)
