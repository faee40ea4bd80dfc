"""Budget of short trainings: a number of iterations or of seconds, as a person types it."""

import re
from typing import NamedTuple

from lrtui.analysis.answer import Bounds, Schedule, Suggestion
from lrtui.analysis.candidates import rates_to_try

SCHEDULES: tuple[Schedule, ...] = ("constant", "one-cycle")
STEPS_PER_RATE = 300  # a few times the least that tells two rates apart
_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|seconds|m|min|minutes|it|iterations|steps)?")
_SECONDS = {"s": 1, "sec": 1, "seconds": 1, "m": 60, "min": 60, "minutes": 60}


class Candidate(NamedTuple):
    """A learning rate that short trainings would try, and where it comes from."""

    lr: float
    source: str


Candidates = dict[Schedule, Candidate]


class Budget(NamedTuple):
    """How much short trainings may cost; one of `iterations` and `seconds` is None."""

    iterations: int | None
    seconds: float | None
    schedule: Schedule


def parse_budget(text: str, schedule: Schedule) -> Budget:
    """Read a budget: `1200` is iterations; `30 s` and `2 min` are a time.

    Raises:
        ValueError: it is neither; one line says what is expected.
    """
    match = _FORM.fullmatch(text.strip().lower())
    if match is None or float(match[1]) <= 0:
        raise ValueError("a number of iterations, such as 1200, or a time, such as 30 s or 2 min")
    number = float(match[1])
    if match[2] in _SECONDS:
        return Budget(None, number * _SECONDS[match[2]], schedule)
    if number != int(number):
        raise ValueError(
            f"{match[1]} iterations are not possible: give a whole number, or a time such as 30 s"
        )
    return Budget(int(number), None, schedule)


def default_budget(lr: float, suggestion: Suggestion | None, bounds: Bounds | None) -> int:
    """Iterations that are enough to compare a rate with the others around it."""
    return STEPS_PER_RATE * len(rates_to_try(lr, suggestion, bounds))
