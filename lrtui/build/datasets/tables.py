"""Tabular data: the columns of a file become a tensor of features and one of targets."""

from typing import Literal

import numpy as np
import torch
from torch.utils.data import TensorDataset

from lrtui.build.datasets.table_files import Column, read_columns
from lrtui.catalog.errors import CatalogError
from lrtui.catalog.targets import near
from lrtui.files import expanded

Task = Literal["auto", "classification", "regression"]

_MOST_CATEGORIES = 64  # of a text column: each becomes a feature
_MOST_CLASSES = 1000
_ROWS_PER_CLASS = 5  # whole numbers with fewer rows for each value are numbers, not classes


def table(
    path: str, target: str = "", task: Task = "auto", normalize: bool = True
) -> TensorDataset:
    """A table from a .csv, .parquet, .npy or .npz file; text columns become one-hot features.

    Args:
        path: the file
        target: the column to predict; empty: the last one
        task: predict classes or numbers; auto: classes for text and for few whole numbers
        normalize: scale every feature to mean 0 and standard deviation 1
    """
    columns = read_columns(expanded(path))
    name = target or list(columns)[-1]
    if name not in columns:
        raise CatalogError(f"{path} has no column '{name}'{near(name, list(columns))}")
    targets = columns.pop(name)
    if not columns:
        raise CatalogError(f"{path} has no column beside '{name}' to learn from")
    features = np.concatenate([_numbers(column) for column in columns.values()], axis=1)
    if normalize:
        features = _normalized(features)
    inputs = torch.from_numpy(features.astype(np.float32))
    if task == "classification" or (task == "auto" and _holds_classes(targets)):
        return _classification(inputs, targets)
    numbers = _numbers(targets)[:, :1]
    return TensorDataset(inputs, torch.from_numpy(numbers.astype(np.float32)))


def _classification(inputs: torch.Tensor, targets: Column) -> TensorDataset:
    names, labels = np.unique(targets, return_inverse=True)
    data = TensorDataset(inputs, torch.from_numpy(labels.reshape(-1).astype(np.int64)))
    data.classes = [str(name) for name in names]  # type: ignore[attr-defined]
    return data


def _normalized(features: Column) -> Column:
    """Features with mean 0 and standard deviation 1; a constant one becomes 0."""
    deviation = features.std(0)
    scaled: Column = (features - features.mean(0)) / np.where(deviation > 0, deviation, 1)
    return scaled


def _numbers(column: Column) -> Column:
    """A column as numbers (rows, features): one-hot for text, the mean for unknown numbers."""
    if column.dtype.kind not in "biuf":
        return _one_hot(column)
    numbers = column.astype(np.float64).reshape(-1, 1)
    known = np.isfinite(numbers)
    mean = numbers[known].mean() if known.any() else 0.0
    return np.where(known, numbers, mean)


def _one_hot(column: Column) -> Column:
    categories, codes = np.unique(column.astype(str), return_inverse=True)
    count = len(categories)
    if count > _MOST_CATEGORIES:
        message = f"a column of text has {count} different entries"
        raise CatalogError(f"{message}: drop it, or make it numbers")
    rows: Column = np.eye(count)[codes.reshape(-1)]
    return rows


def _holds_classes(column: Column) -> bool:
    """Whether a target is text, booleans, or whole numbers with few values for its rows."""
    if column.dtype.kind not in "iu":
        return column.dtype.kind != "f"
    most = max(2, min(_MOST_CLASSES, len(column) // _ROWS_PER_CLASS))
    return len(np.unique(column)) <= most
