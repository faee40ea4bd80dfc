"""Numbers as JSON takes them: those that are not finite are null, and listed."""

from collections.abc import Iterable

from lrtui.events import (
    NonFinitePlace,
    nonfinite_kind,
)


def finite(number: float) -> float | None:
    """The number, or None where RFC 8259 JSON has no form for it."""
    return None if nonfinite_kind(number) else number


def nonfinite_places(series: str, numbers: Iterable[float]) -> list[NonFinitePlace]:
    """Where a series has numbers that are not finite, and of which kind they are."""
    places: list[NonFinitePlace] = []
    for index, number in enumerate(numbers):
        kind = nonfinite_kind(number)
        if kind is not None:
            places.append(NonFinitePlace(series, index, kind))
    return places


def thinned(count: int, most: int) -> list[int]:
    """At most `most` indices of a list of `count`, evenly spread, with the first and the last."""
    if count <= most:
        return list(range(count))
    return [round(index * (count - 1) / (most - 1)) for index in range(most)]
