"""What the runs screen does to files: export, recover, and the spec of a record for the form."""

from collections.abc import Sequence
from pathlib import Path

from lrtui.files import write_atomic
from lrtui.record import RecordError, RunRecord
from lrtui.report.compare import value_at
from lrtui.runs.curve_csv import csv_of
from lrtui.runs.recover import recover
from lrtui.runs.replay import spec_of
from lrtui.runs.store import load, save
from lrtui.runs.watch import Unsaved
from lrtui.spec import RunSpec
from lrtui.tui.history.rows import Row, short


def export_name(row: Row) -> Path:
    """A file name for an export: the model's name and the end of the run's id."""
    model = "" if row.entry is None else short(row.entry.model)
    name = "".join(letter for letter in model if letter.isalnum() or letter in "_-")
    return Path(f"{name or 'run'}-{row.id[-6:]}.csv")


def export(source: Path, path: Path, *, overwrite: bool) -> None:
    """Write the curve of a record as CSV, or all of it as JSON where the path ends in `.json`.

    Raises:
        FileExistsError: the path exists and `overwrite` is false.
        ValueError: the name has another ending, or the record cannot be read.
        OSError: it cannot be read or written.
    """
    record = load(source)
    if path.suffix == ".json":
        save(record, path, overwrite)
    elif path.suffix == ".csv":
        write_atomic(csv_of(record).encode(), path, overwrite)
    else:
        raise ValueError("end the name in .csv for the curve, or in .json for the whole record")


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
