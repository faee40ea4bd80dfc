"""Rates and losses in a file of another tool: an object, two lists, or CSV with named columns."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lrtui.record import RecordError
from lrtui.runs.tools import Tool, torch_lr_finder_or_lightning

_RATES = ("lr", "lrs", "learning_rate", "learning_rates", "learning rate")
_RAW_LOSSES = ("raw_loss", "raw_losses")
_LOSSES = ("loss", "losses", "train_loss", "smoothed_loss")


class Points(NamedTuple):
    """Rates and losses of one curve, and what their shape says of the tool."""

    rates: list[float]
    losses: list[float]
    tool: Tool
    named_raw: bool = False  # the losses are called raw: no tool has smoothed them


def json_in(content: bytes, name: str) -> Any:
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


def curves_in(document: object, content: bytes, name: str) -> list[Points]:
    """The curves in a file, one for each repeat.

    Args:
        document: of `json_in`.
        content: of the file.
        name: of the file, for errors.

    Raises:
        RecordError: there are none; one line says why.
    """
    if document is None:
        return _from_csv(content, name)
    return [_from_json(document, name)]


def _from_json(document: object, name: str) -> Points:
    """torch_lr_finder's or Lightning's object, fastai's object, or a list of two lists."""
    if isinstance(document, dict):
        rates, raw = _first(document, _RATES), _first(document, _RAW_LOSSES)
        losses = _first(document, _LOSSES)
        if rates is not None and raw:
            return _points(rates, raw, name, "raw", named_raw=True)
        if rates is not None and losses is not None:
            points = _points(rates, losses, name, "fastai")
            if "losses" in document:
                return points
            return points._replace(tool=torch_lr_finder_or_lightning(points.losses))
    if isinstance(document, list) and any(isinstance(entry, dict) for entry in document):
        raise RecordError(f"{name}: several records in one file: give their ids, or a file of each")
    if isinstance(document, list) and len(document) == 2:
        return _points(document[0], document[1], name, "fastai")
    raise RecordError(
        f"{name}: expected a run record, an object with `lr` and `loss`, or two lists"
    )


def _from_csv(content: bytes, name: str) -> list[Points]:
    """A curve for each value of a column `repeat`, without it one."""
    try:
        text = content.decode("utf-8-sig")
        return _from_table(text, name)
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f"{name}: neither JSON nor CSV: {error}") from None


def _from_table(text: str, name: str) -> list[Points]:
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
) -> Points:
    points = Points(_numbers(rates, name), _numbers(losses, name), tool, named_raw)
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
