"""The whole analysis of one range test: what the answer panel shows and the record keeps."""

from collections.abc import Sequence

import msgspec
import numpy as np

from lrtui.analysis.answer import ANY_PLAN, Bounds, Obstacle, Plan, Suggestion
from lrtui.analysis.bounds import bounds_of
from lrtui.analysis.curve import Curve
from lrtui.analysis.evidence import gather_evidence
from lrtui.analysis.obstacles import usable_bounds, usable_rates, usable_suggestion
from lrtui.analysis.refusals import with_cause
from lrtui.analysis.rules import RULES, Agreement, agreement, suggest_all
from lrtui.analysis.suggest import judge

# verdicts on curves that do not show both ends of the valley, so that bounds cannot be read off
WITHOUT_BOUNDS = ("falling_from_start", "still_falling", "too_short")


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """Our suggestion, what each published rule suggests, how far those agree, and the bounds."""

    suggestion: Suggestion
    suggestions: dict[str, float | None]
    agreement: Agreement | None
    bounds: Bounds | None


def analyse(
    curves: Sequence[Curve], obstacle: Obstacle | None = None, plan: Plan = ANY_PLAN
) -> Analysis:
    """Analyse one or more repeats for a planned training. Never raises, whatever was measured.

    With an obstacle there is no number at all, or none above its highest usable rate.
    """
    evidence = gather_evidence(curves)
    suggestion = with_cause(judge(evidence, curves, plan), curves)
    suggestions = typical_suggestions(curves)
    bounds = None
    if suggestion.verdict not in WITHOUT_BOUNDS:
        bounds = bounds_of(evidence)
    if obstacle is not None:
        suggestion = usable_suggestion(suggestion, obstacle)
        suggestions = usable_rates(suggestions, obstacle)
        bounds = usable_bounds(bounds, obstacle)
    return Analysis(
        suggestion=suggestion,
        suggestions=suggestions,
        agreement=agreement(suggestions),
        bounds=bounds,
    )


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
