"""The training that an answer is for, in words, and what to expect of its rate there.

All front ends use these words. None of them knows numpy: a screen paints before that is loaded.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from lrtui.analysis.answer import Plan, Schedule, Suggestion
from lrtui.analysis.plan import CALIBRATED_STEPS, FAR, is_far
from lrtui.analysis.race import BUDGET, budget_for
from lrtui.events import Result, TrialResult

RACE = "race"  # the method of an answer whose interval is that of a race

_RATES: dict[Schedule, str] = {
    "constant": "a constant rate",
    "one-cycle": "the peak of one-cycle",
    "cosine": "the peak of a cosine",
}


def training(schedule: Schedule, steps: int | None, warmup: int = 0) -> str:
    """What a rate is for, such as "cosine · 3,000 steps, 200 of them warm-up"."""
    if not steps:
        return f"{schedule} · about {CALIBRATED_STEPS} steps"
    words = f"{schedule} · {steps:,} steps"
    if warmup:
        words += f", {warmup:,} of them warm-up"
    return words


def sentence(plan: Plan, epochs: int = 0) -> str:
    """The plan as a newcomer reads it: which rate the test looks for."""
    rate = _RATES[plan.schedule]
    if plan.warmup:
        rate += f" after {_count(plan.warmup, 'step')} of warm-up"
    if epochs:
        return f"{rate}, for {_count(epochs, 'epoch')} of training"
    if plan.steps:
        return f"{rate}, for {_count(plan.steps, 'step')} of training"
    return f"{rate}, for about {CALIBRATED_STEPS} steps: say more if you train longer"


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun}s"


def is_interval_only(suggestion: Suggestion, measured: Sequence[Result] = ()) -> bool:
    """Whether the planned training is too long for one rate: test and trials were far shorter."""
    if suggestion.lr is None or suggestion.low is None:
        return False
    return is_far(suggestion.steps, tried_steps(measured, suggestion.schedule))


def tried_steps(measured: Sequence[Result], schedule: Schedule) -> int:
    """The longest training at which the answer was checked: calibration, or trials of a record."""
    longest = CALIBRATED_STEPS
    for result in measured:
        if isinstance(result, TrialResult) and result.schedule == schedule:
            longest = max(longest, result.iterations)
    return longest


def coverage(suggestion: Suggestion) -> Iterator[str]:
    """How often such an interval is right, where that is known."""
    if suggestion.lr is None or suggestion.coverage is None or is_far(suggestion.steps):
        return
    share = share_of(suggestion.coverage)
    held = f"{share} such intervals hold a rate within 5 % of the best loss"
    yield held + _after_short(suggestion)


def _after_short(suggestion: Suggestion) -> str:
    """Where the planned training has another length, the one that was calibrated on."""
    if suggestion.steps in (None, CALIBRATED_STEPS):
        return ""
    return f" after {CALIBRATED_STEPS} steps"


def expectations(suggestion: Suggestion) -> Iterator[str]:
    """What to expect of the rate, and what the answer took; a line for each that is known."""
    if suggestion.lr is None:
        return
    if suggestion.loss_within is not None and not is_far(suggestion.steps):
        bound = f"loss at most {suggestion.loss_within:.3g} × the best in 9 of 10 trainings"
        yield bound + _after_short(suggestion)
    if suggestion.cost:
        yield f"it took {_count(suggestion.cost, 'step')}"


def share_of(share: float) -> str:
    """A share as people count: "9 of 10", or "93 of 100"."""
    percent = round(100 * share)
    if percent % 10:
        return f"{percent} of 100"
    return f"{percent // 10} of 10"


def why_interval_only(suggestion: Suggestion, tried: int = CALIBRATED_STEPS) -> str:
    """Why a long training gets no single rate."""
    return (
        f"A training of {suggestion.steps or 0:,} steps is too long for one rate"
        f" from trainings of {tried:,}: the best one may be anywhere in this interval."
    )


def race_budget(suggestion: Suggestion | None, measured: Sequence[Result] = ()) -> int:
    """The usual budget of a race; where one rate needs longer trials than that has, theirs."""
    if suggestion is None or not is_interval_only(suggestion, measured):
        return BUDGET
    return budget_for(math.ceil((suggestion.steps or 0) / FAR))


def race_advice(command: str, budget: int) -> str:
    """What decides within the interval, and its cost; `command` starts it."""
    return f"{command} decides by short trainings: {budget:,} steps in all."


def rates(
    suggestion: Suggestion,
    by_schedule: Mapping[Schedule, float | None],
    measured: Sequence[Result] = (),
) -> dict[Schedule, float | None]:
    """Rates for lines of code: none beside an interval alone, after a race that of its schedule.

    Args:
        suggestion: the answer, after the races.
        by_schedule: the rates of the test alone.
        measured: of the record.
    """
    if is_interval_only(suggestion, measured):
        return {}
    own = {suggestion.schedule: suggestion.lr}
    if suggestion.method == RACE:
        return own
    return {**by_schedule, **own}
