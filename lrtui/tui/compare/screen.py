"""The compare screen: runs, or the repeats of one, on one axis; what differs; the pick."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen

from lrtui.report.pick import pick
from lrtui.tui import keys
from lrtui.tui.chart.widget import Chart
from lrtui.tui.compare.contenders import Drawn
from lrtui.tui.compare.pictures import compared_picture
from lrtui.tui.compare.table import comparison, repeats_lines
from lrtui.tui.theme import NORMAL_WIDTH
from lrtui.tui.toast import copy, tell
from lrtui.tui.widgets.key_bar import KeyBar
from lrtui.tui.widgets.quiet import Quiet


class CompareScreen(Screen[None]):
    """Draws runs that are loaded already.

    Args:
        drawn: the runs, or the repeats of one.
        repeats: whether they are the repeats of one run.
    """

    BINDINGS: ClassVar[list[BindingType]] = keys.COMPARE
    AUTO_FOCUS = None
    DEFAULT_CSS = """
    CompareScreen {
        #title { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #chart { height: 1fr; min-height: 6; }
        #text { height: auto; max-height: 50%; scrollbar-size-vertical: 1; }
        #text Quiet { height: auto; }
    }
    """

    def __init__(self, drawn: Sequence[Drawn], *, repeats: bool = False) -> None:
        super().__init__()
        self.drawn = drawn
        self.repeats = repeats
        self.y_log = True

    def compose(self) -> ComposeResult:
        yield Quiet(id="title")
        yield Chart(id="chart")
        with VerticalScroll(id="text", can_focus=False):
            yield Quiet(id="comparison")
        yield KeyBar(roomy_from=NORMAL_WIDTH)

    def on_mount(self) -> None:
        self.call_after_refresh(self.redraw)

    def on_resize(self, _: events.Resize) -> None:
        self.redraw()

    def redraw(self) -> None:
        """Draw the runs."""
        self.query_one("#title", Quiet).show(self._title())
        picture = compared_picture(self.drawn, int(self.y_log), self.y_log)
        self.query_one(Chart).show(picture)
        self.query_one("#comparison", Quiet).show(self._text(), layout=True)

    def _title(self) -> Content:
        scale = "log" if self.y_log else "linear"
        what = f"{len(self.drawn)} repeats" if self.repeats else f"{len(self.drawn)} runs"
        text = f"   {what} · loss ({scale}) over lr"
        return Content.assemble(("lrtui ▸ compare", "bold"), (text, "dim"))

    def _text(self) -> Content:
        if self.repeats:
            return Content("\n").join(repeats_lines(self.drawn))
        return comparison(self.drawn, max(40, self.size.width - 1))

    def action_log(self) -> None:
        """Draw the losses on a logarithmic axis, or on a linear one."""
        self.y_log = not self.y_log
        self.redraw()

    def action_copy(self) -> None:
        """Copy the rate of the pick."""
        chosen = pick([one.contender for one in self.drawn]).name
        for one in self.drawn:
            lr = one.contender.lr
            if one.mark.name == chosen and lr is not None:
                copy(self.app, f"{lr:.6g}", f"lr {lr:.2e} of {one.mark.name}")
                return
        tell(self.app, "no run is picked, so there is no rate to copy", "warning")

    def action_scroll(self, by: int) -> None:
        """Scroll the text."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
