"""RunRecord (`lrtui.run/1`): what remains of a run.

It is a fold over the run's events, so that the worker that saw it end, the app that showed it and the recovery of a
journal after a crash all arrive at the same file.
"""

import json
import math
import secrets
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.events import (
    Ended,
    Event,
    Measured,
    NonFinitePlace,
    Notice,
    Result,
    Started,
    Status,
    Step,
    Suggested,
    nonfinite_kind,
)
from lrtui.spec import RunSpec

SCHEMA = "lrtui.run/1"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_OF_STARTED = ("id", "created", "lrtui", "torch", "device", "digest", "log", "momentum")
_RESULT_NAMES = ("trial", "confirmation", "stability", "view")
_MAX_BYTES = 256 * 2**20


class RecordError(ValueError):
    """A file that is no run record. Its text is one clear line."""


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One curve. Every list has one entry a recorded iteration, or is empty where nothing of the kind was measured."""

    lr: list[float] = []
    loss: list[float | None] = []
    raw_loss: list[float | None] = []
    train_loss: list[float | None] = []
    metric: list[float | None] = []
    group_lrs: list[list[float]] = []
    nonfinite: list[NonFinitePlace] = []


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a run. `unknown` keeps a loaded file's document, so that keys of a newer version survive."""

    schema: str = SCHEMA
    id: str
    created: str
    lrtui: str = ""
    torch: str = ""
    device: str = ""
    status: Status = "interrupted"
    reason: str = ""
    seconds: float = 0.0
    digest: str = ""
    log: str = ""
    momentum: float | None = None
    spec: dict[str, Any] = {}
    history: History = History()
    repeats: list[History] = []
    suggestion: Suggestion | None = None
    suggestions: dict[str, float | None] = {}
    bounds: Bounds | None = None
    measured: list[Result] = []
    notices: list[str] = []
    unknown: dict[str, Any] = {}

    def run_spec(self) -> RunSpec:
        """The spec, ready to run again; raises msgspec.ValidationError if a newer version wrote it."""
        return msgspec.convert(self.spec, RunSpec)


def new_id() -> str:
    """A ULID: sorts by time of creation (48 bits of milliseconds, 80 random bits)."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -5, -5))


def now() -> str:
    """This moment in UTC, as RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_events(events: Iterable[Event]) -> RunRecord:
    """Fold a run's events into its record. Without an `Ended` the run counts as interrupted.

    Raises:
        RecordError: there is no `Started` among the events.
    """
    steps: list[Step] = []
    fields: dict[str, Any] = {
        "reason": "the run was cut off before it could end",
        "measured": [],
        "notices": [],
    }
    for event in events:
        match event:
            case Started():
                steps.clear()
                fields |= {
                    name: getattr(event, name)
                    for name in (
                        "id",
                        "created",
                        "lrtui",
                        "torch",
                        "device",
                        "digest",
                        "log",
                        "momentum",
                    )
                }
                fields["spec"] = msgspec.to_builtins(event.spec)
            case Step():
                steps.append(event)
            case Suggested():
                fields |= {
                    name: getattr(event, name) for name in ("suggestion", "suggestions", "bounds")
                }
            case Measured():
                fields["measured"].append(event.result)
            case Notice():
                fields["notices"].append(event.text)
            case Ended():
                fields |= {name: getattr(event, name) for name in ("status", "reason", "seconds")}
    if "id" not in fields:
        raise RecordError("the run never started, so there is nothing to record")
    fields.setdefault("seconds", steps[-1].seconds if steps else 0.0)
    histories = [history_of(list(points)) for _, points in groupby(steps, attrgetter("repeat"))]
    return RunRecord(
        **fields,
        history=histories[0] if histories else History(),
        repeats=histories if len(histories) > 1 else [],
    )


def history_of(steps: list[Step]) -> History:
    """The curve of one repeat; steps that a GradScaler skipped are no points of it."""
    points = [step for step in steps if not step.skipped]
    nonfinite = [
        NonFinitePlace(series, index, step.nonfinite)
        for index, step in enumerate(points)
        if step.nonfinite is not None
        for series in ("loss", "raw_loss")
    ]

    def series(name: str) -> list[Any]:
        values = [getattr(step, name) for step in points]
        return [] if all(value is None or value == () for value in values) else values

    return History(
        lr=[step.lr for step in points],
        loss=[step.loss for step in points],
        raw_loss=[step.raw_loss for step in points],
        train_loss=series("train_loss"),
        metric=series("metric"),
        group_lrs=[list(lrs) for lrs in series("group_lrs")],
        nonfinite=nonfinite,
    )


def to_json(record: RunRecord) -> bytes:
    """The record as RFC 8259 JSON, indented by two, with the keys that were loaded but not understood."""
    document = msgspec.to_builtins(record)
    loaded = document.pop("unknown")
    document["measured"] += _unknown_results(loaded)
    document = _merged(loaded, document)
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def from_json(text: bytes, name: str = "record") -> RunRecord:
    """Read a record, or a history in torch_lr_finder's own shape.

    Raises:
        RecordError: what is wrong and where, in one line.
    """
    if len(text) > _MAX_BYTES:
        raise RecordError(f"{name}: {len(text):,} bytes are too many for a run record")
    try:
        document = json.loads(text, parse_constant=float)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{name}: not JSON: {error}") from None
    if not isinstance(document, dict):
        raise RecordError(f"{name}: expected a JSON object, got {type(document).__name__}")
    if "schema" not in document and {"lr", "loss"} <= document.keys():
        return _from_foreign(document, name)
    schema = document.get("schema")
    if not isinstance(schema, str) or not schema.startswith("lrtui.run/"):
        raise RecordError(f"{name}: no run record: its schema is {schema!r}, expected '{SCHEMA}'")
    if schema != SCHEMA:
        raise RecordError(f"{name}: written by a newer lrtui ({schema}); this one reads {SCHEMA}")
    try:
        record = msgspec.convert(_understood(document), RunRecord)
        _same_lengths(record.history)
        for history in record.repeats:
            _same_lengths(history)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise RecordError(f"{name}: {error}") from None
    return record


def _understood(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the results of kinds that only a newer version knows."""
    results = document.get("measured")
    if isinstance(results, list):
        newer = _unknown_results(document)
        known = [result for result in results if result not in newer]
        return {**document, "measured": known, "unknown": document}
    return {**document, "unknown": document}


def _unknown_results(document: dict[str, Any]) -> list[Any]:
    """The entries of `measured` whose name this version does not know."""
    return [
        result
        for result in document.get("measured", [])
        if isinstance(result, dict) and result.get("name") not in _RESULT_NAMES
    ]


class _Foreign(msgspec.Struct):
    lr: list[float]
    loss: list[float | None]


def _from_foreign(document: dict[str, Any], name: str) -> RunRecord:
    """A history as torch_lr_finder keeps it: `{"lr": [...], "loss": [...]}`; its losses are the smoothed ones."""
    try:
        foreign = msgspec.convert(document, _Foreign)
    except msgspec.ValidationError as error:
        raise RecordError(f"{name}: {error}") from None
    loss = [math.nan if value is None else value for value in foreign.loss]
    if len(foreign.lr) != len(loss):
        raise RecordError(f"{name}: {len(foreign.lr)} learning rates but {len(loss)} losses")
    history = History(
        lr=foreign.lr,
        loss=[value if math.isfinite(value) else None for value in loss],
        nonfinite=[
            NonFinitePlace("loss", at, kind)
            for at, value in enumerate(loss)
            if (kind := nonfinite_kind(value))
        ],
    )
    return RunRecord(
        id=new_id(),
        created=now(),
        status="completed",
        reason="a history of torch_lr_finder",
        history=history,
    )


def _same_lengths(history: History) -> None:
    for name in ("loss", "raw_loss", "train_loss", "metric", "group_lrs"):
        count = len(getattr(history, name))
        if count not in (0, len(history.lr)):
            raise ValueError(
                f"history.{name} has {count} entries for {len(history.lr)} learning rates"
            )


def _merged(old: Any, new: Any) -> Any:
    """`new`, with what only `old` has: mappings key by key, lists of equal length entry by entry."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {key: _merged(old.get(key), new[key]) for key in new} | {
            key: value for key, value in old.items() if key not in new
        }
    if (
        isinstance(old, list)
        and isinstance(new, list)
        and len(old) == len(new)
        and any(isinstance(x, dict) for x in new)
    ):
        return [_merged(before, after) for before, after in zip(old, new, strict=True)]
    return new
