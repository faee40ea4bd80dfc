"""Results of other finders as records: their JSON, two lists, or CSV with named columns."""

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from lrtui.analysis.curve import FloatArray, undebias, unsmooth
from lrtui.events import NonFinitePlace, nonfinite_kind
from lrtui.files import read_file
from lrtui.record import History, RecordError, RunRecord, at, from_json, id_of
from lrtui.runs.curves import THEIR_SMOOTH_F

Tool = Literal["torch_lr_finder", "fastai", "lightning", "raw"]
TOOLS: tuple[Tool, ...] = get_args(Tool)

_RATES = ("lr", "lrs", "learning_rate", "learning_rates", "learning rate")
_RAW_LOSSES = ("raw_loss", "raw_losses")
_LOSSES = ("loss", "losses", "train_loss", "smoothed_loss")
_AHEAD = 1  # Lightning's average counts a step more than it has seen

# each tool's smoothing, undone: answers are computed from raw losses
_UNDO: dict[Tool, Callable[[FloatArray], FloatArray]] = {
    "torch_lr_finder": lambda losses: unsmooth(losses, THEIR_SMOOTH_F),
    "fastai": undebias,
    "lightning": lambda losses: undebias(losses, ahead=_AHEAD),
    "raw": lambda losses: losses,
}


class Result(NamedTuple):
    """A record, and how a foreign file was read; "" for a record of lrtui."""

    record: RunRecord
    read_as: str = ""


class _Column(NamedTuple):
    rates: list[float]
    losses: list[float]
    tool: Tool  # whose smoothing the losses have


def load_result(path: Path, tool: Tool | None = None) -> Result:
    """Read a run record, or a result of another finder.

    Args:
        path: of the file.
        tool: what made a foreign file; None: its shape says.

    Raises:
        RecordError: it is neither; one line says why.
        OSError: it cannot be read.
    """
    content = read_file(path)
    document = _json(content)
    if isinstance(document, dict) and "schema" in document:
        return Result(from_json(content, path.name))
    try:
        if document is None:
            repeats = _from_csv(content.decode("utf-8-sig"), path.name)
        else:
            repeats = [_from_json(document, path.name)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f"{path.name}: neither JSON nor CSV: {error}") from None
    histories = [_history(column, tool or column.tool) for column in repeats]
    name = tool or repeats[0].tool
    reason = "raw losses" if name == "raw" else f"a result of {name}"
    record = RunRecord(
        id=id_of(content),
        created=at(path.stat().st_mtime),
        name=path.stem,
        status="completed",
        reason=reason,
        history=histories[0],
        repeats=histories if len(histories) > 1 else [],
    )
    return Result(record, reason)


def _json(content: bytes) -> Any:
    """The document; None for what is no JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _from_json(document: object, name: str) -> _Column:
    """torch_lr_finder's or Lightning's object, fastai's object, or a list of two lists."""
    if isinstance(document, dict):
        rates = _first(document, _RATES)
        raw = _first(document, _RAW_LOSSES)
        losses = raw or _first(document, _LOSSES)
        if rates is not None and losses is not None:
            tool: Tool = "fastai" if "losses" in document else "torch_lr_finder"
            return _column(rates, losses, "raw" if raw else tool, name)
    if isinstance(document, list) and len(document) == 2:
        return _column(document[0], document[1], "fastai", name)
    raise RecordError(
        f"{name}: expected a run record, an object with `lr` and `loss`, or two lists"
    )


def _first(document: Mapping[str, Any], names: Sequence[str]) -> Any:
    for name in names:
        if name in document:
            return document[name]
    return None


def _column(rates: object, losses: object, tool: Tool, name: str) -> _Column:
    column = _Column(_numbers(rates, name), _numbers(losses, name), tool)
    if len(column.rates) != len(column.losses):
        counts = f"{len(column.rates)} learning rates but {len(column.losses)} losses"
        raise RecordError(f"{name}: {counts}")
    if not column.rates:
        raise RecordError(f"{name}: no points")
    return column


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


def _from_csv(text: str, name: str) -> list[_Column]:
    """The columns of rates and losses; a column `repeat` tells repeats apart."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    table = csv.DictReader(lines, skipinitialspace=True)
    heads = {head.strip().lower(): head for head in table.fieldnames or () if head}
    rate = _first(heads, _RATES)
    raw = _first(heads, _RAW_LOSSES)
    loss = raw or _first(heads, _LOSSES)
    if rate is None or loss is None:
        found = ", ".join(heads)[:80]
        raise RecordError(f"{name}: expected columns `lr` and `loss`, found: {found or 'none'}")
    tool: Tool = "raw"
    by_repeat: dict[str, tuple[list[Any], list[Any]]] = {}
    for row in table:
        rates, losses = by_repeat.setdefault(row.get(heads.get("repeat", ""), "") or "", ([], []))
        rates.append(row[rate])
        losses.append(row[loss])
    if not by_repeat:
        raise RecordError(f"{name}: no points")
    return [_column(*columns, tool, name) for columns in by_repeat.values()]


def _history(column: _Column, tool: Tool) -> History:
    """A history with raw losses. Points without a rate are left out."""
    losses = _UNDO[tool](np.array(column.losses))
    lrs: list[float] = []
    raw: list[float | None] = []
    nonfinite: list[NonFinitePlace] = []
    for lr, loss in zip(column.rates, losses.tolist(), strict=True):
        if not math.isfinite(lr):
            continue
        kind = nonfinite_kind(loss)
        if kind is not None:
            nonfinite += [NonFinitePlace(name, len(lrs), kind) for name in ("loss", "raw_loss")]
        lrs.append(lr)
        raw.append(loss if kind is None else None)
    return History(lr=lrs, loss=raw, raw_loss=raw, nonfinite=nonfinite)
