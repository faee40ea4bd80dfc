"""A record's histories as the arrays that analysis works on, and the answer that they give."""

import msgspec

from lrtui.analysis.analyse import analyse
from lrtui.analysis.curve import Curve, FloatArray, as_floats, unsmooth
from lrtui.events import Suggested
from lrtui.record import History, RunRecord

THEIR_SMOOTH_F = 0.05  # torch_lr_finder's default: its history does not say what was used


def curves_of(record: RunRecord) -> list[Curve]:
    """One curve for each repeat that measured any loss."""
    curves = []
    for history in record.repeats or [record.history]:
        if history.lr and (history.raw_loss or history.loss):
            curves.append(_curve(history, record))
    return curves


def _curve(history: History, record: RunRecord) -> Curve:
    range_settings = record.spec.get("range", {})
    return Curve.of(
        history.lr,
        _raw_losses(history),
        history.loss or None,
        history.metric or None,
        metric_mode=range_settings.get("metric_mode", "max"),
        num_iter=range_settings.get("num_iter"),
        momentum=record.momentum,
        ended=record.reason,
    )


def _raw_losses(history: History) -> FloatArray:
    """The raw losses; a history that `lrtui.load` read from torch_lr_finder has none."""
    if history.raw_loss:
        return as_floats("raw_loss", history.raw_loss)
    return unsmooth(as_floats("loss", history.loss), THEIR_SMOOTH_F)


def answer_of(record: RunRecord) -> Suggested | None:
    """The answer that a record's curves give; None if nothing was measured."""
    curves = curves_of(record)
    if not curves:
        return None
    analysis = analyse(curves, record.obstacle or None, record.plan)
    return Suggested(
        suggestion=analysis.suggestion,
        by_schedule=dict(analysis.by_schedule),
        suggestions=dict(analysis.suggestions),
        bounds=analysis.bounds,
    )


def with_answer(record: RunRecord) -> RunRecord:
    """The record with an answer: its own, or the one that the curve of a record without one gives.

    torch_lr_finder's histories and runs that were cut off have none.
    """
    if record.suggestion is not None or record.status == "failed" or not record.history.lr:
        return record
    analysis = analyse(curves_of(record), record.obstacle or None, record.plan)
    return msgspec.structs.replace(
        record,
        suggestion=analysis.suggestion,
        by_schedule=dict(analysis.by_schedule),
        suggestions=dict(analysis.suggestions),
        bounds=record.bounds or analysis.bounds,
    )
