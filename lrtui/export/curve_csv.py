"""The curves of a record as CSV, one line a point."""

import csv
import io
from collections.abc import Iterator, Sequence

from lrtui.export.content import printable
from lrtui.record import History, RunRecord

COLUMNS = ("repeat", "iteration", "lr", "loss", "raw_loss", "train_loss", "metric")
ORIGIN = ("run", "lrtui", "torch")  # the same on every line, so that files can be put together

Cell = int | float | str | None


def csv_of(record: RunRecord) -> str:
    """The points of all repeats. `loss` is the smoothed one; what was not measured is empty.

    A loss that is not finite is `nan`, `inf` or `-inf`. The last columns are the run's id and the
    versions that made it.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, *ORIGIN))
    origin = [_text(text) for text in (record.id, record.lrtui, record.torch)]
    for repeat, history in enumerate(record.repeats or [record.history]):
        for cells in _rows(repeat, history):
            writer.writerow((*cells, *origin))
    return text.getvalue()


def _text(text: str) -> str:
    """A text that no spreadsheet takes for a formula: a record may come from anybody."""
    return printable(text).lstrip("=+-@ ")


def _rows(repeat: int, history: History) -> Iterator[Sequence[Cell]]:
    kinds = {(place.series, place.index): place.kind for place in history.nonfinite}
    for index, lr in enumerate(history.lr):
        cells: list[Cell] = [repeat, index, lr]
        for series in COLUMNS[3:]:
            values = getattr(history, series)
            value = values[index] if values else None
            cells.append(kinds.get((series, index)) if value is None else value)
        yield cells
