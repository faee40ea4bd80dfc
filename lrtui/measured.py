"""What was measured beside a curve, as events: `trial`s and the `confirmation` that ends them, a `stability` limit.

Where there is no result the last event has nothing but a `problem`, in words; it is empty where there is one. Numbers
that are not finite are None in these events, and `nonfinite` lists their places, as it does in a history.
"""

from typing import TYPE_CHECKING, Any

import msgspec

from lrtui.analysis.candidates import what_it_is
from lrtui.events import Measured, nonfinite_kind
from lrtui.record import NonFinitePlace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lrtui.analysis.analyse import Analysis
    from lrtui.engine.confirm.trial import Trial
    from lrtui.engine.confirm.verdict import Confirmation
    from lrtui.engine.stability import Stability

CHECKS = (
    "confirmation",
    "stability",
)  # the names of the events that end what is measured beside a curve
CURVE_POINTS = 60
STOPPED = "stopped by the user"


def trial_event(finished: "Sequence[Trial]", answer: "Analysis", schedule: str) -> Measured:
    """The last of the short trainings so far; a loss of None is that of one that blew up.

    Args:
        finished: all of them, of which the first is at the rate that is tried.
        answer: what their rates are named by.
        schedule: how the rates were set.
    """
    trial = finished[-1]
    places = thinned(len(trial.curve), CURVE_POINTS)
    values = {
        "lr": trial.lr,
        "what": what_it_is(trial.lr, finished[0].lr, answer.suggestion, answer.bounds),
        "round": trial.round,
        "seed": trial.seed,
        "iterations": trial.iterations,
        "loss": trial.loss,
        "curve": [trial.curve[place] for place in places],
        "schedule": schedule,
        "spent": sum(one.iterations for one in finished),
    }
    return measured("trial", values)


def concluded(found: "Confirmation", schedule: str, judged_by: str) -> Measured:
    """What the trials say."""
    names = ("verdict", "lr", "better", "reason", "margin", "error", "iterations")
    values = {name: getattr(found, name) for name in names}
    return measured(
        "confirmation", {**values, "schedule": schedule, "judged_by": judged_by, "problem": ""}
    )


def limit_event(found: "Stability") -> Measured:
    """The stability limit."""
    names = ("limit", "eigenvalue", "formula")
    return measured("stability", {**{name: getattr(found, name) for name in names}, "problem": ""})


def broken_off(name: str, problem: str) -> Measured:
    """The end of a check that has no result."""
    return Measured(name=name, values={"problem": problem})


def measured(name: str, values: dict[str, Any]) -> Measured:
    """The event, with None in the place of each number that is not finite (RFC 8259)."""
    places = []
    plain: dict[str, Any] = {}
    for key, value in values.items():
        numbers = value if isinstance(value, list) else [value]
        kinds = [
            nonfinite_kind(number) if isinstance(number, float) else None for number in numbers
        ]
        places += [NonFinitePlace(key, index, kind) for index, kind in enumerate(kinds) if kind]
        tidy = [None if kind else number for number, kind in zip(numbers, kinds, strict=True)]
        plain[key] = tidy if isinstance(value, list) else tidy[0]
    if places:
        plain["nonfinite"] = msgspec.to_builtins(places)
    return Measured(name=name, values=plain)


def thinned(count: int, most: int) -> list[int]:
    """At most so many places of a list, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(index * (count - 1) / (most - 1)) for index in range(most)]
