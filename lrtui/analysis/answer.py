"""What an analysis answers with. Plain data without numpy, so that records and screens can carry it."""

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
    """A learning rate with the interval it is sure of, or the reason why there is none.

    `lr`, `low` and `high` are learning rates (of parameter group 0); all three are None unless `verdict` is "ok".
    `reason` is one sentence; `advice` is the next thing to do; `method` names the rule.
    """

    lr: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: Verdict
    reason: str
    method: str
    advice: str = ""


class Bounds(msgspec.Struct, frozen=True):
    """The two boundaries: base_lr and max_lr of a cyclical schedule (arXiv 1506.01186, section 3.3)."""

    start_lr: float
    end_lr: float
