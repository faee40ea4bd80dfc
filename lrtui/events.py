"""What a run tells, as it happens. The chart, the progress line, the journal and a viewer all consume these."""

import math
from typing import Any, Literal

import msgspec

from lrtui.analysis.answer import Bounds, Suggestion
from lrtui.spec import RunSpec

Status = Literal["completed", "diverged", "stopped", "interrupted", "failed"]
NonFinite = Literal["nan", "inf", "-inf"]


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started", tag_field="event"):
    """A run begins: what it was built into. `digest` is that of the initial model and optimizer state."""

    id: str
    created: str  # RFC 3339, UTC
    lrtui: str
    torch: str
    device: str
    spec: RunSpec
    parameters: int
    batch: str  # what a batch was taken for, in words
    loss: str  # the criterion's name
    digest: str
    total_steps: int  # over all repeats
    momentum: float | None = (
        None  # of the optimizer: beta1 of the Adam family, 0 for one without, None where unknown
    )
    log: str  # path of the log that holds tracebacks and the user's prints


class Step(msgspec.Struct, frozen=True, kw_only=True, tag="step", tag_field="event"):
    """One point of a curve: the loss that was measured at a learning rate.

    `raw_loss` is the loss as measured and `loss` the exponentially smoothed one (torch_lr_finder's history); either is
    None where it was not finite, and `nonfinite` then says which kind the raw one was. `train_loss` is given where the
    curve is a validation loss. `skipped`: a GradScaler skipped the optimizer's step, so this is no point of the curve.
    """

    iteration: int  # 0-based, within the repeat
    repeat: int = 0
    lr: float  # of parameter group 0
    group_lrs: tuple[float, ...] = ()  # of every group, where there are several
    raw_loss: float | None
    loss: float | None
    nonfinite: NonFinite | None = None
    train_loss: float | None = None
    metric: float | None = None
    skipped: bool = False
    seconds: float = 0.0  # since the run started

    @property
    def measured_loss(self) -> float:
        """The raw loss with nan and the infinities in their place."""
        return self.raw_loss if self.raw_loss is not None else float(self.nonfinite or "nan")


class Measured(msgspec.Struct, frozen=True, kw_only=True, tag="measured", tag_field="event"):
    """Something measured beside the curve: a confirmation's result, a stability limit, a throughput."""

    name: str
    values: dict[str, Any]


class Suggested(msgspec.Struct, frozen=True, kw_only=True, tag="suggestion", tag_field="event"):
    """The answer, with every published rule's beside it and the two boundaries as proposed."""

    suggestion: Suggestion
    suggestions: dict[str, float | None]
    bounds: Bounds | None = None


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag="notice", tag_field="event"):
    """A line for the person: what a run is doing, or something to know."""

    text: str
    level: Literal["info", "warning"] = "info"


class Restored(msgspec.Struct, frozen=True, kw_only=True, tag="restored", tag_field="event"):
    """Model and optimizer were put back; `exact` says that `digest` equals the one of the start."""

    digest: str
    exact: bool


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended", tag_field="event"):
    """A run is over: how, and why in words. `phase` names where a failed one failed."""

    status: Status
    reason: str
    seconds: float
    phase: str = ""
    record: str = ""  # path of the record that was written


Event = Started | Step | Measured | Suggested | Notice | Restored | Ended


def nonfinite_kind(value: float) -> NonFinite | None:
    """Which kind of not finite a number is, or None."""
    if math.isfinite(value):
        return None
    return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """One line of JSON, newline included."""
    return _encoder.encode(event) + b"\n"


def decode(line: bytes) -> Event:
    """The event of one line; raises msgspec.DecodeError for anything else."""
    return _decoder.decode(line)
