"""The runs screen: the table, the preview of the highlighted run, and the marked runs compared."""

import asyncio
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input

from lrtui import paths
from lrtui.record import RecordError, RunRecord
from lrtui.runs import trash
from lrtui.runs.control import stop
from lrtui.runs.store import going_on, journal_path, load, rename
from lrtui.runs.watch import RunsWatch
from lrtui.spec import RunSpec
from lrtui.tui import keys
from lrtui.tui.clean import clean
from lrtui.tui.compare.marks import Marks, marks_of
from lrtui.tui.history.model import HistoryModel
from lrtui.tui.history.opening import why_no_form
from lrtui.tui.history.rows import Row
from lrtui.tui.history.side import Loader, Side
from lrtui.tui.history.table import RunsTable
from lrtui.tui.theme import NORMAL_WIDTH, WIDTHS
from lrtui.tui.toast import tell
from lrtui.tui.widgets.key_bar import KeyBar
from lrtui.tui.widgets.line import Line
from lrtui.tui.widgets.quiet import Quiet

_POLL_SECONDS = 0.22
_HEIGHTS = [(0, "-short"), (22, "-tall")]  # from which a narrow screen has a preview
_REST_SECONDS = 0.1  # that the cursor rests on a run before its record is loaded
_NO_RECORD = "it has no record yet: wait for its end, or stop it with x"


class HistoryScreen(Screen[RunSpec | None]):
    """Returns the spec of a run that is to be run again, or None.

    Args:
        query: what is searched for at first.
        alone: there is no screen below: escape ends the app.
    """

    BINDINGS: ClassVar[list[BindingType]] = keys.RUNS
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    AUTO_FOCUS = ""  # None would focus the line of the search
    DEFAULT_CSS = """
    HistoryScreen {
        #title { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #find { height: 1; display: none; }
        #find.-open { display: block; }
        #find Quiet { width: auto; }
        #body { height: 1fr; }
        #left { width: 54; }
        #table { height: 1fr; }
        #below { height: 12; display: none; border-top: solid $border-blurred; }
        #below VerticalScroll { max-height: 2; }
        &.-normal.-tall.-marked #below, &.-wide.-tall.-marked #below { display: block; }
        #side { width: 1fr; height: 1fr; margin: 0 0 0 1; }
        #cut_off { height: 1; display: none; }
        #cut_off.-some { display: block; }
        &.-wide #left { width: 92; }
        &.-narrow {
            #body { layout: vertical; }
            #left { width: 1fr; height: 1fr; }
            #side VerticalScroll { max-height: 4; }
            #side { height: 45%; width: 1fr; margin: 0; border-top: solid $border-blurred; }
        }
        &.-narrow.-short #side { display: none; }
    }
    """

    def __init__(self, query: str = "", *, alone: bool = False) -> None:
        super().__init__()
        self._query = query
        self._alone = alone
        self.model = HistoryModel(Marks())
        self.all_runs = RunsWatch()
        self.loader = Loader()
        self._rest: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Quiet(id="title")
        with Horizontal(id="find"):
            yield Quiet(id="find_label")
            yield Line(id="query")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield RunsTable(self.model, id="table")
                yield Side(self.loader, id="below")
            yield Side(self.loader, id="side")
        yield Quiet(id="cut_off")
        yield KeyBar(roomy_from=NORMAL_WIDTH)

    def on_mount(self) -> None:
        self.model.marks = marks_of(self.app)
        self.query_one("#find_label", Quiet).show(Content.styled("/ ", "bold $accent"), layout=True)
        if self._query:
            self.query_one(Line).value = self._query
            self.query_one("#find").add_class("-open")
        self.all_runs.start()
        self.set_interval(_POLL_SECONDS, self.poll)
        self.call_after_refresh(self.redraw)

    def on_unmount(self) -> None:
        self.all_runs.close()

    def poll(self) -> None:
        """Show what is new on the disk."""
        if self.all_runs.runs is not self.model.runs:
            self.model.show(self.all_runs.runs)
            self._changed()

    def redraw(self) -> None:
        """Draw the model. Widgets send only what differs from what they show."""
        self.query_one("#title", Quiet).show(self._title())
        self.set_class(bool(len(self.model.marks)), "-marked")
        self.query_one(RunsTable).redraw()
        self._show_cut_off()

    def _changed(self) -> None:
        """Draw what changed; the preview follows when the cursor rests."""
        self.redraw()
        self.refresh_bindings()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_SECONDS, self._show_side)

    def _show_side(self) -> None:
        self.run_worker(self._side_shown(), group="side", exclusive=True)

    async def _side_shown(self) -> None:
        """Show the highlighted run beside the table; below it where the marked ones are there."""
        model = self.model
        side, below = self.query_one("#side", Side), self.query_one("#below", Side)
        marked = model.marked()
        if marked and not self.has_class("-narrow"):
            if below.display:
                await below.show_run(model.highlighted)
            await side.show_marked(marked, model.marks)
        elif side.display:
            await side.show_run(model.highlighted)

    def _title(self) -> Content:
        model = self.model
        if model.runs.problem:
            return Content.assemble(
                ("lrtui ▸ runs  ", "bold"), (clean(model.runs.problem), "$error")
            )
        parts = [f"{model.count:,} runs" if model.runs.complete else "reading …"]
        if model.query.strip():
            parts.append(f"{len(model.shown):,} found")
        if model.running:
            parts.append(f"{model.running} running")
        if len(model.marks):
            parts.append(f"{len(model.marks)} marked")
        if model.runs.complete and not model.count:
            parts = ["no runs yet: each range test keeps its record here"]
        where = f"   kept in {clean(_home_relative(paths.runs()))}"
        return Content.assemble(("lrtui ▸ runs  ", "bold"), " · ".join(parts), (where, "dim"))

    def _show_cut_off(self) -> None:
        count = len(self.model.cut_off)
        line = self.query_one("#cut_off", Quiet)
        line.set_class(bool(count), "-some")
        are, them = ("was", "a record of it") if count == 1 else ("were", "records of them")
        text = f"✂ {count} {are} cut off: R makes {them}"
        line.show(Content.styled(text, "$warning") if count else "")

    def on_resize(self, _: events.Resize) -> None:
        self._changed()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide the keys that do nothing now."""
        row = self.model.highlighted
        has_record = row is not None and row.entry is not None
        is_running = row is not None and row.is_running
        match action:
            case "open":
                return has_record or is_running
            case "stop":
                return is_running
            case "mark" | "rename" | "delete" | "export" | "again":
                return has_record
            case "find":
                return self.focused is None  # a slash may be typed into the search
            case "undo":
                return bool(self.model.deleted)
            case "recover":
                return bool(self.model.cut_off)
            case "unmark":
                return bool(len(self.model.marks))
            case "compare":
                return has_record or bool(len(self.model.marks))
        return True

    # search, order, cursor, marks

    def action_find(self) -> None:
        """Type what to search for."""
        self.query_one("#find").add_class("-open")
        self.set_focus(self.query_one(Line))

    @on(Input.Changed, "#query")
    def _query_changed(self, event: Input.Changed) -> None:
        self.model.find(event.value)
        self._changed()

    @on(Input.Submitted, "#query")
    def _query_submitted(self) -> None:
        self._leave_query(keep=True)

    def _leave_query(self, *, keep: bool) -> None:
        line = self.query_one(Line)
        if not keep:
            line.value = ""
        self.set_focus(None)
        self.query_one("#find").set_class(bool(line.value.strip()), "-open")
        self._changed()

    def action_order(self) -> None:
        """Sort by the next column."""
        self.model.next_order()
        self._changed()

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.model.move(by)
        self._changed()

    def action_page(self, by: int) -> None:
        """Move the cursor by a page."""
        self.action_move(by * self.query_one(RunsTable).page)

    def action_mark(self) -> None:
        """Mark the run for the comparison, and go to the next."""
        problem = self.model.toggle_mark()
        if problem:
            tell(self.app, problem, "warning")
        else:
            self.model.move(1)
        self._changed()

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.model.marks.clear()
        self._changed()

    async def action_back(self) -> None:
        """Leave the search first, then the screen."""
        if self.focused is not None or self.model.query:
            self._leave_query(keep=False)
        elif self._alone:
            await self.app.action_quit()
        else:
            self.dismiss(None)

    # what is done with a run

    def action_open(self) -> None:
        """Show the run on the screen of runs."""
        row = self.model.highlighted
        if row is not None and row.unsaved is not None and row.is_running:
            from lrtui.tui.attached import attach

            attach(self.app, row.unsaved.journal, row.unsaved.spec)
        elif row is not None and row.entry is not None:
            self.run_worker(self._open(row.entry.path), group="open", exclusive=True)

    def action_stop(self) -> None:
        """Stop the run that goes on, whoever has started it."""
        row = self.model.highlighted
        if row is not None and row.is_running:
            problem = stop(row.id)
            tell(self.app, problem or "asked to stop: it ends after the step in progress")

    async def _open(self, path: Path) -> None:
        from lrtui.launch.record_driver import RecordDriver
        from lrtui.tui.run.screen import RunScreen

        record = await self._loaded(path)
        if record is None:
            return
        try:
            driver = await asyncio.to_thread(RecordDriver, record)
        except RecordError as error:
            tell(self.app, str(error), "warning")
            return
        self.app.push_screen(RunScreen(driver, driver.spec))

    async def _loaded(self, path: Path) -> RunRecord | None:
        """The record; None where it cannot be read, which is told."""
        try:
            return await asyncio.to_thread(load, path)
        except RecordError as error:
            tell(self.app, str(error), "warning")
        except OSError as error:
            tell(self.app, f"{path.name}: {error.strerror}", "warning")
        return None

    def action_again(self) -> None:
        """Leave for the form, filled with the run's settings."""
        row = self.model.highlighted
        problem = why_no_form(self.app)
        if problem:
            tell(self.app, problem, "warning")
        elif row is not None and row.entry is not None:
            self.run_worker(self._again(row.entry.path), group="open", exclusive=True)

    async def _again(self, path: Path) -> None:
        from lrtui.tui.history.actions import spec_to_run

        record = await self._loaded(path)
        if record is None:
            return
        try:
            spec = spec_to_run(record)
        except RecordError as error:
            tell(self.app, str(error), "warning")
        else:
            self.dismiss(spec)

    def action_compare(self) -> None:
        """Compare the marked runs; without marks, the repeats of the highlighted one."""
        self.run_worker(self._compare(), group="open", exclusive=True)

    async def _compare(self) -> None:
        from lrtui.tui.compare.screen import CompareScreen

        marked, row = self.model.marked(), self.model.highlighted
        if not marked and row is not None:
            drawn = await self.loader.repeats(row)
            if len(drawn) < 2:
                tell(self.app, "mark two runs or more with space, then compare them", "warning")
            else:
                self.app.push_screen(CompareScreen(drawn, repeats=True))
            return
        drawn = await self.loader.drawn(marked, self.model.marks)
        self.app.push_screen(CompareScreen(drawn))

    def action_rename(self) -> None:
        """Ask for a name."""
        from lrtui.tui.history.rename import Rename

        row = self.model.highlighted
        if row is not None and row.entry is not None:
            named = partial(self._rename, row)
            self.app.push_screen(Rename(row.entry.name), named)

    def _rename(self, row: Row, name: str | None) -> None:
        if name is None or row.entry is None:
            return
        try:
            if going_on(journal_path(row.id)):
                tell(self.app, _NO_RECORD, "warning")
                return
            rename(row.entry.path, name)
        except RecordError as error:
            tell(self.app, str(error), "warning")
        except OSError as error:
            tell(self.app, f"not renamed: {error.strerror}", "warning")
        self.all_runs.look_now()

    def action_delete(self) -> None:
        """Move the run's record to the trash."""
        row = self.model.highlighted
        if row is None or row.entry is None:
            return
        try:
            self.model.deleted.append(trash.delete(row.entry.path))
        except OSError as error:
            tell(self.app, f"not deleted: {error.strerror}", "warning")
            return
        tell(self.app, "deleted: u brings it back")
        self.all_runs.look_now()

    def action_undo(self) -> None:
        """Bring the run back that was deleted last."""
        if not self.model.deleted:
            return
        try:
            trash.restore(self.model.deleted.pop())
        except OSError as error:
            tell(self.app, f"not brought back: {error.strerror}", "warning")
        self.all_runs.look_now()

    def action_export(self) -> None:
        """Ask for a path, and write the curve or the record."""
        from lrtui.export.formats import ASKED
        from lrtui.tui.dialogs.write import Write
        from lrtui.tui.history.actions import export, export_name

        row = self.model.highlighted
        if row is None or row.entry is None:
            return
        save = partial(export, row.entry.path)
        self.app.push_screen(Write(export_name(row), save, ASKED), self._exported)

    def _exported(self, where: str | None) -> None:
        if where is not None:
            tell(self.app, f"written: {where}")

    def action_recover(self) -> None:
        """Make records of the runs that were cut off."""
        self.run_worker(self._recover(), group="recover", exclusive=True)

    async def _recover(self) -> None:
        from lrtui.tui.history.actions import recover_all

        tell(self.app, await asyncio.to_thread(recover_all, self.model.cut_off))
        self.all_runs.look_now()

    def action_grid(self) -> None:
        """Set up a grid from the highlighted run's settings, or from the default ones."""
        self.run_worker(self._grid(), group="open", exclusive=True)

    async def _grid(self) -> None:
        from lrtui.tui.grid.opening import open_grid
        from lrtui.tui.history.actions import spec_to_run

        row, spec = self.model.highlighted, RunSpec()
        if row is not None and row.entry is not None:
            record = await self._loaded(row.entry.path)
            try:
                if record is not None:
                    spec = spec_to_run(record)
            except RecordError as error:
                tell(self.app, str(error), "warning")
                return
        open_grid(self.app, spec)


def _home_relative(path: Path) -> str:
    """A path with ~ for the home folder."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return str(path)
