"""Parameters of tests that take long: the first ones run in CI, the others with `-m slow`."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest


def slow_after(count: int, values: Iterable[Any]) -> list[Any]:
    """The values, those after the first `count` marked as slow."""
    values = list(values)
    return [
        *values[:count],
        *(pytest.param(value, marks=pytest.mark.slow) for value in values[count:]),
    ]


def rows_slow_after(count: int, rows: Iterable[Sequence[Any]]) -> list[Any]:
    """The same for the rows of tests with several parameters."""
    rows = list(rows)
    return [*rows[:count], *(pytest.param(*row, marks=pytest.mark.slow) for row in rows[count:])]
