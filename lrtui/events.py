"""The events of a run: what everything that shows, records or follows a run is told.

The chart, the progress line of `lrtui run`, the journal and an attached viewer consume the same
events and know nothing of each other. A run is `Started`, then `Step`s, then `Suggested` and
`Ended`; it may be `Extended`, before or after its end. Then come `Measured` results of the checks
that the user asks for, and `Restored` after a reset. A `Notice` may come at any time, and so may
what is `Passing`.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from lrtui.analysis.answer import (
    ANY_PLAN,
    Bounds,
    ConfirmVerdict,
    Obstacle,
    Plan,
    Schedule,
    Suggestion,
    weightier,
)
from lrtui.spec import RunSpec

Status = Literal["completed", "diverged", "stopped", "interrupted", "failed"]
NonFinite = Literal["nan", "inf", "-inf"]
Check = Literal["confirmation", "stability"]  # what the user can measure beside the curve


class NonFinitePlace(msgspec.Struct, frozen=True):
    """The position of a null that stands for a number that is not finite, and its kind."""

    series: str
    index: int
    kind: str


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started", tag_field="event"):
    """A run begins: what was built from its spec."""

    id: str
    created: str  # RFC 3339, UTC
    lrtui: str
    torch: str
    device: str
    spec: RunSpec
    parameters: int
    batch: str  # how a batch was interpreted, in words
    loss: str  # the criterion's name
    digest: str  # of the initial model and optimizer state
    total_steps: int  # of all repeats
    # the optimizer's: beta1 of the Adam family, 0 without momentum, None if unknown
    momentum: float | None = None
    plan: Plan = ANY_PLAN  # that the answer is for; its epochs have become steps
    log: str  # path of the log that holds tracebacks and the user's prints
    samples_per_step: int = 0  # examples of one optimizer step; 0: the loader does not say


class Step(msgspec.Struct, frozen=True, kw_only=True, tag="step", tag_field="event"):
    """One point of a curve: the loss that was measured at a learning rate.

    `raw_loss` is the loss as measured and `loss` the exponentially smoothed one (torch_lr_finder's
    history). Both are None if they are not finite; `nonfinite` then says which kind the raw one is.
    `train_loss` is set if the curve is a validation loss. If `skipped`, a GradScaler skipped the
    optimizer's step, and the step is not a point of the curve.
    """

    iteration: int  # 0-based, within the repeat
    repeat: int = 0
    lr: float  # of parameter group 0
    group_lrs: tuple[float, ...] = ()  # of every group, if there are several
    raw_loss: float | None
    loss: float | None
    nonfinite: NonFinite | None = None
    train_loss: float | None = None
    metric: float | None = None
    skipped: bool = False
    seconds: float = 0.0  # since the run started

    @property
    def measured_loss(self) -> float:
        """The raw loss, with nan and the infinities."""
        return self.raw_loss if self.raw_loss is not None else float(self.nonfinite or "nan")


class TrialResult(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="trial", tag_field="name"
):
    """A finished short training of a race. `loss` is None for one that blew up."""

    lr: float
    what: str  # what this rate is to the raced one: "suggestion", "× 2.15", "÷ 4.64" …
    round: int
    seed: int
    iterations: int
    loss: float | None
    curve: list[float | None]  # training losses, thinned
    schedule: Schedule
    spent: int  # optimizer steps of all trials so far
    nonfinite: list[NonFinitePlace] = []


class ConfirmationResult(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag="confirmation",
    tag_field="name",
):
    """The end of a race: its verdict, or the `problem` that left it without one.

    See `lrtui.analysis.race_verdict.Race`. Without a problem `verdict`, `lr`, `better`, `reason`,
    `margin`, `error`, `iterations`, `schedule` and `judged_by` are set; records from before there
    was a race have none of the fields from `also` on, and margins in units of the loss.
    """

    verdict: ConfirmVerdict | None = None
    lr: float | None = None
    better: float | UnsetType | None = UNSET
    reason: str = ""
    margin: float | UnsetType | None = UNSET
    error: float | UnsetType | None = UNSET
    iterations: int | None = None
    schedule: Schedule | None = None
    judged_by: str = ""
    problem: str
    nonfinite: list[NonFinitePlace] = []
    also: float | None = None
    low: float | None = None
    high: float | None = None
    apart: float | None = None  # per cent
    more_steps: int = 0
    sure: bool = False
    steps: int = 0  # of the planned training; 0: not said

    @property
    def answer(self) -> float | None:
        """The rate to train at; None without a verdict, or where every rate blew up."""
        if self.better:
            return self.better
        if self.verdict in ("open", "undecided") and self.low is None:
            return None
        return self.lr


class StabilityResult(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="stability", tag_field="name"
):
    """The largest stable learning rate at the start of training, or the `problem` instead."""

    limit: float | UnsetType | None = UNSET
    eigenvalue: float | UnsetType | None = UNSET
    formula: str = ""
    problem: str
    nonfinite: list[NonFinitePlace] = []


class ViewResult(msgspec.Struct, frozen=True, kw_only=True, tag="view", tag_field="name"):
    """How the user changed the curves that the answer is computed from.

    `smooth_f` is None if the run's own smoothing is kept.
    """

    smooth_f: float | None
    skip_start: int
    skip_end: int
    without_repeats: list[int]


Result = TrialResult | ConfirmationResult | StabilityResult | ViewResult


class Measured(msgspec.Struct, frozen=True):
    """Something measured beside the curve.

    Written as `{"event": "measured", "name": …, "values": {…}}`.
    """

    result: Result


class Suggested(msgspec.Struct, frozen=True, kw_only=True, tag="suggestion", tag_field="event"):
    """The answer for the plan, our rate for each schedule, the published rules', and the bounds."""

    suggestion: Suggestion
    by_schedule: dict[Schedule, float | None] = {}
    suggestions: dict[str, float | None]
    bounds: Bounds | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag="notice", tag_field="event"):
    """A line for the user: what the run is doing, or something to know.

    With an `obstacle` it takes rates out of the answer, see `lrtui.analysis.analyse`.
    """

    text: str
    level: Literal["info", "warning"] = "info"
    obstacle: Obstacle | UnsetType = UNSET


class Racing(msgspec.Struct, frozen=True, kw_only=True, tag="racing", tag_field="event"):
    """How far a race is: a few times a second, and not kept in the journal.

    `of`, `total` and `budget` are 0 while the time of a step is not known yet. A race that is
    decided ends before its budget does.
    """

    lr: float  # of the trial that is being trained
    round: int
    seed: int
    done: int  # its iterations so far
    of: int  # that it is to have
    trials: int  # that are finished
    total: int  # trials that the budget allows at the most, the finished ones included
    spent: int  # optimizer steps so far
    budget: int  # optimizer steps of the whole race
    seconds_left: float | None = None  # until the budget is over, at the pace so far


class Machine(msgspec.Struct, frozen=True, kw_only=True, tag="machine", tag_field="event"):
    """What a run takes of the machine: once a second, and not kept in the journal.

    Of a GPU: its utilisation in per cent and its memory, all processes included. Of a CPU: that of
    the training process, where 100 is one core, and its resident memory. Memory is in bytes.
    """

    kind: Literal["gpu", "cpu"]
    name: str
    utilisation: float
    memory_used: int
    memory_total: int


class Saving(msgspec.Struct, frozen=True, kw_only=True, tag="saving", tag_field="event"):
    """Whether what was measured so far is on the disk, from now on; not kept in the journal.

    A run says so when its journal or its record cannot be written, and when they can be again.
    """

    problem: str = ""  # "": all of it is


class Extended(msgspec.Struct, frozen=True, kw_only=True, tag="extended", tag_field="event"):
    """The range of a run was extended, while it ran or after its end; or the `problem` with that.

    After the end of a run, its further steps follow, and another `Suggested` and `Ended`.
    """

    end_lr: float = 0.0  # the new one: a rate of the ramp at or above what was asked for
    num_iter: int = 0
    total_steps: int = 0
    problem: str = ""


class Restored(msgspec.Struct, frozen=True, kw_only=True, tag="restored", tag_field="event"):
    """Model and optimizer were restored; `exact` if `digest` equals that of the start."""

    digest: str
    exact: bool


class FailurePlace(msgspec.Struct, frozen=True, kw_only=True):
    """The last frame of a failed run in the user's own files."""

    file: str
    line: int
    function: str = ""  # "" at the top level of the file
    source: str = ""  # that line of the file; "" where it cannot be read


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended", tag_field="event"):
    """A run is over: how, and why in words.

    The rest is of a failed run: its phase, the place in the user's own code, the last lines that
    their code printed (at most `lrtui.output.LAST_LINES`), and what to change where that is not the
    code.
    """

    status: Status
    reason: str
    seconds: float
    phase: str = ""
    record: str = ""  # path of the record that was written
    where: FailurePlace | None = None
    output: list[str] = []
    advice: str | UnsetType = UNSET


Passing = Racing | Machine | Saving  # true for a moment, and part of no record
Event = Started | Step | Measured | Suggested | Notice | Passing | Extended | Restored | Ended


def nonfinite_kind(value: float) -> NonFinite | None:
    """The kind of a number that is not finite; None for a finite one."""
    if math.isfinite(value):
        return None
    if math.isnan(value):
        return "nan"
    if value > 0:
        return "inf"
    return "-inf"


def obstacle_among(events: Iterable[Event]) -> Obstacle | None:
    """The obstacle that decides among those of a run's notices; None where there is none."""
    decisive: Obstacle | None = None
    for event in events:
        if isinstance(event, Notice) and isinstance(event.obstacle, Obstacle):
            decisive = weightier(decisive, event.obstacle)
    return decisive


def ends_check(event: Event) -> bool:
    """Whether the event ends a race or a stability measurement."""
    return isinstance(event, Measured) and isinstance(
        event.result, ConfirmationResult | StabilityResult
    )


class MeasuredLine(msgspec.Struct, frozen=True, tag="measured", tag_field="event"):
    """The JSON of a `Measured`."""

    name: str
    values: dict[str, Any]


Line = Started | Step | MeasuredLine | Suggested | Notice | Passing | Extended | Restored | Ended

_NOT_ASCII = re.compile("[^\x00-\x7e]")  # JSON itself escapes the controls below
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def encode(event: Event) -> bytes:
    """One line of JSON, newline included."""
    return json_line(to_line(event))


def json_line(message: object) -> bytes:
    """One line of JSON, newline included. What is not UTF-8 is replaced: nobody raises over it."""
    try:
        return _encoder.encode(message) + b"\n"
    except UnicodeEncodeError:
        return _encoder.encode(in_utf8(msgspec.to_builtins(message))) + b"\n"


def json_document(document: object) -> str:
    """A document as JSON, indented by two, that no terminal obeys: it is printed as it is.

    Characters that are not printable, such as C1 controls and those that change the direction of
    text, are written as escapes.
    """
    text = msgspec.json.format(json_line(document), indent=2).decode()
    return _NOT_ASCII.sub(_escaped, text)


def in_utf8(value: Any) -> Any:
    """Plain data with a replacement character for every lone surrogate.

    Python has surrogates in names of files, and in texts, that are not UTF-8.
    """
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {in_utf8(key): in_utf8(inner) for key, inner in value.items()}
        case list() | tuple():
            return [in_utf8(inner) for inner in value]
        case _:
            return value


def _escaped(match: re.Match[str]) -> str:
    letter = match[0]
    return letter if letter.isprintable() else json.dumps(letter)[1:-1]


def decode(line: bytes) -> Event:
    """The event of one line; raises msgspec.DecodeError for anything that is not an event."""
    return from_line(_decoder.decode(line))


def to_line(event: Event) -> Line:
    """The event in the form in which it is written."""
    if not isinstance(event, Measured):
        return event
    values = msgspec.to_builtins(event.result)
    return MeasuredLine(name=values.pop("name"), values=values)


def from_line(line: Line) -> Event:
    """The inverse of `to_line`; raises msgspec.ValidationError for an invalid result."""
    if not isinstance(line, MeasuredLine):
        return line
    return Measured(msgspec.convert({"name": line.name, **line.values}, Result))
