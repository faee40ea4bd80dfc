"""Results of other finders as records."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from lrtui.analysis.curve import FloatArray
from lrtui.events import NonFinitePlace, nonfinite_kind
from lrtui.files import read_file
from lrtui.record import History, RunRecord, at, from_json, id_of
from lrtui.runs.points import Points, curves_in, json_in
from lrtui.runs.tools import UNSAID, Smoothing, Tool, unsmoothed


class Result(NamedTuple):
    """A record, and how it was read.

    Attributes:
        record: with raw losses.
        tool: whose smoothing was undone; None for a record of lrtui.
        is_guess: the shape of the file said which tool, and neither its names nor the user.
    """

    record: RunRecord
    tool: Tool | None = None
    is_guess: bool = False


def load_result(path: Path, smoothing: Smoothing = UNSAID) -> Result:
    """Read a run record, or a result of another finder.

    Raises:
        RecordError: it is neither; one line says why.
        OSError: it cannot be read.
    """
    content = read_file(path)
    document = json_in(content, path.name)
    if isinstance(document, dict) and "schema" in document:
        return Result(from_json(content, path.name))
    curves = curves_in(document, content, path.name)
    named_raw = curves[0].named_raw
    tool = "raw" if named_raw else smoothing.tool or curves[0].tool
    histories = [_history(curve, tool, smoothing.smooth_f) for curve in curves]
    record = RunRecord(
        id=id_of(content),
        created=at(path.stat().st_mtime),
        name=path.stem,
        status="completed",
        reason="raw losses" if tool == "raw" else f"a result of {tool}",
        history=histories[0],
        repeats=histories if len(histories) > 1 else [],
    )
    return Result(record, tool, is_guess=not named_raw and smoothing.tool is None)


def _history(points: Points, tool: Tool, smooth_f: float | None) -> History:
    """A history with raw losses, and those of torch_lr_finder, which a record's `loss` are too.

    Points without a rate are left out.
    """
    rates, losses = np.array(points.rates), np.array(points.losses)
    used = np.isfinite(rates)
    nonfinite: list[NonFinitePlace] = []
    raw = unsmoothed(losses, tool, smooth_f)[used]
    smoothed = losses[used] if tool == "torch_lr_finder" else np.array([])
    return History(
        lr=rates[used].tolist(),
        loss=_with_nulls("loss", smoothed, nonfinite),
        raw_loss=_with_nulls("raw_loss", raw, nonfinite),
        nonfinite=nonfinite,
    )


def _with_nulls(
    series: str, losses: FloatArray, nonfinite: list[NonFinitePlace]
) -> list[float | None]:
    """The losses, None for those that are not finite; they are added to `nonfinite`."""
    nulled: list[float | None] = []
    for index, loss in enumerate(losses.tolist()):
        kind = nonfinite_kind(loss)
        if kind is not None:
            nonfinite.append(NonFinitePlace(series, index, kind))
        nulled.append(loss if kind is None else None)
    return nulled
