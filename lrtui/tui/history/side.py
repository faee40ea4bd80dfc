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


class Loader:
    """Loads records on a thread, numpy with the first, one after the other."""

    def __init__(self) -> None:
        self._previews: Previews | None = None
        self._busy = asyncio.Lock()

    async def preview(self, row: Row) -> "Preview":
        """The preview of a run."""
        async with self._busy:
            return await asyncio.to_thread(self._load, row)

    async def drawn(self, marked: Sequence[Row], marks: Marks) -> "list[Drawn]":
        """The marked runs as lines; those that cannot be read are left out."""
        async with self._busy:
            return await asyncio.to_thread(self._load_drawn, marked, marks)

    async def repeats(self, row: Row) -> "list[Drawn]":
        """The repeats of a run as lines; none of a run that cannot be read."""
        record = (await self.preview(row)).record
        if record is None:
            return []
        from lrtui.tui.compare.contenders import drawn_repeats

        return await asyncio.to_thread(drawn_repeats, record)

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
        if self._previews is None:
            from lrtui.tui.history.preview import Previews

            self._previews = Previews()
        return self._previews


class Side(Vertical):
    """A chart and a text below it."""

    DEFAULT_CSS = """
    Side {
        Chart { height: 1fr; min-height: 6; }
        VerticalScroll { height: auto; max-height: 60%; scrollbar-size-vertical: 1; }
        Quiet { height: auto; }
    }
    """

    def __init__(self, loader: Loader, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.loader = loader
        self._version = 0

    def compose(self) -> ComposeResult:
        yield Chart()
        with VerticalScroll(can_focus=False):
            yield Quiet()

    async def show_run(self, row: Row | None) -> None:
        """Show one run."""
        if row is None:
            self._show_text(Content(""))
            return
        preview = await self.loader.preview(row)
        from lrtui.tui.compare.pictures import run_preview
        from lrtui.tui.history.preview import facts

        self._version += 1
        picture = run_preview(preview.record, preview.line, self._version)
        self.query_one(Chart).show(picture)
        self._show_text(Content("\n").join(facts(preview)))

    async def show_marked(self, marked: Sequence[Row], marks: Marks) -> None:
        """Show the marked runs, compared."""
        drawn = await self.loader.drawn(marked, marks)
        from lrtui.tui.compare.pictures import compared_picture
        from lrtui.tui.compare.table import comparison

        self._version += 1
        self.query_one(Chart).show(compared_picture(drawn, self._version, True))
        self._show_text(comparison(drawn, max(27, self.size.width - 1)))

    def _show_text(self, text: Content) -> None:
        self.query_one(Quiet).show(text, layout=True)
