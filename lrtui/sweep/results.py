"""What a sweep has found: a row for each test, and the row to take. It imports numpy."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from lrtui.analysis.trend import loss_trend, lowest
from lrtui.record import RecordError, RunRecord
from lrtui.report.compare import Contender, contender, differences
from lrtui.report.pick import Pick, pick
from lrtui.runs.curves import curves_of
from lrtui.runs.store import load
from lrtui.sweep.executor import Outcome, Test


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One test.

    Attributes:
        number: from 1 on, in the order of the grid; what the pick calls it.
        varied: the value of each field that is not the same in all tests.
        outcome: None where it was not run.
        record: None where there is none, or where it cannot be read.
        contender: what is compared of it; None where there is no curve.
    """

    number: int
    test: Test
    varied: tuple[str, ...]
    outcome: Outcome | None
    before: bool
    record: RunRecord | None = None
    contender: Contender | None = None

    @property
    def name(self) -> str:
        """As the pick names it."""
        return str(self.number)


class Results(msgspec.Struct, frozen=True):
    """All rows, what the columns of their varied fields are called, and which to take."""

    labels: tuple[str, ...]
    rows: tuple[Row, ...]
    picks: tuple[Pick, ...]


def results(
    tests: Sequence[Test], outcomes: Mapping[str, Outcome], before: frozenset[str]
) -> Results:
    """Read the records and compare them."""
    found = differences([msgspec.to_builtins(test.spec) for test in tests])
    rows = []
    for index, test in enumerate(tests):
        row = Row(
            number=index + 1,
            test=test,
            varied=tuple(one.values[index] for one in found),
            outcome=outcomes.get(test.key),
            before=test.key in before,
        )
        rows.append(_with_record(row))
    labels = tuple(one.label for one in found)
    return Results(labels, tuple(rows), tuple(_picks(rows)))


def _with_record(row: Row) -> Row:
    """The row with what its record says."""
    if row.outcome is None or not row.outcome.record:
        return row
    try:
        record = load(Path(row.outcome.record))
    except (RecordError, OSError):
        return row
    if not record.history.lr:
        return msgspec.structs.replace(row, record=record)
    point = lowest(loss_trend(curves_of(record)))
    compared = contender(record, row.name, point)
    return msgspec.structs.replace(row, record=record, contender=compared)


def _picks(rows: Sequence[Row]) -> Iterator[Pick]:
    """The row to take; one for each batch size where their tests cannot be compared."""
    compared = [row.contender for row in rows if row.contender is not None]
    if len(compared) == 1 and compared[0].lr is not None:
        yield Pick(compared[0].name, "the only one with a curve")
        return
    if len(compared) < 2:
        yield Pick("", "there are no curves to compare")
        return
    of_all = pick(compared)
    yield of_all
    groups: dict[int, list[Contender]] = {}
    for one in compared:
        groups.setdefault(one.batch, []).append(one)
    if of_all.name or len(groups) < 2:
        return
    for batch, group in groups.items():
        of_group = pick(group)
        if of_group.name and len(group) > 1:
            yield msgspec.structs.replace(of_group, reason=f"of batch {batch}: {of_group.reason}")
