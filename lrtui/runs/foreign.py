"""Results of other finders as records: their JSON, two lists, or CSV with named columns."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from lrtui.analysis.curve import FloatArray, undebias, unsmooth
from lrtui.events import NonFinitePlace, nonfinite_kind
from lrtui.files import read_file
from lrtui.record import History, RecordError, RunRecord, from_json, new_id, now
from lrtui.runs.curves import THEIR_SMOOTH_F

Tool = Literal["torch_lr_finder", "fastai", "lightning", "raw"]

_RATES = ("lr", "lrs", "learning_rate", "learning_rates", "learning rate")
_RAW_LOSSES = ("raw_loss", "raw_losses")
_LOSSES = ("loss", "losses", "train_loss", "smoothed_loss")
_BETA, _AHEAD = 0.98, 1  # Lightning's average counts a step more than it has seen
_FIRST = 5  # losses, by which Lightning's average is known


class Smoothing(NamedTuple):
    """What the user says of the losses in a foreign file.

    Attributes:
        tool: what made them; None: their shape says.
        smooth_f: of torch_lr_finder, which does not keep it; None: its default.
    """

    tool: Tool | None = None
    smooth_f: float | None = None


UNSAID = Smoothing()


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


class _Points(NamedTuple):
    """Rates and losses of one curve, and what their shape says of the tool."""

    rates: list[float]
    losses: list[float]
    tool: Tool
    named_raw: bool = False  # the losses are called raw: no tool has smoothed them


def load_result(path: Path, smoothing: Smoothing = UNSAID) -> Result:
    """Read a run record, or a result of another finder.

    Raises:
        RecordError: it is neither; one line says why.
        OSError: it cannot be read.
    """
    content = read_file(path)
    document = _json(content, path.name)
    if isinstance(document, dict) and "schema" in document:
        return Result(from_json(content, path.name))
    if document is None:
        curves = _from_csv(content, path.name)
    else:
        curves = [_from_json(document, path.name)]
    named_raw = curves[0].named_raw
    tool = "raw" if named_raw else smoothing.tool or curves[0].tool
    histories = [_history(curve, tool, smoothing.smooth_f) for curve in curves]
    record = RunRecord(
        id=new_id(),
        created=now(),
        name=path.stem,
        status="completed",
        reason="raw losses" if tool == "raw" else f"a result of {tool}",
        history=histories[0],
        repeats=histories if len(histories) > 1 else [],
    )
    return Result(record, tool, is_guess=not named_raw and smoothing.tool is None)


def _json(content: bytes, name: str) -> Any:
    """The document; None for what is meant to be CSV.

    Raises:
        RecordError: it is meant to be JSON, and is torn.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        if content.lstrip().startswith((b"{", b"[")):
            raise RecordError(f"{name}: not JSON: {error}") from None
        return None


def _from_json(document: object, name: str) -> _Points:
    """torch_lr_finder's or Lightning's object, fastai's object, or a list of two lists."""
    if isinstance(document, dict):
        rates, raw = _first(document, _RATES), _first(document, _RAW_LOSSES)
        losses = _first(document, _LOSSES)
        if rates is not None and raw:
            return _points(rates, raw, name, "raw", named_raw=True)
        if rates is not None and losses is not None:
            points = _points(rates, losses, name, "torch_lr_finder")
            return points._replace(tool=_tool_of(document, points.losses))
    if isinstance(document, list) and any(isinstance(entry, dict) for entry in document):
        raise RecordError(f"{name}: several records in one file: give their ids, or a file of each")
    if isinstance(document, list) and len(document) == 2:
        return _points(document[0], document[1], name, "fastai")
    raise RecordError(
        f"{name}: expected a run record, an object with `lr` and `loss`, or two lists"
    )


def _tool_of(document: Mapping[str, Any], losses: Sequence[float]) -> Tool:
    """What made an object of rates and losses, by its names and its first losses."""
    if "losses" in document:
        return "fastai"
    averages = np.array(losses[:_FIRST])
    steps = np.arange(len(averages)) + 1
    # with a steady loss Lightning's begins at a half of it, then two thirds, three quarters …
    shares = (1 - _BETA**steps) / (1 - _BETA ** (steps + _AHEAD))
    if _scatter(averages, shares) < _scatter(averages, np.ones(len(averages))):
        return "lightning"
    return "torch_lr_finder"


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _scatter(averages: FloatArray, shares: FloatArray) -> float:
    """The standard deviation of the losses behind averages, as a share of their mean, or nan."""
    losses = averages / shares
    return float(np.std(losses) / np.abs(np.mean(losses)))


def _from_csv(content: bytes, name: str) -> list[_Points]:
    """A curve for each value of a column `repeat`, without it one."""
    try:
        text = content.decode("utf-8-sig")
        return _from_table(text, name)
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f"{name}: neither JSON nor CSV: {error}") from None


def _from_table(text: str, name: str) -> list[_Points]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    table = csv.DictReader(lines, skipinitialspace=True)
    heads = {head.strip().lower(): head for head in table.fieldnames or () if head}
    rate, raw = _first(heads, _RATES), _first(heads, _RAW_LOSSES)
    loss = raw or _first(heads, _LOSSES)
    if rate is None or loss is None:
        found = ", ".join(heads)[:80]
        raise RecordError(f"{name}: expected columns `lr` and `loss`, found: {found or 'none'}")
    by_repeat: dict[str, tuple[list[Any], list[Any]]] = {}
    for row in table:
        rates, losses = by_repeat.setdefault(row.get(heads.get("repeat", ""), "") or "", ([], []))
        rates.append(row[rate])
        losses.append(row[loss])
    if not by_repeat:
        raise RecordError(f"{name}: no points")
    named_raw = raw is not None
    return [_points(*columns, name, "raw", named_raw) for columns in by_repeat.values()]


def _first(document: Mapping[str, Any], names: Sequence[str]) -> Any:
    for name in names:
        if name in document:
            return document[name]
    return None


def _points(
    rates: object, losses: object, name: str, tool: Tool, named_raw: bool = False
) -> _Points:
    points = _Points(_numbers(rates, name), _numbers(losses, name), tool, named_raw)
    if len(points.rates) != len(points.losses):
        counts = f"{len(points.rates)} learning rates but {len(points.losses)} losses"
        raise RecordError(f"{name}: {counts}")
    if not points.rates:
        raise RecordError(f"{name}: no points")
    return points


def _numbers(values: object, name: str) -> list[float]:
    if not isinstance(values, list):
        raise RecordError(f"{name}: expected a list of numbers, got {type(values).__name__}")
    return [_number(value, name) for value in values]


def _number(value: object, name: str) -> float:
    """A number; what is empty or null is not a number, `nan` and `inf` are as they are."""
    if value is None or value == "":
        return math.nan
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise RecordError(f"{name}: {str(value)[:40]!r} is no number")


def _history(points: _Points, tool: Tool, smooth_f: float | None) -> History:
    """A history with raw losses, and those of torch_lr_finder, which a record's `loss` are too.

    Points without a rate are left out.
    """
    rates, losses = np.array(points.rates), np.array(points.losses)
    used = np.isfinite(rates)
    nonfinite: list[NonFinitePlace] = []
    raw = _unsmoothed(losses, tool, smooth_f or THEIR_SMOOTH_F)[used]
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


def _unsmoothed(losses: FloatArray, tool: Tool, smooth_f: float) -> FloatArray:
    """The raw losses: answers are computed from them."""
    match tool:
        case "torch_lr_finder":
            return unsmooth(losses, smooth_f)
        case "fastai":
            return undebias(losses)
        case "lightning":
            return undebias(losses, _BETA, _AHEAD)
        case "raw":
            return losses
