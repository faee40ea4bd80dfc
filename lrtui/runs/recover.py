"""From the journal of a run that was cut off to its record, with the answer of its curves."""

from pathlib import Path

from lrtui.record import from_events
from lrtui.runs.curves import answer_of
from lrtui.runs.store import read_journal, save


def recover(path: Path) -> Path:
    """Write the record of a journal, remove the journal, and return the record's path.

    Raises:
        RecordError: the journal cannot be read, or its run never started.
        OSError: the record cannot be written; the journal is kept.
    """
    events = read_journal(path)
    record = from_events(events)
    if record.suggestion is None:
        answer = answer_of(record)
        if answer is not None:
            record = from_events([*events, answer])
    target = path.with_suffix(".json")
    save(record, target, overwrite=True)
    path.unlink(missing_ok=True)
    return target
