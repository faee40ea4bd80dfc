"""The curves of a record as CSV, one line a point."""

import csv
import io
from collections.abc import Iterator, Sequence

from lrtui.record import History, RunRecord

COLUMNS = ("repeat", "iteration", "lr", "loss", "raw_loss", "train_loss", "metric")

Cell = int | float | str | None


def csv_of(record: RunRecord) -> str:
    """The points of all repeats. `loss` is the smoothed one; what was not measured is empty.

    A loss that is not finite is `nan`, `inf` or `-inf`.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for repeat, history in enumerate(record.repeats or [record.history]):
        writer.writerows(_rows(repeat, history))
    return text.getvalue()


def _rows(repeat: int, history: History) -> Iterator[Sequence[Cell]]:
    kinds = {(place.series, place.index): place.kind for place in history.nonfinite}
    for index, lr in enumerate(history.lr):
        cells: list[Cell] = [repeat, index, lr]
        for series in COLUMNS[3:]:
            values = getattr(history, series)
            value = values[index] if values else None
            cells.append(kinds.get((series, index)) if value is None else value)
        yield cells
