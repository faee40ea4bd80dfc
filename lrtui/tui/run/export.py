"""Exports of a run: text for the clipboard, a copy of the record, changes to the record itself."""

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from lrtui import paths
from lrtui.analysis.answer import Bounds
from lrtui.events import Measured
from lrtui.record import RecordError, RunRecord, from_events
from lrtui.tui.clean import clean
from lrtui.tui.numbers import rate
from lrtui.tui.run.model import RunModel
from lrtui.tui.run.view_options import AS_MEASURED

_WORKER_SECONDS = 5.0  # longer than a closed worker may take to end
_POLL_SECONDS = 0.02


def bounds_text(bounds: Bounds) -> str:
    """The boundaries as arguments of a cyclical schedule."""
    return f"base_lr={bounds.start_lr:.6g}, max_lr={bounds.end_lr:.6g}"


def bounds_description(bounds: Bounds) -> str:
    """The boundaries in words."""
    return f"the boundaries {rate(bounds.start_lr)} and {rate(bounds.end_lr)}"


def file_name(model: RunModel) -> Path:
    """A file name for a copy of the record: the model's name and the end of the run's id."""
    from lrtui.export.formats import named_after

    started = model.state.started
    run_id = "run" if started is None else started.id
    return Path(f"{named_after(clean(model.state.spec.model.target), run_id)}.json")


def save_copy(model: RunModel, place: str, *, overwrite: bool) -> str:
    """Write the run with the boundaries and the test's answer as they stand; returns where.

    `place` is what `lrtui export --to` would ask for. Races are entries of `measured`, from which
    the answer after them is read. View options are recorded as an entry `view` of `measured`.

    Raises:
        FileExistsError: it exists and `overwrite` is false.
        OSError: it cannot be written; one clear line.
        ValueError: the run has nothing to show in that format, or a package is missing.
    """
    from lrtui.export.formats import target_of, write

    where = write(_record(model), place, overwrite=overwrite)
    if target_of(place).format == "json":
        model.note_written()  # other formats do not have all of it
    return where


def rescue(model: RunModel) -> Path | None:
    """Write a run that cannot be kept with the others to a folder for temporary files.

    Returns the path; None where that cannot be written either.
    """
    try:
        return rescue_record(_record(model))
    except RecordError:  # nothing was measured
        return None


def rescue_record(record: RunRecord) -> Path | None:
    """The same for a record."""
    from lrtui.runs.store import save

    folder = paths.elsewhere()
    if folder is None:
        return None
    try:
        return save(record, folder / f"{record.id}.json", overwrite=True, follow=False)
    except OSError:  # that disk is full too
        return None


def _record(model: RunModel) -> RunRecord:
    """The run record with the boundaries and the answer as they stand."""
    events = list(model.state.events)
    if model.answer_with_rules is not None:
        events.append(model.answer_with_rules)
    if model.view.options != AS_MEASURED:
        events.append(Measured(model.view.options.result))
    return msgspec.structs.replace(from_events(events), bounds=model.bounds)


@dataclass(frozen=True)
class RecordChanges:
    """What the person changed in the answer of a run that has a record of its own."""

    path: Path  # of that record
    bounds: Bounds


def record_changes(model: RunModel) -> RecordChanges | None:
    """Changes that the run's own record lacks; None where there are none, or no record."""
    ended, bounds = model.state.ended, model.bounds
    if ended is None or not ended.record:
        return None
    if bounds is None or not model.boundaries.touched:
        return None
    return RecordChanges(Path(ended.record), bounds)


def save_changes(changes: RecordChanges) -> None:
    """Rewrite the run's own record with the changes, atomically.

    It may wait seconds for the worker to finish writing, so it is called on a thread.

    Raises:
        RecordError: the file is no run record any more.
        OSError: it cannot be read or written, or its worker is still writing it.
    """
    from lrtui.runs.store import load, save

    _wait_for_worker(changes.path.with_suffix(".jsonl"))
    record = msgspec.structs.replace(load(changes.path), bounds=changes.bounds)
    save(record, changes.path, overwrite=True, follow=False)


def _wait_for_worker(journal: Path) -> None:
    """Wait until the worker has written what it measured last.

    A worker that was killed leaves a journal that knows more than the record: it is recovered.
    """
    from lrtui.runs.recover import recover
    from lrtui.runs.store import going_on, journals

    deadline = time.monotonic() + _WORKER_SECONDS
    while going_on(journal):
        if time.monotonic() > deadline:
            raise TimeoutError("its worker is still writing it")
        time.sleep(_POLL_SECONDS)
    if journal in journals():
        recover(journal)
