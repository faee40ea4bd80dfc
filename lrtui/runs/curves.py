"""A record's histories as the arrays that analysis works on, and what it says of them."""

import math

from numpy.typing import ArrayLike

from lrtui.analysis.analyse import analyse
from lrtui.analysis.curve import Curve, as_floats, unsmooth
from lrtui.events import Suggested
from lrtui.record import History, RunRecord

THEIR_SMOOTH_F = 0.05  # torch_lr_finder's default: its history does not say what was used


def curves_of(record: RunRecord, smooth_f: float = THEIR_SMOOTH_F) -> list[Curve]:
    """One curve a repeat. Of torch_lr_finder's history, which has smoothed losses only, `smooth_f` is undone."""
    test = record.spec.get("range", {})
    return [
        Curve.of(
            one.lr,
            _raw(one, smooth_f),
            _floats(one.loss),
            _floats(one.metric) or None,
            metric_mode=test.get("metric_mode", "max"),
            num_iter=test.get("num_iter"),
            momentum=record.momentum,
        )
        for one in record.repeats or [record.history]
        if one.lr
    ]


def answer_of(record: RunRecord) -> Suggested | None:
    """What a record's curves say; None where nothing was measured."""
    curves = curves_of(record)
    if not curves:
        return None
    answer = analyse(curves)
    return Suggested(
        suggestion=answer.suggestion, suggestions=dict(answer.suggestions), bounds=answer.bounds
    )


def _raw(history: History, smooth_f: float) -> ArrayLike:
    if history.raw_loss:
        return _floats(history.raw_loss)
    return unsmooth(as_floats("loss", _floats(history.loss)), smooth_f)


def _floats(values: list[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]
