"""The runs of a grid that are compared: it reads files and imports numpy, so it has a thread."""

import math
from collections.abc import Sequence
from pathlib import Path

from lrtui.record import RecordError, RunRecord
from lrtui.runs.store import load
from lrtui.tui.compare.contenders import Drawn, drawn_of
from lrtui.tui.compare.marks import RunMark


def best_of(paths: Sequence[Path], count: int) -> list[RunRecord]:
    """So many runs: those with a rate whose tests reach the lowest losses, in the given order."""
    records = _loaded(paths)
    ranked = sorted(records, key=_lowest)[:count]
    kept = {record.id for record in ranked}
    return [record for record in records if record.id in kept]


def draw(records: Sequence[RunRecord], marks: Sequence[RunMark]) -> list[Drawn]:
    """The records as lines of the comparison."""
    return [drawn_of(record, mark) for record, mark in zip(records, marks, strict=True)]


def _loaded(paths: Sequence[Path]) -> list[RunRecord]:
    """The records with a curve that can be read: one may have been deleted meanwhile."""
    records = []
    for path in paths:
        try:
            record = load(path)
        except (RecordError, OSError):
            continue
        if record.history.lr:
            records.append(record)
    return records


def _lowest(record: RunRecord) -> float:
    contender = drawn_of(record, RunMark(0)).contender
    if contender.lowest is None or contender.lr is None:
        return math.inf
    return contender.lowest[1]
