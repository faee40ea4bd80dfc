"""How a run ended, in the words of somebody who trains."""

from lrtui.events import Status


def ending(status: Status, reason: str, last_lr: float | None) -> str:
    """How a run ended. A loss that blows up is the usual end of a range test, not a fault.

    Args:
        status: of the run.
        reason: of that status.
        last_lr: the highest rate that was measured.
    """
    if status == "diverged" and last_lr is not None:
        return f"done: the loss blew up at {last_lr:.1e}, as a range test wants it"
    if status == "completed":
        return f"done: {reason}"
    if status in ("failed", "interrupted"):
        return f"{status}: {reason}"
    return reason
