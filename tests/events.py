"""Picks events and results out of those of a run, with their types."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from lrtui.events import Ended, Event, Measured, Result

E = TypeVar("E", bound=Event)
R = TypeVar("R", bound=Result)


def of_kind(events: Iterable[Event], kind: type[E]) -> list[E]:
    """The events of one kind, in order."""
    return [event for event in events if isinstance(event, kind)]


def results(events: Iterable[Event], kind: type[R]) -> list[R]:
    """The results of one kind, in order."""
    measured = [event.result for event in of_kind(events, Measured)]
    return [result for result in measured if isinstance(result, kind)]


def ended(events: Sequence[Event]) -> Ended:
    """The last event, which ends a run."""
    last = events[-1]
    assert isinstance(last, Ended), events[-5:]
    return last


def last_result(events: Sequence[Event], kind: type[R]) -> R:
    """The result in the last event, of the kind that is expected there."""
    last = events[-1]
    assert isinstance(last, Measured), events[-5:]
    assert isinstance(last.result, kind), last
    return last.result
