"""What the runs screen does to files: export, recover, and the spec of a record for the form."""

from collections.abc import Sequence
from pathlib import Path

from lrtui.catalog.errors import one_line
from lrtui.export.formats import named_after, write
from lrtui.record import RecordError, RunRecord
from lrtui.report.compare import value_at
from lrtui.runs.recover import recover
from lrtui.runs.replay import spec_of
from lrtui.runs.store import load
from lrtui.runs.watch import Unsaved
from lrtui.spec import RunSpec
from lrtui.tui.history.rows import Row


def export_name(row: Row) -> Path:
    """A file name for an export: the model's name and the end of the run's id."""
    model = "" if row.entry is None else row.entry.model
    return Path(f"{named_after(model, row.id)}.csv")


def export(source: Path, place: str, *, overwrite: bool) -> str:
    """Write a record to what `lrtui export --to` would ask for; returns where.

    Raises:
        FileExistsError: it exists and `overwrite` is false.
        ValueError: there is no such format, a package is missing, or the record is damaged.
        OSError: it cannot be read or written.
    """
    record = load(source)
    try:
        return write(record, place, overwrite=overwrite)
    except (LookupError, TypeError, AttributeError) as error:  # it is nearly a record
        raise ValueError(f"this record cannot be read: {one_line(error)}") from None


def recover_all(cut_off: Sequence[Unsaved]) -> str:
    """Make records of runs that were cut off; says how many, and what went wrong."""
    problems = []
    for one in cut_off:
        try:
            recover(one.journal)
        except FileNotFoundError:
            continue  # another process has done it
        except RecordError as error:
            problems.append(f"{error}: {one.journal}")
        except OSError as error:
            problems.append(f"{one.journal}: {error.strerror}")
    count = len(cut_off) - len(problems)
    runs = "run" if count == 1 else "runs"
    return "; ".join([f"{count} {runs} recovered", *problems])


def spec_to_run(record: RunRecord) -> RunSpec:
    """The spec of a record, to be run again.

    Raises:
        RecordError: it has none that can be run: live objects, a foreign history, a newer version.
    """
    target = str(value_at(record.spec, "model.target") or "")
    if ":" not in target:  # live objects are called by the names of their classes
        raise RecordError("this run was not made from a form, so there is nothing to fill in")
    return spec_of(record)
