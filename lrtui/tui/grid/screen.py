"""The grid screen: the runs, and the curve of one that is in progress."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen

from lrtui.report.compare import differences
from lrtui.tui import keys
from lrtui.tui.chart.picture import Picture
from lrtui.tui.chart.widget import Chart
from lrtui.tui.clean import clean
from lrtui.tui.compare.marks import MOST, marks_of
from lrtui.tui.dialogs.ask import Ask
from lrtui.tui.grid.runs import GridCell, GridRuns
from lrtui.tui.numbers import duration, rate
from lrtui.tui.parting import LastWords, not_saved_words, parting_of
from lrtui.tui.run.curve_view import CurveView
from lrtui.tui.run.pictures import curves_of
from lrtui.tui.theme import NORMAL_WIDTH
from lrtui.tui.toast import tell
from lrtui.tui.widgets.key_bar import KeyBar
from lrtui.tui.widgets.quiet import Quiet

_POLL_SECONDS = 0.22
_SIGNS = {"waiting": "·", "running": "▸", "done": "✓", "failed": "✕", "stopped": "–"}


class GridScreen(Screen[None]):
    """Draws and drives the runs of a grid; leaving it ends them."""

    BINDINGS: ClassVar[list[BindingType]] = keys.GRID
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    GridScreen {
        #title { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #chart { height: 1fr; min-height: 6; }
        #cells { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    def __init__(self, runs: GridRuns) -> None:
        super().__init__()
        self.runs = runs
        self.view = CurveView(runs.state)
        found = differences([msgspec.to_builtins(cell.spec) for cell in runs.cells])
        self.varied = [(one.label, one.values) for one in found]
        self.compared = False

    def compose(self) -> ComposeResult:
        yield Quiet(id="title")
        yield Chart(id="chart")
        yield Quiet(id="cells")
        yield KeyBar(roomy_from=NORMAL_WIDTH)

    def on_mount(self) -> None:
        self.set_interval(_POLL_SECONDS, self.poll)
        self.call_after_refresh(self.poll)

    def on_unmount(self) -> None:
        self.runs.close()

    def poll(self) -> None:
        """Read new events, and draw them; compare the runs when the last one has ended."""
        if not self.runs.poll():
            return
        self._rescue()
        self.redraw()
        self.refresh_bindings()
        if self.runs.is_over and not self.compared and len(self.runs.records) > 1:
            self.compared = True
            self.action_compare()

    def _rescue(self) -> None:
        """Copy runs that could not be saved elsewhere; what is said at the end names the copies."""
        from lrtui.record import from_events
        from lrtui.tui.run.export import rescue_record

        for state in self.runs.lost:
            if state.started is None:
                continue
            copy = rescue_record(from_events(state.events))
            said = f"run      {state.started.id}", not_saved_words(state.saving_problem, copy)
            parting_of(self.app).say(LastWords("   ".join(said), said, not_saved=True))
        self.runs.lost.clear()

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        """Draw the runs."""
        runs = self.runs
        self.query_one("#title", Quiet).show(self._title())
        if self.view.state is not runs.state:
            self.view = CurveView(runs.state)
        picture = Picture(
            runs.state.axis,
            tuple(curves_of(self.view)),
            runs.version,
            legend=False,
            settled=runs.state.ended is not None,
            empty=self._empty(),
        )
        self.query_one(Chart).show(picture)
        cells = Content("\n").join(self._cell_lines())
        self.query_one("#cells", Quiet).show(cells, layout=True)

    def _empty(self) -> str:
        ended = self.runs.state.ended
        if ended is None:
            return "building the model and the data …"
        return clean(ended.reason)

    def _title(self) -> Content:
        runs = self.runs
        total = len(runs.cells)
        if runs.is_over:
            text = f"{runs.done} of {total} done"
        else:
            text = f"run {runs.current + 1} of {total}"
            if runs.running > 1:
                text = (
                    f"{runs.done} of {total} done, {runs.running} running · run {runs.current + 1}"
                )
            if runs.state.steps:
                text += f" · {runs.state.steps}/{runs.state.total_steps}"
            left = runs.seconds_left
            if left is not None:
                text += f" · {duration(left)} left in all"
        return Content.assemble(("lrtui ▸ grid  ", "bold"), text)

    def _cell_lines(self) -> Iterator[Content]:
        """The runs around the one in progress, as many as half of the screen has room for."""
        count, room = len(self.runs.cells), max(4, self.size.height // 2 - 2)
        first = min(max(0, self.runs.current - room // 2), max(0, count - room))
        last = min(count, first + room)
        if first:
            yield Content.styled(f"  {first} before", "dim")
        for index in range(first, last):
            yield self._cell_line(index, self.runs.cells[index])
        if last < count:
            yield Content.styled(f"  {count - last} more", "dim")

    def _cell_line(self, index: int, cell: GridCell) -> Content:
        parts = [f"{label} {values[index]}" for label, values in self.varied]
        what = clean(" · ".join(parts)) or "run"
        sign = _SIGNS[cell.standing]
        if cell.standing == "running":
            return Content.styled(f"{sign} {what}", "bold $accent")
        if cell.standing == "waiting":
            return Content.styled(f"{sign} {what}", "dim")
        if cell.standing == "failed":
            return Content.assemble((f"{sign} {what}   ", ""), (clean(cell.reason), "$error"))
        return Content.assemble(f"{sign} {what}   ", *_answer(cell))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide the keys that do nothing now."""
        if action == "stop":
            return not self.runs.is_over
        if action == "compare":
            return len(self.runs.records) > 1
        return True

    def action_stop(self) -> None:
        """Stop the runs in progress, and begin no other."""
        self.runs.stop()

    def action_compare(self) -> None:
        """Compare the runs that have a record; of more than eight those with the lowest loss."""
        self.run_worker(self._compare(self.runs.records), group="compare", exclusive=True)

    async def _compare(self, records: list[Path]) -> None:
        from lrtui.tui.compare.screen import CompareScreen
        from lrtui.tui.grid.best import best_of, draw

        best = await asyncio.to_thread(best_of, records, MOST)
        marks = marks_of(self.app)
        marks.clear()  # so that the list of runs shows the same colours and markers
        own = [mark for mark in (marks.add(record.id) for record in best) if mark is not None]
        drawn = await asyncio.to_thread(draw, best, own)
        if len(records) > len(drawn):
            tell(self.app, f"the {len(drawn)} with the lowest losses of {len(records)} runs")
        if len(drawn) > 1:
            self.app.push_screen(CompareScreen(drawn))

    def action_leave(self, quits: bool) -> None:
        """Leave, after a question where a run is in progress; `quits`: leave lrtui."""
        if self.runs.is_over:
            self._leave(quits)
            return
        waiting = len(self.runs.cells) - self.runs.done
        where = "leave lrtui" if quits else "go back"
        question = Ask(
            f"{waiting} runs of the grid are not done yet.", f"stop them and {where}", "stay"
        )
        self.app.push_screen(question, lambda yes: self._leave(quits) if yes else None)

    def _leave(self, quits: bool) -> None:
        if quits:
            self.app.exit()
        else:
            self.dismiss()


def _answer(cell: GridCell) -> Iterator[tuple[str, str]]:
    if cell.not_saved:
        yield f"not saved: {clean(cell.not_saved)}   ", "$warning"
    suggestion = cell.suggestion
    if suggestion is None:
        yield cell.standing, "dim"
    elif suggestion.lr is None:
        yield f"no rate: {suggestion.verdict.replace('_', ' ')}", "$warning"
    else:
        yield f"lr {rate(suggestion.lr)}", "$success"
        yield f"   {rate(suggestion.low)} to {rate(suggestion.high)}", "dim"
