"""The run record (`lrtui.run/1`): what remains of a run, as one JSON file.

It is a fold over the run's events, so that the worker that ran it, the app that showed it and the
recovery of its journal after a crash all write the same file.
"""

import hashlib
import json
import math
import secrets
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, get_args

import msgspec
from msgspec import UNSET, UnsetType

from lrtui.analysis.answer import ANY_PLAN, Bounds, Obstacle, Plan, Schedule, Suggestion
from lrtui.events import (
    Ended,
    Event,
    Extended,
    FailurePlace,
    Measured,
    NonFinitePlace,
    Notice,
    Result,
    Started,
    Status,
    Step,
    Suggested,
    json_document,
    nonfinite_kind,
    obstacle_among,
)
from lrtui.files import LARGEST
from lrtui.spec import RunSpec

SCHEMA = "lrtui.run/1"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # base 32 of a ULID
_RESULT_NAMES = {result.__struct_config__.tag for result in get_args(Result)}
_MAX_BYTES = LARGEST
_LARGEST = sys.float_info.max

JsonObject = dict[str, Any]


class RecordError(ValueError):
    """A file that is not a valid run record; the message is one line."""


class History(msgspec.Struct, frozen=True, kw_only=True):
    """One curve. Every list has one entry for each point, or is empty if it was not measured."""

    lr: list[float] = []
    loss: list[float | None] = []
    raw_loss: list[float | None] = []
    train_loss: list[float | None] = []
    metric: list[float | None] = []
    group_lrs: list[list[float]] = []
    nonfinite: list[NonFinitePlace] = []


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """How a run failed: its phase, the place in the user's code, what that printed last."""

    phase: str = ""
    where: FailurePlace | None = None
    output: list[str] = []
    advice: str | UnsetType = UNSET  # what to change, where that is not the code


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a run.

    `unknown` is the document that the record was loaded from: it keeps the keys that only a newer
    version knows.
    """

    schema: str = SCHEMA
    id: str
    created: str
    name: str | UnsetType = UNSET  # that the user gave it
    lrtui: str = ""
    torch: str = ""
    device: str = ""
    parameters: int | UnsetType = UNSET  # of the model
    status: Status = "interrupted"
    reason: str = ""
    seconds: float = 0.0
    digest: str = ""
    log: str = ""
    momentum: float | None = None
    spec: JsonObject = {}
    plan: Plan = ANY_PLAN  # that the answer is for
    history: History = History()
    repeats: list[History] = []
    suggestion: Suggestion | None = None
    by_schedule: dict[Schedule, float | None] = {}  # our rate for each, over the same steps
    suggestions: dict[str, float | None] = {}
    bounds: Bounds | None = None
    measured: list[Result] = []
    notices: list[str] = []
    obstacle: Obstacle | UnsetType = UNSET  # what takes rates out of the answer
    failure: Failure | UnsetType = UNSET  # of a failed run
    unknown: JsonObject = {}

    def run_spec(self) -> RunSpec:
        """The spec, ready to run again; raises msgspec.ValidationError if it cannot be read."""
        return msgspec.convert(self.spec, RunSpec)


def new_id() -> str:
    """A ULID, which sorts by time of creation: 48 bits of milliseconds, 80 random bits."""
    return _as_text((time.time_ns() // 1_000_000) << 80 | secrets.randbits(80))


def id_of(content: bytes) -> str:
    """An id for a file that has none: the same whenever it is read."""
    return _as_text(int.from_bytes(hashlib.sha256(content).digest()[:16]))


def _as_text(number: int) -> str:
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -5, -5))


def now() -> str:
    """The current time in UTC, as RFC 3339."""
    return at(time.time())


def at(seconds: float) -> str:
    """A time since the epoch in UTC, as RFC 3339."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_events(events: Iterable[Event]) -> RunRecord:
    """Fold a run's events into its record. Without an `Ended` the run counts as interrupted.

    Raises:
        RecordError: there is no `Started` among the events.
    """
    started: Started | None = None
    suggested: Suggested | None = None
    ended: Ended | None = None
    steps: list[Step] = []
    measured: list[Result] = []
    notices: list[Notice] = []
    for event in events:
        match event:
            case Started():
                started = event
                steps.clear()
            case Step():
                steps.append(event)
            case Extended() if started is not None and not event.problem:
                started, suggested, ended = _to_further_end(started, event), None, None
            case Suggested():
                suggested = event
            case Measured():
                measured.append(event.result)
            case Notice():
                notices.append(event)
            case Ended():
                ended = event
    if started is None:
        raise RecordError("the run never started, so there is nothing to record")
    record = msgspec.structs.replace(
        _unfinished(started, steps),
        measured=measured,
        notices=[notice.text for notice in notices],
        obstacle=obstacle_among(notices) or UNSET,
    )
    if suggested is not None:
        record = msgspec.structs.replace(
            record,
            suggestion=suggested.suggestion,
            by_schedule=suggested.by_schedule,
            suggestions=suggested.suggestions,
            bounds=suggested.bounds,
        )
    if ended is not None:
        record = msgspec.structs.replace(
            record,
            status=ended.status,
            reason=ended.reason,
            seconds=ended.seconds,
            failure=_failure(ended),
        )
    return record


def _to_further_end(started: Started, extended: Extended) -> Started:
    """The start of a run whose range was extended; its spec is the one to run again."""
    test = msgspec.structs.replace(
        started.spec.range, end_lr=extended.end_lr, num_iter=extended.num_iter
    )
    spec = msgspec.structs.replace(started.spec, range=test)
    return msgspec.structs.replace(started, spec=spec, total_steps=extended.total_steps)


def _failure(end: Ended) -> Failure | UnsetType:
    if end.status != "failed":
        return UNSET
    return Failure(phase=end.phase, where=end.where, output=end.output, advice=end.advice)


def _unfinished(started: Started, steps: Sequence[Step]) -> RunRecord:
    """The record of a run that was cut off after these steps."""
    histories = []
    for _, repeat in groupby(steps, attrgetter("repeat")):
        histories.append(history_of(list(repeat)))
    first, seconds = History(), 0.0
    if steps:
        first, seconds = histories[0], steps[-1].seconds
    return RunRecord(
        id=started.id,
        created=started.created,
        lrtui=started.lrtui,
        torch=started.torch,
        device=started.device,
        parameters=started.parameters or UNSET,
        digest=started.digest,
        log=started.log,
        momentum=started.momentum,
        spec=msgspec.to_builtins(started.spec),
        plan=started.plan,
        reason="the run was cut off before it could end",
        seconds=seconds,
        history=first,
        repeats=histories if len(histories) > 1 else [],
    )


def history_of(steps: Sequence[Step]) -> History:
    """The curve of one repeat, without the steps that a GradScaler skipped."""
    points = [step for step in steps if not step.skipped]
    nonfinite = []
    for index, step in enumerate(points):
        if step.nonfinite is not None:
            nonfinite.append(NonFinitePlace("loss", index, step.nonfinite))
            nonfinite.append(NonFinitePlace("raw_loss", index, step.nonfinite))
    group_lrs = [list(step.group_lrs) for step in points]
    return History(
        lr=[step.lr for step in points],
        loss=[step.loss for step in points],
        raw_loss=[step.raw_loss for step in points],
        train_loss=_measured_or_empty([step.train_loss for step in points]),
        metric=_measured_or_empty([step.metric for step in points]),
        group_lrs=group_lrs if any(group_lrs) else [],
        nonfinite=nonfinite,
    )


def _measured_or_empty(values: list[float | None]) -> list[float | None]:
    """The values; an empty list if none was measured."""
    if all(value is None for value in values):
        return []
    return values


def to_json(record: RunRecord) -> bytes:
    """The record as RFC 8259 JSON, indented by two, with the unknown keys of its file."""
    document: JsonObject = msgspec.to_builtins(record)
    loaded = document.pop("unknown")
    document["measured"] = _in_their_places(document["measured"], loaded)
    merged = _with_unknown_keys(document, loaded)
    return json_document(merged).encode() + b"\n"


def from_json(text: bytes, name: str = "record") -> RunRecord:
    """Read a record, or a history in torch_lr_finder's format.

    Raises:
        RecordError: what is wrong and where, in one line that starts with `name`.
    """
    document = _parse(text, name)
    try:
        document = with_finite_numbers(document)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{name}: {error}") from None
    if "schema" not in document and {"lr", "loss"} <= document.keys():
        return _from_torch_lr_finder(document, name)
    schema = document.get("schema")
    if not isinstance(schema, str) or not schema.startswith("lrtui.run/"):
        raise RecordError(f"{name}: no run record: its schema is {schema!r}, expected '{SCHEMA}'")
    if schema != SCHEMA:
        raise RecordError(f"{name}: written by a newer lrtui ({schema}); this one reads {SCHEMA}")
    try:
        record = msgspec.convert(_without_unknown_results(document), RunRecord)
        for history in (record.history, *record.repeats):
            _check_lengths(history)
    except (msgspec.ValidationError, ValueError, OverflowError, RecursionError) as error:
        raise RecordError(f"{name}: {error}") from None
    return record


def with_finite_numbers(value: Any) -> Any:
    """A document with numbers that a float can hold: 1e999, which JSON allows, is the largest.

    It would be written as null, and null is no rate.

    Raises:
        ValueError: a whole number in it has more than 64 bits.
    """
    match value:
        case dict():
            return {name: with_finite_numbers(inner) for name, inner in value.items()}
        case list():
            return [inner if _fits(inner) else with_finite_numbers(inner) for inner in value]
        case float() if math.isnan(value):
            return None
        case float() if not _fits(value):
            return math.copysign(_LARGEST, value)
        case int() if value.bit_length() > 63:
            raise ValueError("a whole number in it has more than 64 bits")
        case _:
            return value


def _fits(value: object) -> bool:
    """Whether it is a finite float."""
    return isinstance(value, float) and -_LARGEST <= value <= _LARGEST


class _Known(RunRecord, frozen=True, kw_only=True):
    """A record of this version: without a default, a file that names no schema is none."""

    schema: str


_known_decoder: msgspec.json.Decoder[_Known] = msgspec.json.Decoder(_Known)


def from_json_without_unknown(text: bytes, name: str = "record") -> RunRecord:
    """Read a record as `from_json` does, five times as fast; it must not be saved again.

    It lacks the keys that only a newer version knows.
    """
    try:
        record = _known_decoder.decode(text)
        for history in (record.history, *record.repeats):
            _check_lengths(history)
    except (ValueError, RecursionError):
        return from_json(text, name)  # it says what is wrong, or reads what is unusual
    if record.schema != SCHEMA or len(text) > _MAX_BYTES:
        return from_json(text, name)
    return record


def _parse(text: bytes, name: str) -> JsonObject:
    """The JSON object in a file; RecordError if there is none."""
    if len(text) > _MAX_BYTES:
        raise RecordError(f"{name}: {len(text):,} bytes are too many for a run record")
    try:
        document = json.loads(text, parse_constant=float)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{name}: not JSON: {error}") from None
    if not isinstance(document, dict):
        raise RecordError(f"{name}: expected a JSON object, got {type(document).__name__}")
    return document


def _without_unknown_results(document: JsonObject) -> JsonObject:
    """The document without results that only a newer version knows, and itself as `unknown`."""
    results = document.get("measured")
    if not isinstance(results, list):
        return {**document, "unknown": document}
    unknown = _unknown_results(document)
    known = [result for result in results if result not in unknown]
    return {**document, "measured": known, "unknown": document}


def _in_their_places(known: list[JsonObject], loaded: JsonObject) -> list[JsonObject]:
    """The known results, with the unknown ones of a file where they stand in it; new ones last."""
    unknown = _unknown_results(loaded)
    left = list(known)
    merged = []
    for result in loaded.get("measured", []):
        if result in unknown:
            merged.append(result)
        elif left:
            merged.append(left.pop(0))
    return merged + left


def _unknown_results(document: JsonObject) -> list[JsonObject]:
    """The entries of `measured` whose name this version does not know."""
    unknown = []
    for result in document.get("measured", []):
        if isinstance(result, dict) and result.get("name") not in _RESULT_NAMES:
            unknown.append(result)
    return unknown


class _ForeignHistory(msgspec.Struct):
    """torch_lr_finder's history; its losses are the smoothed ones."""

    lr: list[float]
    loss: list[float | None]


def _from_torch_lr_finder(document: JsonObject, name: str) -> RunRecord:
    """The record of a history in torch_lr_finder's format: `{"lr": [...], "loss": [...]}`."""
    try:
        foreign = msgspec.convert(document, _ForeignHistory)
    except msgspec.ValidationError as error:
        raise RecordError(f"{name}: {error}") from None
    if len(foreign.lr) != len(foreign.loss):
        raise RecordError(
            f"{name}: {len(foreign.lr)} learning rates but {len(foreign.loss)} losses"
        )
    losses: list[float | None] = []
    nonfinite = []
    for index, loss in enumerate(foreign.loss):
        kind = "nan" if loss is None else nonfinite_kind(loss)
        losses.append(loss if kind is None else None)
        if kind is not None:
            nonfinite.append(NonFinitePlace("loss", index, kind))
    return RunRecord(
        id=new_id(),
        created=now(),
        status="completed",
        reason="a history of torch_lr_finder",
        history=History(lr=foreign.lr, loss=losses, nonfinite=nonfinite),
    )


def _check_lengths(history: History) -> None:
    """Raise ValueError unless each list is empty or has one entry for each rate."""
    for name in ("loss", "raw_loss", "train_loss", "metric", "group_lrs"):
        count = len(getattr(history, name))
        if count not in (0, len(history.lr)):
            raise ValueError(
                f"history.{name} has {count} entries for {len(history.lr)} learning rates"
            )


def _with_unknown_keys(new: object, loaded: object) -> object:
    """`new`, with the keys that only `loaded` has; lists of equal length are merged by index."""
    if isinstance(loaded, dict) and isinstance(new, dict):
        merged = {}
        for key, value in new.items():
            merged[key] = _with_unknown_keys(value, loaded.get(key))
        for key, value in loaded.items():
            merged.setdefault(key, value)
        return merged
    if not isinstance(loaded, list) or not isinstance(new, list) or len(loaded) != len(new):
        return new
    if not any(isinstance(entry, dict) for entry in new):
        return new  # numbers, of which there may be many, have no keys
    return [_with_unknown_keys(*entries) for entries in zip(new, loaded, strict=True)]
