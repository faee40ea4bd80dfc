"""HistoryModel: the rows of the runs screen, found, ordered and marked. It knows no Textual."""

from pathlib import Path

from lrtui.runs.index import Entry, Stamp
from lrtui.runs.watch import Runs, Unsaved
from lrtui.tui.compare.marks import Marks
from lrtui.tui.history.rows import Row, order_key, row_of

ORDERS = ("newest", "lr", "loss", "seconds", "name")


class HistoryModel:
    """The rows, of which `shown` are those that the search finds, in the order that was chosen.

    Attributes:
        marks: of the app, so that a run keeps its colour and marker on every screen.
        deleted: where deleted records are now, the last one last.
    """

    def __init__(self, marks: Marks) -> None:
        self.marks = marks
        self.runs = Runs()
        self.shown: list[Row] = []
        self.cursor = 0
        self.query = ""
        self.order = ORDERS[0]
        self.deleted: list[Path] = []
        self._rows: list[Row] = []  # newest first
        self._rows_of: dict[str, tuple[Stamp, Row]] = {}  # by file, made once for each record

    @property
    def highlighted(self) -> Row | None:
        """The row under the cursor; None where there is none."""
        if not self.shown:
            return None
        return self.shown[self.cursor]

    @property
    def count(self) -> int:
        """How many runs there are, found or not."""
        return len(self._rows)

    @property
    def running(self) -> int:
        """How many of them go on."""
        return sum(unsaved.going_on for unsaved in self.runs.unsaved)

    @property
    def cut_off(self) -> list[Unsaved]:
        """The runs that can be recovered."""
        return [unsaved for unsaved in self.runs.unsaved if not unsaved.going_on]

    def show(self, runs: Runs) -> None:
        """Take what is known of all runs now; the cursor stays on its run."""
        self.runs = runs
        unsaved = {one.id: one for one in runs.unsaved}
        rows: list[Row] = []
        for entry in runs.saved:
            row = self._row(entry)
            if row.id in unsaved:
                row = Row(row.id, entry, unsaved.pop(row.id))
            rows.append(row)
        rows += [Row(one.id, unsaved=one) for one in unsaved.values()]
        if unsaved:
            rows.sort(key=lambda row: row.id, reverse=True)
        self._rows = rows
        self._find()

    def find(self, query: str) -> None:
        """Show the rows that hold every word of the query."""
        before, self.query = self.query.split(), query
        # what a longer query finds is among what was found
        within = self.shown if _narrows(before, query.split()) else None
        self._find(within)

    def next_order(self) -> None:
        """Sort by the next column."""
        index = (ORDERS.index(self.order) + 1) % len(ORDERS)
        self.order = ORDERS[index]
        self._find()

    def move(self, by: int) -> None:
        """Move the cursor, at most to the first or the last row."""
        self.cursor = min(max(0, self.cursor + by), max(0, len(self.shown) - 1))

    def toggle_mark(self) -> str:
        """Mark the highlighted run, or take its mark away; "" or why that cannot be."""
        row = self.highlighted
        if row is None:
            return ""
        if row.entry is None or row.entry.problem:
            return "only a run with a record can be compared"
        if not self.marks.toggle(row.id):
            return "eight runs are marked: space on one of them takes its mark away"
        return ""

    def marked(self) -> list[Row]:
        """The rows of the marked runs, by their letters; a deleted run is not among them."""
        by_id = {row.id: row for row in self._rows}
        return [by_id[run_id] for run_id in self.marks.ids if run_id in by_id]

    def _row(self, entry: Entry) -> Row:
        known = self._rows_of.get(entry.file)
        if known is not None and known[0] == entry.stamp and not entry.problem:
            return known[1]
        row = row_of(entry)
        self._rows_of[entry.file] = entry.stamp, row
        return row

    def _find(self, among: list[Row] | None = None) -> None:
        kept = self.highlighted
        words = self.query.lower().split()
        found = self._rows if among is None else among
        for word in words:
            found = [row for row in found if word in row.text]
        if self.order != ORDERS[0] and among is None:
            found = sorted(found, key=lambda row: order_key(self.order, row))
        self.shown = found
        self._put_cursor_on(kept)

    def _put_cursor_on(self, kept: Row | None) -> None:
        self.move(0)
        if kept is None or not self.shown or self.shown[self.cursor].id == kept.id:
            return
        for index, row in enumerate(self.shown):
            if row.id == kept.id:
                self.cursor = index
                return


def _narrows(before: list[str], after: list[str]) -> bool:
    """Whether every row that holds the words `after` holds those `before`."""
    return bool(before) and all(any(word in longer for longer in after) for word in before)
