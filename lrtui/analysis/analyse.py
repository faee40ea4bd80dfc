"""All that is read off the curves of one range test, at once: what the answer panel shows and the record keeps."""

from collections.abc import Sequence

import msgspec
import numpy as np

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.analysis.bounds import bounds_of
from lrtui.analysis.curve import Curve
from lrtui.analysis.evidence import read
from lrtui.analysis.rules import RULES, Agreement, agreement, suggest_all
from lrtui.analysis.suggest import judge

NOT_ALL_SEEN = (
    "falling_from_start",
    "still_falling",
    "too_short",
)  # an end of the valley is not on the curve


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """Our suggestion, what each published rule says, how far those agree, and the two boundaries."""

    suggestion: Suggestion
    suggestions: dict[str, float | None]
    agreement: Agreement | None
    bounds: Bounds | None


def analyse(curves: Sequence[Curve]) -> Analysis:
    """Everything about one or more repeats. Whatever was measured, it does not raise."""
    reading = read(curves)
    suggestion, suggestions = judge(reading, curves), typical_suggestions(curves)
    return Analysis(
        suggestion=suggestion,
        suggestions=suggestions,
        agreement=agreement(suggestions),
        bounds=None if suggestion.verdict in NOT_ALL_SEEN else bounds_of(reading),
    )


def typical_suggestions(curves: Sequence[Curve]) -> dict[str, float | None]:
    """Each published rule's median over the repeats; the rules themselves know single curves only."""
    by_curve = [suggest_all(curve) for curve in curves]
    return {name: median([answers[name] for answers in by_curve]) for name in RULES}


def median(rates: Sequence[float | None]) -> float | None:
    """The geometric median of those that are rates."""
    logs = [np.log(lr) for lr in rates if lr is not None and lr > 0]
    return float(np.exp(np.median(logs))) if logs else None
