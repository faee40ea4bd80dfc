"""The candidates of a confirmation: rates that short trainings compare with the answer."""

from collections.abc import Sequence
from math import isclose, log

from lrtui.analysis.answer import Bounds, Suggestion

FACTOR = 2.0  # above and below the answer: training gets visibly worse at about twice the best rate
ALIKE = 1.2  # rates within this factor train alike


def rates_to_try(
    lr: float,
    suggestion: Suggestion | None = None,
    bounds: Bounds | None = None,
    factor: float = FACTOR,
) -> list[float]:
    """`lr`, then the rates to compare it with, most informative first; none within 20 % of another.

    The candidates are `factor` times more and less, the suggestion if `lr` is another rate, the
    ends of its interval, and both bounds.
    """
    candidates: list[float | None] = [lr * factor, lr / factor]
    if suggestion is not None:
        candidates += [suggestion.lr, suggestion.high, suggestion.low]
    if bounds is not None:
        candidates += [bounds.end_lr, bounds.start_lr]

    chosen = [lr]
    for rate in candidates:
        if rate is not None and rate > 0 and is_distinct(rate, chosen):
            chosen.append(rate)
    return chosen


def is_distinct(rate: float, others: Sequence[float]) -> bool:
    """Whether no other rate is within a factor of `ALIKE`."""
    return all(abs(log(rate / other)) > log(ALIKE) for other in others)


def what_it_is(
    lr: float, tried: float, suggestion: Suggestion | None, bounds: Bounds | None
) -> str:
    """The label of a candidate: its role in the answer, or its ratio to `tried`.

    Args:
        lr: the candidate.
        tried: the rate that the confirmation is about.
        suggestion: the answer.
        bounds: the bounds beside it.
    """
    for label, rate in labelled_rates(suggestion, bounds):
        if rate is not None and isclose(lr, rate, rel_tol=1e-6):
            return label
    if lr == tried:
        return "tried"
    tried_label = what_it_is(tried, tried, suggestion, bounds)
    if lr > tried:
        return f"{tried_label} × {lr / tried:.3g}"
    return f"{tried_label} ÷ {tried / lr:.3g}"


def labelled_rates(
    suggestion: Suggestion | None, bounds: Bounds | None
) -> list[tuple[str, float | None]]:
    """The rates of an answer, each with its label."""
    rates: list[tuple[str, float | None]] = []
    if suggestion is not None:
        rates += [
            ("suggestion", suggestion.lr),
            ("low", suggestion.low),
            ("high", suggestion.high),
        ]
    if bounds is not None:
        rates += [("start bound", bounds.start_lr), ("end bound", bounds.end_lr)]
    return rates
