"""Tabular data: CSV, Parquet, .npy and .npz become one tensor of numbers and one of targets."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lrtui.build.optional import library
from lrtui.catalog.errors import CatalogError, one_line

if TYPE_CHECKING:
    import numpy as np

Columns = dict[str, "np.ndarray[Any, Any]"]
_MOST_CATEGORIES = 64


def table(
    path: str,
    target: str = "",
    task: Literal["auto", "classification", "regression"] = "auto",
    normalize: bool = True,
) -> Any:
    """A table from a .csv, .parquet, .npy or .npz file; columns of text become one column for each category.

    Args:
        path: the file
        target: the column to predict; empty: the last one
        task: classes or numbers to predict; auto: classes for text and for few whole numbers
        normalize: bring every column to mean 0 and deviation 1
    """
    import numpy as np
    import torch
    from torch.utils.data import TensorDataset

    columns = read(Path(path).expanduser())
    name = target or list(columns)[-1]
    if name not in columns:
        from lrtui.catalog.targets import near

        raise CatalogError(f"{path} has no column '{name}'{near(name, list(columns))}")
    answers = columns.pop(name)
    if not columns:
        raise CatalogError(f"{path} has no column beside '{name}' to learn from")
    features = np.concatenate([_numbers(column) for column in columns.values()], axis=1)
    if normalize:
        features = (features - features.mean(0)) / np.where(features.std(0) > 0, features.std(0), 1)
    inputs = torch.from_numpy(features.astype(np.float32))
    if task == "classification" or (task == "auto" and _is_classes(answers)):
        classes, places = np.unique(answers, return_inverse=True)
        data = TensorDataset(inputs, torch.from_numpy(places.reshape(-1).astype(np.int64)))
        data.classes = [str(entry) for entry in classes]  # type: ignore[attr-defined]
        return data
    return TensorDataset(inputs, torch.from_numpy(_numbers(answers)[:, :1].astype(np.float32)))


def read(path: Path) -> Columns:
    """The columns of a file by name; CatalogError for one that is not there or cannot be read."""
    readers = {
        ".csv": _csv,
        ".tsv": _csv,
        ".txt": _csv,
        ".parquet": _parquet,
        ".npy": _npy,
        ".npz": _npz,
    }
    if path.suffix.lower() not in readers:
        raise CatalogError(f"{path}: expected one of {', '.join(readers)}")
    try:
        columns = readers[path.suffix.lower()](path)
    except CatalogError:
        raise
    except (OSError, ValueError, EOFError, csv.Error) as error:
        raise CatalogError(f"{path} cannot be read: {one_line(error)}") from error
    if not columns or not len(next(iter(columns.values()))):
        raise CatalogError(f"{path} has no rows")
    return columns


def _csv(path: Path) -> Columns:
    import numpy as np

    with path.open(newline="", encoding="utf-8-sig") as file:
        sample = file.read(20_000)
        file.seek(0)
        try:
            dialect: Any = csv.Sniffer().sniff(sample, ",;\t|")
        except csv.Error:
            dialect = csv.excel
        rows = [row for row in csv.reader(file, dialect) if row]
    if not rows:
        return {}
    named = not any(_is_number(entry) for entry in rows[0])
    names = rows.pop(0) if named else [f"column {number}" for number in range(len(rows[0]))]
    wrong = next(
        (number for number, row in enumerate(rows, 1 + named) if len(row) != len(names)), None
    )
    if wrong is not None:
        raise CatalogError(
            f"{path}: row {wrong} has {len(rows[wrong - 1 - named])} entries, the first has {len(names)}"
        )
    return {
        name: _typed(np.array([row[place].strip() for row in rows]))
        for place, name in enumerate(names)
    }


def _parquet(path: Path) -> Columns:
    rows = library("pyarrow.parquet", "Parquet needs it").read_table(path)
    return {name: rows.column(name).to_numpy(zero_copy_only=False) for name in rows.column_names}


def _npy(path: Path) -> Columns:
    import numpy as np

    rows = np.load(path, allow_pickle=False)
    if rows.dtype.names:
        return {name: rows[name] for name in rows.dtype.names}
    rows = rows.reshape(len(rows), -1)
    return {f"column {number}": rows[:, number] for number in range(rows.shape[1])}


def _npz(path: Path) -> Columns:
    """Arrays `x` and `y` (or the two that there are), or one array a column."""
    import numpy as np

    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    columns: Columns = {}
    for name in sorted(arrays, key=lambda name: name in ("y", "target", "labels")):
        rows = arrays[name].reshape(len(arrays[name]), -1)
        for number in range(rows.shape[1]):
            columns[name if rows.shape[1] == 1 else f"{name} {number}"] = rows[:, number]
    return columns


def _typed(column: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Numbers where all entries are, empty ones being unknown; text otherwise."""
    import numpy as np

    filled = np.where(column == "", "nan", column)
    try:
        numbers = filled.astype(np.float64)
    except ValueError:
        return column
    whole = not np.isnan(numbers).any() and all(entry.lstrip("+-").isdigit() for entry in column)
    return numbers.astype(np.int64) if whole else numbers


def _numbers(column: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """A column as numbers: what is unknown becomes the mean, text one column for each category."""
    import numpy as np

    if column.dtype.kind in "biuf":
        numbers = column.astype(np.float64).reshape(-1, 1)
        known = np.isfinite(numbers)
        return np.where(known, numbers, numbers[known].mean() if known.any() else 0.0)
    categories, places = np.unique(column.astype(str), return_inverse=True)
    if len(categories) > _MOST_CATEGORIES:
        raise CatalogError(
            f"a column of text has {len(categories)} different entries: drop it, or make it numbers"
        )
    return np.eye(len(categories))[places.reshape(-1)]


def _is_classes(column: "np.ndarray[Any, Any]") -> bool:
    """Text, booleans, and whole numbers that are few for how many rows there are."""
    import numpy as np

    if column.dtype.kind in "iu":
        return len(np.unique(column)) <= max(2, min(1000, len(column) // 5))
    return column.dtype.kind not in "f"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
