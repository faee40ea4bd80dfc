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


class Bounds(msgspec.Struct, frozen=True):
    """base_lr and max_lr of a cyclical schedule (arXiv 1506.01186, section 3.3)."""

    start_lr: float
    end_lr: float
