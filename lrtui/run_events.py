"""From engine calls to events. Used by the worker and by live objects.

Numbers that are not finite are None in these events, and `nonfinite` lists their places, as it does in a history.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lrtui.analysis.answer import Schedule
from lrtui.analysis.candidates import what_it_is
from lrtui.events import (
    Check,
    ConfirmationResult,
    Measured,
    NonFinitePlace,
    StabilityResult,
    TrialResult,
    nonfinite_kind,
)

if TYPE_CHECKING:
    from lrtui.analysis.analyse import Analysis
    from lrtui.engine.confirm.trial import Trial
    from lrtui.engine.confirm.verdict import Confirmation
    from lrtui.engine.stability import Stability

CURVE_POINTS = 60
STOPPED = "stopped by the user"


def trial_event(finished: "Sequence[Trial]", answer: "Analysis", schedule: Schedule) -> Measured:
    """The last of the short trainings so far.

    Args:
        finished: all of them, of which the first is at the rate that is tried.
        answer: what their rates are named by.
        schedule: how the rates were set.
    """
    trial = finished[-1]
    curve = [trial.curve[index] for index in thinned(len(trial.curve), CURVE_POINTS)]
    return Measured(
        TrialResult(
            lr=trial.lr,
            what=what_it_is(trial.lr, finished[0].lr, answer.suggestion, answer.bounds),
            round=trial.round,
            seed=trial.seed,
            iterations=trial.iterations,
            loss=finite(trial.loss),
            curve=[finite(loss) for loss in curve],
            schedule=schedule,
            spent=sum(one.iterations for one in finished),
            nonfinite=places("loss", [trial.loss]) + places("curve", curve),
        )
    )


def confirmation_event(
    confirmation: "Confirmation", schedule: Schedule, judged_by: str
) -> Measured:
    """The verdict of the trials."""
    margin, error = confirmation.margin, confirmation.error
    return Measured(
        ConfirmationResult(
            verdict=confirmation.verdict,
            lr=confirmation.lr,
            better=confirmation.better,
            reason=confirmation.reason,
            margin=finite(margin),
            error=finite(error),
            iterations=confirmation.iterations,
            schedule=schedule,
            judged_by=judged_by,
            problem="",
            nonfinite=places("margin", [margin]) + places("error", [error]),
        )
    )


def stability_event(stability: "Stability") -> Measured:
    """The stability limit."""
    limit, eigenvalue = stability.limit, stability.eigenvalue
    return Measured(
        StabilityResult(
            limit=finite(limit),
            eigenvalue=finite(eigenvalue),
            formula=stability.formula,
            problem="",
            nonfinite=places("limit", [limit]) + places("eigenvalue", [eigenvalue]),
        )
    )


def check_problem(check: Check, problem: str) -> Measured:
    """The end of a check that has no result."""
    if check == "confirmation":
        return Measured(ConfirmationResult(problem=problem))
    return Measured(StabilityResult(problem=problem))


def finite(number: float) -> float | None:
    """The number, or None for one that RFC 8259 JSON cannot carry."""
    return None if nonfinite_kind(number) else number


def places(series: str, numbers: Iterable[float]) -> list[NonFinitePlace]:
    """Where a series has numbers that are not finite."""
    kinds = [(index, nonfinite_kind(number)) for index, number in enumerate(numbers)]
    return [NonFinitePlace(series, index, kind) for index, kind in kinds if kind is not None]


def thinned(count: int, most: int) -> list[int]:
    """At most `most` indices of a list of `count`, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(index * (count - 1) / (most - 1)) for index in range(most)]
