"""What short trainings may cost: a number of iterations, or of seconds, as a person types it."""

import re
from typing import Any, NamedTuple

from lrtui.analysis.answer import Bounds, Schedule, Suggestion
from lrtui.analysis.candidates import rates_to_try

Candidates = dict[
    Schedule, tuple[float, str]
]  # the rate that is tried under a schedule, and what it is
SCHEDULES: tuple[Schedule, ...] = ("constant", "one-cycle")
STEPS_PER_RATE = 300  # a few times the least that tells two rates apart
_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|seconds|m|min|minutes|it|iterations|steps)?")
_SECONDS = {"s": 1, "sec": 1, "seconds": 1, "m": 60, "min": 60, "minutes": 60}


class Budget(NamedTuple):
    """How much is spent, on which schedule; one of `iterations` and `seconds` is None."""

    iterations: int | None
    seconds: float | None
    schedule: Schedule

    @property
    def arguments(self) -> dict[str, Any]:
        """As a driver takes them."""
        return self._asdict()


def parse_budget(text: str, schedule: Schedule) -> Budget:
    """`1200` is iterations; `30 s` and `2 min` are a time. Raises ValueError with one clear line."""
    match = _FORM.fullmatch(text.strip().lower())
    number = float(match[1]) if match else 0.0
    if match is None or number <= 0:
        raise ValueError("a number of iterations, such as 1200, or a time, such as 30 s or 2 min")
    if match[2] in _SECONDS:
        return Budget(None, number * _SECONDS[match[2]], schedule)
    if number != int(number):
        raise ValueError(
            f"{match[1]} iterations cannot be run: give a whole number, or a time such as 30 s"
        )
    return Budget(int(number), None, schedule)


def usual_budget(lr: float, suggestion: Suggestion | None, bounds: Bounds | None) -> int:
    """Iterations that are enough to compare a rate with its rivals."""
    return STEPS_PER_RATE * len(rates_to_try(lr, suggestion, bounds))
