"""How sure an answer is: one of four levels, with a word that needs no statistics."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from lrtui.analysis.answer import Suggestion
from lrtui.events import ConfirmationResult, Result
from lrtui.report.race import verdicts
from lrtui.report.training import RACE, is_interval_only

LEVELS = 4
_NARROW = 3.0  # the rate and each end of its interval differ by at most this factor
_WIDE = 6.0


class Confidence(NamedTuple):
    """A level from 1 (unsure) to `LEVELS` (sure), and why in a few words."""

    level: int
    words: str


def confidence(suggestion: Suggestion | None, measured: Sequence[Result]) -> Confidence | None:
    """How sure the answer is; None where there is no rate.

    A race that is decided is the best evidence. Without one, the width of the calibrated interval
    says how far the best rate may be.
    """
    if suggestion is None or suggestion.lr is None:
        return None
    if suggestion.method == RACE:
        return _after_race(verdicts(measured)[-1])
    if is_interval_only(suggestion, measured):
        return Confidence(1, "unsure: only the interval is known")
    return _from_interval(suggestion)


def _after_race(result: ConfirmationResult) -> Confidence:
    if result.verdict == "open":
        return Confidence(2, "fair: the race is undecided")
    if result.verdict == "tie":
        return Confidence(3, "fairly sure: two rates race alike")
    if result.verdict == "replaced" and not result.sure:
        return Confidence(3, "fairly sure: test and race differ")
    return Confidence(4, "sure: it won the race")


def _from_interval(suggestion: Suggestion) -> Confidence:
    factor = off_by(suggestion)
    if factor is None:
        return Confidence(2, "fair")
    words = f"within a factor of {factor:.2g}"
    if factor <= _NARROW:
        return Confidence(3, f"fairly sure, {words}")
    if factor <= _WIDE:
        return Confidence(2, f"fair, {words}")
    return Confidence(1, f"unsure, {words}")


def off_by(suggestion: Suggestion) -> float | None:
    """The factor by which the best rate may differ from the suggested one, either way."""
    lr, low, high = suggestion.lr, suggestion.low, suggestion.high
    if not lr or not low or not high:
        return None
    return math.exp(max(abs(math.log(high / lr)), abs(math.log(lr / low))))
