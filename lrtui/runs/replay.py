"""A record as events: the inverse of `lrtui.record.from_events`, for a screen that draws events."""

from collections.abc import Iterator, Sequence

import msgspec

from lrtui.events import Ended, Event, Measured, NonFinite, Notice, Started, Step, Suggested
from lrtui.record import Failure, History, RecordError, RunRecord
from lrtui.runs.curves import answer_of
from lrtui.spec import RangeSpec, RunSpec, SpecError

_KINDS: dict[str, NonFinite] = {"nan": "nan", "inf": "inf", "-inf": "-inf"}


def events_of(record: RunRecord) -> list[Event]:
    """The events whose fold is the record. Times of steps are even: a record has none.

    The answer of a record without one, such as torch_lr_finder's history, is computed.

    Raises:
        RecordError: its spec cannot be read: a newer version wrote it.
    """
    histories = record.repeats or [record.history]
    count = sum(len(history.lr) for history in histories)
    events: list[Event] = [_started(record, histories)]
    pace = record.seconds / max(1, count)
    for repeat, history in enumerate(histories):
        events += _steps(history, repeat, pace, len(events) - 1)
    events += _notices(record)
    suggested = _suggested(record)
    if suggested is not None:
        events.append(suggested)
    events += [Measured(result) for result in record.measured]
    events.append(_ended(record))
    return events


def _ended(record: RunRecord) -> Ended:
    failure = record.failure if isinstance(record.failure, Failure) else Failure()
    return Ended(
        status=record.status,
        reason=record.reason,
        seconds=record.seconds,
        phase=failure.phase,
        where=failure.where,
        output=failure.output,
        advice=failure.advice,
    )


def spec_of(record: RunRecord) -> RunSpec:
    """The record's spec; for one without a spec a default one with the range of its curve.

    Raises:
        RecordError: the spec cannot be read: a newer version wrote it.
    """
    try:
        spec = record.run_spec()
    except (msgspec.ValidationError, SpecError) as error:
        raise RecordError(f"{record.id}: its spec is of another version: {error}") from None
    if record.spec or not record.history.lr:
        return spec
    rates = record.history.lr
    ramp = RangeSpec(start_lr=min(rates), end_lr=max(rates), num_iter=len(rates))
    return msgspec.structs.replace(spec, range=ramp)


def _started(record: RunRecord, histories: Sequence[History]) -> Started:
    spec = spec_of(record)
    planned = spec.range.num_iter * spec.range.repeats
    return Started(
        id=record.id,
        created=record.created,
        lrtui=record.lrtui,
        torch=record.torch,
        device=record.device,
        spec=spec,
        parameters=record.parameters or 0,
        batch="",
        loss="",
        digest=record.digest,
        total_steps=max(planned, sum(len(history.lr) for history in histories)),
        momentum=record.momentum,
        plan=record.plan,
        log=record.log,
    )


def _steps(history: History, repeat: int, pace: float, before: int) -> Iterator[Step]:
    kinds = {place.index: place.kind for place in history.nonfinite}
    raw_losses = history.raw_loss or history.loss
    losses = history.loss or raw_losses
    for index, lr in enumerate(history.lr):
        yield Step(
            iteration=index,
            repeat=repeat,
            lr=lr,
            group_lrs=tuple(history.group_lrs[index]) if history.group_lrs else (),
            raw_loss=raw_losses[index],
            loss=losses[index],
            nonfinite=_KINDS.get(kinds.get(index, "")),
            train_loss=history.train_loss[index] if history.train_loss else None,
            metric=history.metric[index] if history.metric else None,
            seconds=pace * (before + index + 1),
        )


def _notices(record: RunRecord) -> Iterator[Notice]:
    """The notices, the last with the obstacle: a record does not say whose it was."""
    *texts, last = record.notices or [""]
    for text in texts:
        yield Notice(text=text)
    if record.obstacle:
        text = last or record.obstacle.reason
        yield Notice(text=text, level="warning", obstacle=record.obstacle)
    elif last:
        yield Notice(text=last)


def _suggested(record: RunRecord) -> Suggested | None:
    if record.suggestion is not None:
        return Suggested(
            suggestion=record.suggestion,
            by_schedule=record.by_schedule,
            suggestions=record.suggestions,
            bounds=record.bounds,
        )
    if record.status == "failed":
        return None
    return answer_of(record)
