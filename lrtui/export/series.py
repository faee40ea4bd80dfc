"""A record's points as named numbers a step, for the dashboards."""

import math
from collections.abc import Iterator

from lrtui.export.content import Content, printable
from lrtui.record import History

# a dashboard's name of each list of a history; the loss of torch_lr_finder's history is smoothed
_NAMES = {
    "raw_loss": "loss",
    "loss": "smoothed_loss",
    "train_loss": "train_loss",
    "metric": "metric",
}


def points(history: History) -> Iterator[dict[str, float]]:
    """The numbers of each point; what is not finite or was not measured is left out."""
    for index, lr in enumerate(history.lr):
        values = {"lr": lr}
        for series, name in _NAMES.items():
            measured = getattr(history, series)
            value = measured[index] if measured else None
            if value is not None and math.isfinite(value):
                values[name] = value
        yield values


def histories(content: Content) -> list[History]:
    """One history for each repeat."""
    return list(content.record.repeats or [content.record.history])


def answers(content: Content) -> dict[str, float]:
    """The answer as named numbers; only what it has."""
    suggestion, bounds = content.suggestion, content.bounds
    found: dict[str, float | None] = {}
    if suggestion is not None:
        found = {"lr": suggestion.lr, "low": suggestion.low, "high": suggestion.high}
    if bounds is not None:
        found |= {"base_lr": bounds.start_lr, "max_lr": bounds.end_lr}
    return {f"suggested_{name}": value for name, value in found.items() if value is not None}


def versions(content: Content) -> dict[str, str]:
    """The run and what made it."""
    record = content.record
    named = {
        "lrtui.run": record.id,
        "lrtui.version": record.lrtui,
        "torch.version": record.torch,
    }
    return {name: printable(value) for name, value in named.items()}


def settings(content: Content) -> dict[str, str | int | float | bool]:
    """The spec as flat names and plain values."""
    return dict(_flat(content.record.spec, ""))


def _flat(value: object, name: str) -> Iterator[tuple[str, str | int | float | bool]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, str | int | float | bool):
        yield name, value
    elif value is not None:
        yield name, str(value)
