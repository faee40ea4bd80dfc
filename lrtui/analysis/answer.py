"""The types of an answer. Plain data without numpy, so that records and screens can hold them."""

from typing import Literal

import msgspec

Schedule = Literal["constant", "one-cycle"]
ConfirmVerdict = Literal["confirmed", "refuted", "undecided"]
Verdict = Literal[
    "ok",
    "no_descent",
    "still_falling",
    "diverges_from_start",
    "falling_from_start",
    "too_noisy",
    "already_trained",
    "disagree",
    "too_short",
    "bad_batch",
    "rate_unused",
    "rate_fought",
    "class_order",
]


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A learning rate with its interval, or the reason why none can be recommended.

    `lr`, `low` and `high` are learning rates of parameter group 0; all three are None unless
    `verdict` is "ok". `reason` is one sentence; `advice` is what to do next; `method` names how
    the rate was found.
    """

    lr: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: Verdict
    reason: str
    method: str
    advice: str = ""


class Obstacle(msgspec.Struct, frozen=True, kw_only=True):
    """What makes the rates of a curve unusable, whatever the curve looks like.

    The optimizer does not use the rate that is set, for example. With `highest_lr` only the rates
    above that are unusable.
    """

    verdict: Verdict
    reason: str
    advice: str = ""
    highest_lr: float | None = None

    @property
    def is_total(self) -> bool:
        """Whether no rate is usable."""
        return self.highest_lr is None


def weightier(one: Obstacle | None, other: Obstacle | None) -> Obstacle | None:
    """The obstacle that decides: the first one, or the first that makes all rates unusable."""
    if one is None or other is None:
        return one or other
    if other.is_total and not one.is_total:
        return other
    return one


class Bounds(msgspec.Struct, frozen=True):
    """base_lr and max_lr of a cyclical schedule (arXiv 1506.01186, section 3.3)."""

    start_lr: float
    end_lr: float
