"""The rates that an answer is compared with in short trainings."""

from math import isclose, log

from lrtui.analysis.answer import Bounds, Suggestion

FACTOR = 2.0  # above and below the answer; twice the best rate is about where a training becomes visibly worse
ALIKE = 1.2  # rates that are closer train alike


def rates_to_try(
    lr: float,
    suggestion: Suggestion | None = None,
    bounds: Bounds | None = None,
    factor: float = FACTOR,
) -> list[float]:
    """`lr`, then its rivals, those that tell most first: none within 20 % of another.

    The rivals are a factor more and less, the suggestion where that is another one, its interval's ends, both bounds.
    """
    rivals = [lr * factor, lr / factor]
    if suggestion is not None:
        rivals += [
            rate for rate in (suggestion.lr, suggestion.high, suggestion.low) if rate is not None
        ]
    if bounds is not None:
        rivals += [bounds.end_lr, bounds.start_lr]
    chosen = [lr]
    for rate in rivals:
        if rate > 0 and all(abs(log(rate / other)) > log(ALIKE) for other in chosen):
            chosen.append(rate)
    return chosen


def what_it_is(
    lr: float, tried: float, suggestion: Suggestion | None, bounds: Bounds | None
) -> str:
    """What a rate of a confirmation is to the answer, in a word or two, when the one that is tried is `tried`."""
    answers: dict[str, float | None] = {}
    if suggestion is not None:
        answers |= {"suggestion": suggestion.lr, "low": suggestion.low, "high": suggestion.high}
    if bounds is not None:
        answers |= {"start bound": bounds.start_lr, "end bound": bounds.end_lr}
    name = next(
        (
            name
            for name, rate in answers.items()
            if rate is not None and isclose(lr, rate, rel_tol=1e-6)
        ),
        None,
    )
    if name is not None:
        return name
    if lr == tried:
        return "tried"
    of = what_it_is(tried, tried, suggestion, bounds)
    return f"{of} × {lr / tried:.3g}" if lr > tried else f"{of} ÷ {tried / lr:.3g}"
