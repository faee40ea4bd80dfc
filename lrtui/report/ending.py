"""How a run ended, in the words of somebody who trains."""

from lrtui.analysis.answer import Suggestion
from lrtui.events import Status

_CUT_SHORT = ("bad_batch", "diverges_from_start")  # the end of the curve is the fault


def is_cut_short(status: Status, suggestion: Suggestion | None) -> bool:
    """Whether a loss that blew up is a fault: a bad batch, or a first rate that is too high."""
    return status == "diverged" and suggestion is not None and suggestion.verdict in _CUT_SHORT


def ending(
    status: Status, reason: str, last_lr: float | None, suggestion: Suggestion | None = None
) -> str:
    """How a run ended. A loss that blows up is the usual end of a range test, not a fault.

    Args:
        status: of the run.
        reason: of that status.
        last_lr: the highest rate that was measured.
        suggestion: of the test; it knows where the blow-up says nothing about rates.
    """
    if is_cut_short(status, suggestion):
        return f"ended early: {reason}"
    if status == "diverged" and last_lr is not None:
        return f"done: the loss blew up at {last_lr:.1e}, as a range test wants it"
    if status == "completed":
        return f"done: {reason}"
    if status in ("failed", "interrupted"):
        return f"{status}: {reason}"
    return reason
