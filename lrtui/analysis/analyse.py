"""The whole analysis of one range test: what the answer panel shows and the record keeps."""

from collections.abc import Sequence

import msgspec
import numpy as np

from lrtui.analysis import refusals
from lrtui.analysis.answer import ANY_PLAN, Bounds, Obstacle, Plan, Schedule, Suggestion
from lrtui.analysis.bounds import bounds_of
from lrtui.analysis.curve import Curve
from lrtui.analysis.evidence import Evidence, gather_evidence
from lrtui.analysis.obstacles import usable_bounds, usable_rates, usable_suggestion
from lrtui.analysis.plan import SCHEDULES
from lrtui.analysis.refusals import with_cause
from lrtui.analysis.rules import RULES, suggest_all
from lrtui.analysis.suggest import judge

# verdicts on curves that do not show both ends of the valley, so that bounds cannot be read off
WITHOUT_BOUNDS = ("falling_from_start", "still_falling", "too_short")


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """The answer that one or more curves give.

    Attributes:
        suggestion: ours, for the planned training.
        by_schedule: our rate for each schedule over the same steps; None where there is none.
        suggestions: what each published rule suggests.
        bounds: base_lr and max_lr of CyclicLR.
    """

    suggestion: Suggestion
    by_schedule: dict[Schedule, float | None] = {}
    suggestions: dict[str, float | None]
    bounds: Bounds | None


def analyse(
    curves: Sequence[Curve],
    obstacle: Obstacle | None = None,
    plan: Plan = ANY_PLAN,
    *,
    rules: bool = True,
) -> Analysis:
    """Analyse one or more repeats for a planned training. Never raises, whatever was measured.

    A fault of ours becomes the refusal `analysis_failed`: the curve is worth more than its answer.

    Args:
        curves: the repeats.
        obstacle: with one there is no number at all, or none above its highest usable rate.
        plan: the training that the rate is for.
        rules: whether to ask the published rules too, which takes most of the time.
    """
    try:
        return _analyse(curves, obstacle, plan, rules=rules)
    except Exception as error:  # noqa: BLE001 - a fault of ours must not cost the measured curve
        suggestion = refusals.analysis_failed(error)
        return Analysis(
            suggestion=for_plan(suggestion, plan),
            by_schedule=dict.fromkeys(SCHEDULES),
            suggestions=dict.fromkeys(RULES) if rules else {},
            bounds=None,
        )


def _analyse(
    curves: Sequence[Curve], obstacle: Obstacle | None, plan: Plan, *, rules: bool
) -> Analysis:
    evidence = gather_evidence(curves)
    answers: dict[Schedule, Suggestion] = {}
    for schedule in SCHEDULES:
        planned = msgspec.structs.replace(plan, schedule=schedule)
        answers[schedule] = answer_for(planned, evidence, curves)
    suggestions = typical_suggestions(curves) if rules else {}
    bounds = None
    if answers[plan.schedule].verdict not in WITHOUT_BOUNDS:
        bounds = bounds_of(evidence)
    if obstacle is not None:
        for schedule, suggestion in answers.items():
            answers[schedule] = usable_suggestion(suggestion, obstacle)
        suggestions = usable_rates(suggestions, obstacle)
        bounds = usable_bounds(bounds, obstacle)
    return Analysis(
        suggestion=for_plan(answers[plan.schedule], plan),
        by_schedule={schedule: suggestion.lr for schedule, suggestion in answers.items()},
        suggestions=suggestions,
        bounds=bounds,
    )


def answer_for(plan: Plan, evidence: Evidence, curves: Sequence[Curve]) -> Suggestion:
    """The answer for one plan, or a refusal with its cause."""
    return with_cause(judge(evidence, curves, plan), curves)


def for_plan(suggestion: Suggestion, plan: Plan) -> Suggestion:
    """The suggestion with the plan that it is for; a refusal does not know it."""
    return msgspec.structs.replace(suggestion, schedule=plan.schedule, steps=plan.steps or None)


def typical_suggestions(curves: Sequence[Curve]) -> dict[str, float | None]:
    """Each published rule's median over the repeats: the rules themselves take a single curve."""
    suggestions = [suggest_all(curve) for curve in curves]
    typical = {}
    for name in RULES:
        typical[name] = median([suggested[name] for suggested in suggestions])
    return typical


def median(rates: Sequence[float | None]) -> float | None:
    """The geometric median of the positive rates; None if there is none."""
    logs = [np.log(lr) for lr in rates if lr is not None and lr > 0]
    if not logs:
        return None
    return float(np.exp(np.median(logs)))
