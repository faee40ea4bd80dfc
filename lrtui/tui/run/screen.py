"""The run screen: polls a model, draws it, and binds keys to it."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen

from lrtui.launch.driver import Driver
from lrtui.record import RecordError
from lrtui.spec import RunSpec
from lrtui.tui import keys
from lrtui.tui.chart.widget import Chart
from lrtui.tui.dialogs.ask import Ask
from lrtui.tui.numbers import rate
from lrtui.tui.parting import lost_with_trials, parting_of, unsaved
from lrtui.tui.run.answer_panel import AnswerPanel
from lrtui.tui.run.available import is_available
from lrtui.tui.run.boundaries import Side
from lrtui.tui.run.budget import Budget
from lrtui.tui.run.curve_view import PAN
from lrtui.tui.run.export import (
    RecordChanges,
    bounds_description,
    bounds_text,
    record_changes,
    save_changes,
)
from lrtui.tui.run.header import RunHeader
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.output_pane import OutputPane
from lrtui.tui.run.pictures import run_picture
from lrtui.tui.run.status import status
from lrtui.tui.run.write_record import write_record
from lrtui.tui.theme import HEIGHTS, NORMAL_WIDTH, WIDTHS
from lrtui.tui.toast import copy, tell, tell_or_print
from lrtui.tui.widgets.key_bar import KeyBar
from lrtui.tui.widgets.quiet import Quiet

if TYPE_CHECKING:
    from lrtui.tui.app import LrtuiApp

POLL_SECONDS = 0.22  # 4-5 frames a second look smooth, and are cheap over SSH


class RunScreen(Screen[None]):
    """One driver's runs. With `alone` there is no form below this screen: escape ends the app."""

    BINDINGS = keys.RUN
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    AUTO_FOCUS = None
    DEFAULT_CSS = """
    RunScreen {
        #body { height: 1fr; }
        #chart { width: 1fr; height: 1fr; margin: 0 1 0 0; }
        #status { height: 3; }
        &.-wide AnswerPanel { width: 44; }
        &.-narrow {
            #body { layout: vertical; }
            #chart { margin: 0; }
            #status { height: 2; text-wrap: nowrap; text-overflow: ellipsis; }
            AnswerPanel { width: 1fr; height: 2; padding: 0; border-left: none; }
        }
        &.-narrow #panel { text-wrap: nowrap; text-overflow: ellipsis; }
        &.failed.-narrow #panel { text-wrap: wrap; }
        &.failed {
            #chart { width: 2fr; }
            AnswerPanel { width: 3fr; }
        }
        &.failed.-narrow AnswerPanel { width: 1fr; height: 2fr; border-top: solid $error; }
        &.failed.-narrow #chart { display: none; }
        &.failed.-narrow.-tall #chart { display: block; }
        &.failed.unmeasured #chart { display: none; }
    }
    """

    def __init__(self, driver: Driver, spec: RunSpec, *, alone: bool = False) -> None:
        super().__init__()
        self.model = RunModel(driver, spec)
        self.alone = alone

    def compose(self) -> ComposeResult:
        yield RunHeader()
        with Horizontal(id="body"):
            yield Chart(id="chart")
            yield AnswerPanel(id="answer")
        yield OutputPane(id="output")
        yield Quiet(id="status")
        yield KeyBar(roomy_from=NORMAL_WIDTH)

    def on_mount(self) -> None:
        parting_of(self.app).follow(self.model)
        self.model.start()
        _import_trends()
        self.set_interval(POLL_SECONDS, self.poll)
        self.call_after_refresh(self.redraw)

    async def on_unmount(self) -> None:
        changes = record_changes(self.model)
        self.model.driver.close()
        if changes is not None:
            await self._save(changes)

    def poll(self) -> None:
        """Read the driver's new events, and draw them."""
        state = self.model.state
        before = state.phase, state.checking, state.suggested
        if not self.model.poll():
            return
        self.redraw()
        if (state.phase, state.checking, state.suggested) != before:
            self.refresh_bindings()

    def redraw(self) -> None:
        """Draw the model. Widgets send only what differs from what they show."""
        model, narrow = self.model, self.app.size.width < NORMAL_WIDTH
        self.set_class(model.state.failed, "failed")
        self.set_class(not model.state.repeats, "unmeasured")
        self.query_one(RunHeader).show(model.state)
        self.query_one(Chart).show(run_picture(model))
        self.query_one(AnswerPanel).show(model, self._key_of, narrow=narrow)
        self.query_one("#status", Quiet).show(status(model, self._key_of, narrow=narrow))
        self.query_one(OutputPane).follow(model.driver, model.log_path)

    def on_answer_panel_resized(self, _: AnswerPanel.Resized) -> None:
        """Fit the texts to the new size: events may be long in coming, or never come."""
        self.redraw()

    def _key_of(self, binding_id: str) -> str:
        return cast("LrtuiApp", self.app).key_name(binding_id)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide the keys that do nothing now."""
        return is_available(self.model, action)

    def _changed(self) -> None:
        """Draw what a key changed, and the keys that do something now."""
        self.redraw()
        self.refresh_bindings()

    # runs

    def action_again(self) -> None:
        """Run the same spec again."""
        self._unless_lost("run again", self._again)

    def _again(self) -> None:
        parting_of(self.app).keep(self.model)
        self._save_in_background()
        self.model.run_again()
        self._changed()

    def action_extend(self) -> None:
        """Go on beyond the end of the range, without starting again."""
        self.model.extend()

    def action_stop(self) -> None:
        """Stop what is running; what was measured is kept."""
        self.model.driver.stop()

    def action_reset(self) -> None:
        """Restore model and optimizer, and empty the chart."""
        self._unless_lost("reset", self._reset)

    def _reset(self) -> None:
        parting_of(self.app).keep(self.model)
        self._save_in_background()
        if self.model.reset():
            self._changed()
        else:
            tell(self.app, "nothing to reset: no model was built", "warning")

    def _unless_lost(self, action: str, act: Callable[[], None]) -> None:
        """Act; ask first where that would lose what was measured after the curve."""

        def answered(agreed: bool | None) -> None:
            if agreed:
                act()

        lost = lost_with_trials(self.model)
        if lost:
            self.app.push_screen(Ask(lost, action, "stay"), answered)
        else:
            act()

    def unsaved(self) -> str:
        """What leaving would stop or lose."""
        return unsaved(self.model)

    async def action_back(self) -> None:
        """Go back to the form; what is running is stopped first, if the person agrees."""
        lost = self.unsaved()
        if self.alone:
            await self.app.action_quit()
        elif lost:
            question = Ask(lost, "go back to the form", "stay")
            self.app.push_screen(question, self._leave)
        else:
            self.dismiss()

    def _leave(self, agreed: bool | None) -> None:
        if agreed:
            self.model.driver.stop()
            self.dismiss()

    # boundaries

    def action_choose(self, side: Side) -> None:
        """Make one boundary the active one."""
        self.model.activate(side)
        self.redraw()

    def action_move(self, by: int) -> None:
        """Move the crosshair, or else the active boundary, by columns."""
        self.model.move(by, self.query_one(Chart).columns)
        self._changed()

    def on_chart_clicked(self, event: Chart.Clicked) -> None:
        """Move the crosshair, or else the active boundary, to where the mouse was clicked."""
        self.model.move_to(event.lr, self.query_one(Chart).columns)
        self._changed()

    def action_adopt(self) -> None:
        """Put both boundaries where the answer proposes them."""
        self.model.adopt()
        self._changed()

    # view options

    def action_smooth(self, by: int) -> None:
        """Smooth the curves more or less."""
        self.model.smooth(by)
        self._changed()

    def action_trim(self, side: Side, by: int) -> None:
        """Leave out points at one side, or include them again."""
        self.model.trim(side, by)
        self._changed()

    def action_leave_out(self, repeat: int) -> None:
        """Leave a repeat out, or include it again."""
        self.model.toggle_repeat(repeat)
        self._changed()

    def action_as_measured(self) -> None:
        """Undo the view options, the zoom and the other kind of line."""
        self.model.undo_view()
        self._changed()

    def action_line(self) -> None:
        """Draw the trend, the exponential average or the batches boldly."""
        view = self.model.view
        view.show(view.display.next_line())
        self._changed()

    def action_log_y(self) -> None:
        """Draw the loss on a logarithmic axis, or on a linear one again."""
        view = self.model.view
        view.show(replace(view.display, y_log=not view.display.y_log))
        self.redraw()

    def action_zoom(self, times: int) -> None:
        """Zoom in or out around what the arrows move."""
        self.model.zoom(times)
        self._changed()

    def action_pan(self, by: int) -> None:
        """Move the visible part of the axis."""
        self.model.view.pan(by * PAN)
        self.redraw()

    def action_cross(self) -> None:
        """Show a crosshair, which the arrows then move; or hide it."""
        self.model.toggle_cross()
        self._changed()

    # checks

    def action_confirm(self) -> None:
        """Ask for the budget of a race, or show the one that there was."""
        if self.model.state.checking == "confirmation" or self.model.state.trials:
            self._show_trials()
        elif self.model.can_start_check:
            self._ask_budget()
        else:
            tell(self.app, "nothing to try yet: a run has to end first", "warning")

    def _ask_budget(self) -> None:
        from lrtui.tui.dialogs.budget import AskBudget

        self.app.push_screen(AskBudget(self.model), self._confirm)

    def _confirm(self, budget: Budget | None) -> None:
        if budget is not None and self.model.confirm(budget):
            self._changed()
            self._show_trials()

    def _show_trials(self) -> None:
        from lrtui.tui.race.screen import Trials

        self.app.push_screen(Trials(self.model), lambda _: self._changed())

    def action_limit(self) -> None:
        """Measure the stability limit; once it is known, hide or show it."""
        self.model.measure_limit()
        self._changed()

    # what the person reads and takes

    def action_details(self) -> None:
        """Show the answer in full."""
        from lrtui.tui.dialogs.details import Details

        self.app.push_screen(Details(self.model))

    def action_output(self) -> None:
        """Show what the user's code printed, or hide it."""
        pane = self.query_one(OutputPane)
        pane.toggle()
        pane.follow(self.model.driver, self.model.log_path)

    def action_history(self) -> None:
        """Show every run that was kept."""
        from lrtui.tui.history.opening import open_history

        open_history(self.app)

    def action_compare(self) -> None:
        """Show the repeats of this run beside each other."""
        from lrtui.record import from_events
        from lrtui.tui.compare.contenders import drawn_repeats
        from lrtui.tui.compare.screen import CompareScreen

        record = from_events(self.model.state.events)
        self.app.push_screen(CompareScreen(drawn_repeats(record), repeats=True))

    def action_scroll_answer(self, by: int) -> None:
        """Scroll the answer panel."""
        self.query_one(AnswerPanel).scroll_relative(y=by, animate=False)

    def action_copy(self) -> None:
        """Copy the suggested learning rate, or the boundaries where there is none."""
        lr = self.model.suggested_lr
        if lr is None:
            self.action_copy_bounds()
        else:
            copy(self.app, f"{lr:.6g}", f"lr {rate(lr)}")

    def action_copy_bounds(self) -> None:
        """Copy the two boundaries."""
        bounds = self.model.bounds
        if bounds is not None:
            copy(self.app, bounds_text(bounds), bounds_description(bounds))

    def action_write(self) -> None:
        """Write a copy of the run record."""
        write_record(self.app, self.model)

    # the run's own record

    def _save_in_background(self) -> None:
        """Save the person's changes before they are forgotten; keys do not wait for the disk."""
        changes = record_changes(self.model)
        if changes is not None:
            self.app.run_worker(self._save(changes))

    async def _save(self, changes: RecordChanges) -> None:
        app = self.app
        try:
            await asyncio.to_thread(save_changes, changes)
        except RecordError as error:
            reason = str(error)
        except OSError as error:
            reason = f"{changes.path}: {error.strerror or error}"
        else:
            return
        tell_or_print(app, f"your changes are not in the run's record: {reason}")


def _import_trends() -> None:
    """Import numpy while the model is built, so that the first points do not wait for it."""
    threading.Thread(
        target=import_module, args=("lrtui.tui.run.trends",), name="import", daemon=True
    ).start()
