"""A record's histories as the arrays that analysis works on."""

import math

from lrtui.analysis.curve import Curve
from lrtui.record import RunRecord


def curves_of(record: RunRecord) -> list[Curve]:
    """One curve a repeat; a history without raw losses (torch_lr_finder's) is taken as it is."""
    test = record.spec.get("range", {})
    return [
        Curve.of(
            one.lr,
            _floats(one.raw_loss or one.loss),
            _floats(one.loss),
            _floats(one.metric) or None,
            metric_mode=test.get("metric_mode", "max"),
            num_iter=test.get("num_iter"),
            momentum=record.momentum,
        )
        for one in record.repeats or [record.history]
        if one.lr
    ]


def _floats(values: list[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]
