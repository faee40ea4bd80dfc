"""The types of an answer. Plain data without numpy, so that records and screens can hold them."""

from typing import Literal

import msgspec

Schedule = Literal["constant", "one-cycle", "cosine"]
# "refuted" and "undecided" are of records from before there was a race
ConfirmVerdict = Literal["confirmed", "replaced", "tie", "open", "refuted", "undecided"]
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
    "analysis_failed",
]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The training that a learning rate is wanted for.

    Attributes:
        schedule: constant, or one whose peak the learning rate is.
        steps: optimizer steps of the whole training; 0: not said.
        warmup: steps of a linear warm-up from 0 before the schedule, part of `steps`.
    """

    schedule: Schedule = "constant"
    steps: int = 0
    warmup: int = 0


ANY_PLAN = Plan()


class Calibration(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the interval rests on: `python -m tests.bench.answers --calibrate` writes it.

    Attributes:
        version: of the table that ships with the package.
        tasks: how many tasks it was calibrated on.
        coverage: share of held-out tasks whose interval has a rate within 5 % of the best loss.
    """

    version: str
    tasks: int
    coverage: float


class Suggestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A learning rate with its interval, or the reason why none can be recommended.

    `lr`, `low` and `high` are learning rates of parameter group 0; all three are None unless
    `verdict` is "ok". `reason` is one sentence; `advice` is what to do next; `method` names how
    the rate was found.

    Attributes:
        schedule: the training that `lr` is for; for one-cycle and cosine `lr` is the peak.
        steps: optimizer steps of that training; None: no plan was given.
        coverage: how often the interval has a rate within 5 % of the best loss.
        loss_within: 90 % of the trainings at `lr` end at most at this many times the best loss.
        cost: optimizer steps that the answer took.
        calibration: what `coverage` and `loss_within` rest on.
    """

    lr: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: Verdict
    reason: str
    method: str
    advice: str = ""
    schedule: Schedule = "constant"
    steps: int | None = None
    coverage: float | None = None
    loss_within: float | None = None
    cost: int | None = None
    calibration: Calibration | None = None

    def _repr_html_(self) -> str:
        """How Jupyter shows it."""
        from lrtui.notebook.card import suggestion_card

        return suggestion_card(self)


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
