"""Files of tables: the columns of a CSV, Parquet, .npy or .npz file."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lrtui.build.optional import import_library
from lrtui.catalog.errors import CatalogError, one_line

Column = npt.NDArray[Any]
Columns = dict[str, Column]
Rows = list[list[str]]

_SAMPLE = 20_000  # characters of a CSV file that its delimiter is guessed from
_TARGET_ARRAYS = ("y", "target", "labels")


def read_columns(path: Path) -> Columns:
    """The columns of a file by name.

    Raises:
        CatalogError: the file does not exist, cannot be read, or has no rows.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise CatalogError(f"{path}: expected one of {', '.join(_READERS)}")
    try:
        columns = read(path)
    except CatalogError:
        raise
    except (OSError, ValueError, EOFError, csv.Error) as error:
        raise CatalogError(f"{path} cannot be read: {one_line(error)}") from error
    if not columns or not len(next(iter(columns.values()))):
        raise CatalogError(f"{path} has no rows")
    return columns


def _read_csv(path: Path) -> Columns:
    with path.open(newline="", encoding="utf-8-sig") as file:
        dialect = _guess_dialect(file.read(_SAMPLE))
        file.seek(0)
        rows = [row for row in csv.reader(file, dialect) if row]
    if not rows:
        return {}
    first_row = 1  # as messages count
    if any(map(_is_number, rows[0])):
        names = [f"column {number}" for number in range(len(rows[0]))]
    else:
        names = rows.pop(0)
        first_row = 2
    _check_lengths(path, rows, len(names), first_row)
    columns: Columns = {}
    for position, name in enumerate(names):
        columns[name] = _typed(np.array([row[position].strip() for row in rows]))
    return columns


def _guess_dialect(sample: str) -> type[csv.Dialect]:
    try:
        return csv.Sniffer().sniff(sample, ",;\t|")
    except csv.Error:
        return csv.excel


def _check_lengths(path: Path, rows: Rows, expected: int, first_row: int) -> None:
    for number, row in enumerate(rows, first_row):
        if len(row) != expected:
            message = f"row {number} has {len(row)} entries, the first has {expected}"
            raise CatalogError(f"{path}: {message}")


def _read_parquet(path: Path) -> Columns:
    rows = import_library("pyarrow.parquet", "needed for Parquet").read_table(path)
    columns: Columns = {}
    for name in rows.column_names:
        columns[name] = rows.column(name).to_numpy(zero_copy_only=False)
    return columns


def _read_npy(path: Path) -> Columns:
    array = np.load(path, allow_pickle=False)
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    rows = array.reshape(len(array), -1)
    return {f"column {number}": rows[:, number] for number in range(rows.shape[1])}


def _read_npz(path: Path) -> Columns:
    """The columns of all arrays, those of the targets last."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    columns: Columns = {}
    for name in sorted(arrays, key=lambda name: name in _TARGET_ARRAYS):
        rows = arrays[name].reshape(len(arrays[name]), -1)
        if rows.shape[1] == 1:
            columns[name] = rows[:, 0]
            continue
        for number in range(rows.shape[1]):
            columns[f"{name} {number}"] = rows[:, number]
    return columns


_READERS: dict[str, Callable[[Path], Columns]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".txt": _read_csv,
    ".parquet": _read_parquet,
    ".npy": _read_npy,
    ".npz": _read_npz,
}


def _typed(column: Column) -> Column:
    """A column of text as numbers, if all entries are numbers or empty (nan)."""
    try:
        numbers = np.where(column == "", "nan", column).astype(np.float64)
    except ValueError:
        return column
    if np.isnan(numbers).any():
        return numbers
    if all(entry.lstrip("+-").isdigit() for entry in column):
        return numbers.astype(np.int64)
    return numbers


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
