"""Budget of a race: a number of iterations or of seconds, as a person types it."""

import re
from typing import NamedTuple

from lrtui.analysis.race import check_budget

_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(s|sec|seconds|m|min|minutes|it|iterations|steps)?")
_SECONDS = {"s": 1, "sec": 1, "seconds": 1, "m": 60, "min": 60, "minutes": 60}


class Candidate(NamedTuple):
    """A learning rate that would be raced, and where it comes from."""

    lr: float
    source: str


class Budget(NamedTuple):
    """How much a race may cost; one of `iterations` and `seconds` is None."""

    iterations: int | None
    seconds: float | None


def parse_budget(text: str) -> Budget:
    """Read a budget: `1200` is iterations; `30 s` and `2 min` are a time.

    Raises:
        ValueError: it is neither, or too small for a race; one line says what is expected.
    """
    match = _FORM.fullmatch(text.strip().lower())
    if match is None or float(match[1]) <= 0:
        raise ValueError("a number of iterations, such as 1200, or a time, such as 30 s or 2 min")
    number = float(match[1])
    if match[2] in _SECONDS:
        return Budget(None, number * _SECONDS[match[2]])
    if number != int(number):
        raise ValueError(
            f"{match[1]} iterations are not possible: give a whole number, or a time such as 30 s"
        )
    check_budget(int(number))
    return Budget(int(number), None)
