"""What is shown of one run beside the list: its curve, and a few lines of facts."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from textual.content import Content

from lrtui.analysis.trend import loss_trend
from lrtui.record import RecordError, RunRecord, from_events
from lrtui.report.ending import ending
from lrtui.report.race import corrected
from lrtui.runs.curves import curves_of
from lrtui.runs.index import Stamp
from lrtui.runs.store import load, read_journal
from lrtui.tui.clean import clean
from lrtui.tui.compare.contenders import Drawn, Points, drawn_of, points
from lrtui.tui.compare.marks import RunMark
from lrtui.tui.history.rows import Row, progress, short
from lrtui.tui.numbers import duration, loss, rate

_KEPT = 24  # records that were loaded last
_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, msgspec.ValidationError)


@dataclass(frozen=True)
class Preview:
    """A run's record with the answer after its races, and its line; or why there is none."""

    row: Row
    record: RunRecord | None = None
    line: Points = ((), ())
    problem: str = ""


class Previews:
    """Loads what is shown. The records that were loaded last are kept. Not for two threads at once.

    It reads files and imports numpy, so screens call it on a thread.
    """

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, Stamp], Preview] = {}

    def of(self, row: Row) -> Preview:
        """The preview of a run, also of one that still goes on."""
        if row.entry is None or row.unsaved is not None:
            return _load(row)
        key = row.entry.file, row.entry.stamp
        preview = self._loaded.pop(key, None) or _load(row)
        self._loaded[key] = preview
        while len(self._loaded) > _KEPT:
            del self._loaded[next(iter(self._loaded))]
        return preview

    def drawn(self, row: Row, mark: RunMark) -> Drawn | None:
        """A run as a line of the comparison; None where it cannot be read."""
        record = self.of(row).record
        if record is None:
            return None
        try:
            return drawn_of(record, mark)
        except _UNREADABLE:
            return None


def _load(row: Row) -> Preview:
    try:
        record = _record(row)
        if record is None:
            return Preview(row, problem="nothing was measured yet")
        suggestion, bounds = corrected(record.measured, record.suggestion, record.bounds)
        answered = msgspec.structs.replace(record, suggestion=suggestion, bounds=bounds)
        return Preview(row, answered, points(loss_trend(curves_of(record))))
    except RecordError as error:
        return Preview(row, problem=str(error))
    except OSError as error:
        return Preview(row, problem=f"{error.filename}: {error.strerror}")
    except _UNREADABLE as error:
        return Preview(row, problem=f"this record cannot be shown: {error}")


def _record(row: Row) -> RunRecord | None:
    if row.unsaved is not None:
        if row.unsaved.spec is None:
            return None
        return from_events(read_journal(row.unsaved.journal).events)
    if row.entry is None:
        return None
    return load(row.entry.path)


def facts(preview: Preview) -> Iterator[Content]:
    """How the run ended, its answer, and what it cost."""
    row, record = preview.row, preview.record
    yield Content.styled(row.title, "bold")
    if record is None:
        yield Content.styled(clean(preview.problem), "$warning")
        return
    if row.unsaved is not None:
        yield Content.styled(progress(row.unsaved), "$accent")
    else:
        last_lr = max(record.history.lr, default=None)
        yield Content(clean(ending(record.status, record.reason, last_lr, record.suggestion)))
    yield from _answer(record)
    reached = None if row.entry is None else row.entry.reached
    if reached is not None:
        yield Content(f"its trials reached {loss(reached)}")
    points_count = sum(len(history.lr) for history in record.repeats or [record.history])
    spent = f"{points_count} iterations in {duration(record.seconds)}"
    parts = [short(str(record.spec.get("data", {}).get("target", ""))), record.device, spent]
    yield Content.styled(clean(" · ".join(filter(None, parts))), "dim")
    yield Content.styled(clean(record.id), "dim")


def _answer(record: RunRecord) -> Iterator[Content]:
    suggestion = record.suggestion
    if suggestion is None:
        return
    if suggestion.lr is None:
        words = suggestion.verdict.replace("_", " ")
        yield Content.assemble("lr  ", ("none", "bold $warning"), f" · {words}")
    else:
        interval = f"   {rate(suggestion.low)} to {rate(suggestion.high)}"
        yield Content.assemble("lr  ", (rate(suggestion.lr), "bold $success"), interval)
    yield Content.styled(clean(suggestion.reason), "dim")
