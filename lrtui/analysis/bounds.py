"""base_lr and max_lr of a cyclical schedule (arXiv 1506.01186, section 3.3)."""

from collections.abc import Sequence
from math import log10

from lrtui.analysis.answer import Bounds
from lrtui.analysis.curve import Curve
from lrtui.analysis.evidence import SURE, Evidence, gather_evidence

START_SHARE = 0.1  # of the fall: from here on the curve improves
END_SHARE = 0.9  # of the fall: while it is held, the curve has not become worse
# decades from the centre to max_lr, at least: training stays at a peak for part of a cycle only
ABOVE_CENTRE = log10(1.5)


def bounds(curves: Sequence[Curve]) -> Bounds | None:
    """base_lr and max_lr for a cyclical schedule; None if neither loss nor metric surely improves.

    Section 3.3 of arXiv 1506.01186 takes base_lr where the accuracy starts to increase, and max_lr
    where it slows, becomes ragged or starts to fall. Here base_lr is the first rate with a tenth of
    the whole improvement. max_lr is half-way (in decades) from the centre of the valley to the last
    rate that holds nine tenths of it, because a schedule spends much longer at a rate than a ramp
    does. A fast ramp shows too little to the right of the centre, so max_lr is at least 1.5 times
    the centre. The metric is used if it surely improves, else the loss.
    """
    return bounds_of(gather_evidence(curves))


def bounds_of(evidence: Evidence) -> Bounds | None:
    """The same, from evidence that was gathered before."""
    valley = evidence.metric
    if valley is None:
        valley = evidence.loss
    if valley is None or valley.significance < SURE:
        return None
    start = valley.before_delay(valley.edges(START_SHARE)[0])
    last_held = valley.before_delay(valley.edges(END_SHARE)[1])
    end = max((valley.centre + last_held) / 2, valley.centre + ABOVE_CENTRE)
    end = min(end, float(valley.log_lr[-1]))
    if start >= end:
        return None
    return Bounds(start_lr=10**start, end_lr=10**end)
