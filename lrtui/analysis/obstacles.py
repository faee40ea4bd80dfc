"""Answers under an obstacle: no number that it makes unusable is given."""

from collections.abc import Mapping

import msgspec

from lrtui.analysis import refusals
from lrtui.analysis.answer import Bounds, Obstacle, Suggestion


def usable_suggestion(suggestion: Suggestion, obstacle: Obstacle) -> Suggestion:
    """The suggestion where its rate is usable, else the obstacle as a refusal."""
    highest = obstacle.highest_lr
    refusal = refusals.refuse(obstacle.verdict, obstacle.reason, obstacle.advice)
    if highest is None or suggestion.verdict == "still_falling":
        return refusal  # all rates above the highest usable one train alike: no rise to wait for
    if suggestion.lr is None:
        return suggestion
    if suggestion.lr > highest:
        return refusal
    high = min(suggestion.high or highest, highest)
    return msgspec.structs.replace(suggestion, high=high)


def usable_rates(
    suggestions: Mapping[str, float | None], obstacle: Obstacle
) -> dict[str, float | None]:
    """What the published rules suggest; None for each rate that is unusable."""
    usable: dict[str, float | None] = {}
    for name, lr in suggestions.items():
        usable[name] = lr if _is_usable(lr, obstacle) else None
    return usable


def usable_bounds(bounds: Bounds | None, obstacle: Obstacle) -> Bounds | None:
    """The bounds, cut off at the highest usable rate; None where nothing is left between them."""
    if bounds is None or not _is_usable(bounds.start_lr, obstacle):
        return None
    end_lr = min(bounds.end_lr, obstacle.highest_lr or bounds.end_lr)
    if end_lr <= bounds.start_lr:
        return None
    return Bounds(bounds.start_lr, end_lr)


def _is_usable(lr: float | None, obstacle: Obstacle) -> bool:
    if lr is None or obstacle.highest_lr is None:
        return False
    return lr <= obstacle.highest_lr
