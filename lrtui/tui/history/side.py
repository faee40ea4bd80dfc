"""Side: what stands beside the list: the highlighted run, or the marked runs compared."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content

from lrtui.tui.chart.widget import Chart
from lrtui.tui.compare.marks import Marks
from lrtui.tui.history.rows import Row
from lrtui.tui.widgets.quiet import Quiet

if TYPE_CHECKING:
    from lrtui.tui.compare.contenders import Drawn
    from lrtui.tui.history.preview import Preview, Previews


class Side(Vertical):
    """A chart and a text below it. Records are loaded on a thread, numpy with the first."""

    DEFAULT_CSS = """
    Side {
        #preview { height: 1fr; min-height: 6; }
        #facts { height: auto; max-height: 60%; scrollbar-size-vertical: 1; }
        #facts Quiet { height: auto; }
    }
    HistoryScreen.-narrow Side #facts { max-height: 4; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._previews: Previews | None = None
        self._loading = asyncio.Lock()
        self._version = 0

    def compose(self) -> ComposeResult:
        yield Chart(id="preview")
        with VerticalScroll(id="facts", can_focus=False):
            yield Quiet(id="text")

    async def show(self, row: Row | None, marked: Sequence[Row], marks: Marks) -> None:
        """Show the highlighted run, or the marked ones where there are any."""
        if marked:
            self._show_drawn(await self.drawn(marked, marks))
        elif row is not None:
            self._show_preview(await self._loaded(row))
        else:
            self._show_text(Content(""))

    async def drawn(self, marked: Sequence[Row], marks: Marks) -> "list[Drawn]":
        """The marked runs as lines; those that cannot be read are left out."""
        async with self._loading:
            return await asyncio.to_thread(self._load_drawn, marked, marks)

    async def repeats(self, row: Row) -> "list[Drawn]":
        """The repeats of a run as lines."""
        record = (await self._loaded(row)).record
        if record is None:
            return []
        from lrtui.tui.compare.contenders import drawn_repeats

        return await asyncio.to_thread(drawn_repeats, record)

    async def _loaded(self, row: Row) -> "Preview":
        async with self._loading:
            return await asyncio.to_thread(self._load, row)

    def _load(self, row: Row) -> "Preview":
        return self._reader().of(row)

    def _load_drawn(self, marked: Sequence[Row], marks: Marks) -> "list[Drawn]":
        found = []
        for row in marked:
            mark = marks.of(row.id)
            drawn = None if mark is None else self._reader().drawn(row, mark)
            if drawn is not None:
                found.append(drawn)
        return found

    def _reader(self) -> "Previews":
        """Import numpy with the first record, on the thread that reads it."""
        if self._previews is None:
            from lrtui.tui.history.preview import Previews

            self._previews = Previews()
        return self._previews

    def _show_preview(self, preview: "Preview") -> None:
        from lrtui.tui.compare.pictures import run_preview
        from lrtui.tui.history.preview import facts

        self._version += 1
        if preview.record is not None:
            picture = run_preview(preview.record, preview.line, self._version)
            self.query_one(Chart).show(picture)
        self._show_text(Content("\n").join(facts(preview)))

    def _show_drawn(self, drawn: "list[Drawn]") -> None:
        from lrtui.tui.compare.pictures import compared_picture
        from lrtui.tui.compare.table import comparison

        self._version += 1
        self.query_one(Chart).show(compared_picture(drawn, self._version, True))
        self._show_text(comparison(drawn, max(27, self.size.width - 1)))

    def _show_text(self, text: Content) -> None:
        self.query_one("#text", Quiet).show(text, layout=True)
