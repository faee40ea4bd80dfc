"""The journal of a run that was cut off becomes its record, with the answer that its curves give."""

from pathlib import Path

from lrtui.record import from_events
from lrtui.runs.curves import answer_of
from lrtui.runs.store import read_journal, save


def recover(path: Path) -> Path:
    """Turn the journal of a run that was cut off into its record, and remove the journal.

    Raises:
        RecordError: there is nothing in it to recover.
        OSError: the record cannot be written; the journal is kept then.
    """
    events = read_journal(path)
    record = from_events(events)
    if record.suggestion is None and (answer := answer_of(record)):
        record = from_events([*events, answer])
    target = path.with_suffix(".json")
    save(record, target, overwrite=True)
    path.unlink(missing_ok=True)
    return target
