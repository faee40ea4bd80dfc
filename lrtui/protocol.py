"""What a front end and a worker say to each other: one JSON object a line.

Commands go to the worker, messages come back: the events of a run (`lrtui.events`), and the answers to a form's
questions. Plain data, without torch: both sides import it.
"""

import msgspec

from lrtui.analysis.answer import Schedule
from lrtui.catalog.availability import Availability
from lrtui.catalog.infer import Facts
from lrtui.catalog.offers import Offer, Role
from lrtui.events import Event, Line, Measured, MeasuredLine, from_line, to_line
from lrtui.spec import Choice, LoaderSpec, RunSpec


class Run(msgspec.Struct, frozen=True, tag="run", tag_field="command"):
    """Build the spec and run the range test; on a worker that has run it before, from the restored objects."""

    spec: RunSpec
    id: str


class Confirm(msgspec.Struct, frozen=True, kw_only=True, tag="confirm", tag_field="command"):
    """Confirm the answer of the last run (or `lr`) on its live objects: `trial`s, at last a `confirmation`."""

    lr: float | None = None
    iterations: int | None = None  # in all trials together
    seconds: float | None = None
    schedule: Schedule = "constant"


class Stability(msgspec.Struct, frozen=True, tag="stability", tag_field="command"):
    """Measure the stability limit on the live objects of the last run; a `stability` follows."""


class Stop(msgspec.Struct, frozen=True, tag="stop", tag_field="command"):
    """End the run, or what is measured after it, after the step in progress."""


class Reset(msgspec.Struct, frozen=True, tag="reset", tag_field="command"):
    """Put model and optimizer back and say so with a `Restored`; stops a run in progress first."""


class Describe(msgspec.Struct, frozen=True, tag="describe", tag_field="command"):
    """Ask what `where` offers (a module such as `torch.optim`; role: model, data, optimizer, loss, metric)."""

    role: Role
    where: str


class Look(msgspec.Struct, frozen=True, tag="look", tag_field="command"):
    """Ask what the first batch tells about a model's parameters. It runs the data's code."""

    data: Choice
    loader: LoaderSpec


class Check(msgspec.Struct, frozen=True, tag="check", tag_field="command"):
    """Ask whether the data is there. It runs no code of a user's."""

    data: Choice


class Fetch(msgspec.Struct, frozen=True, tag="fetch", tag_field="command"):
    """Download the data: `Fetching`s, at last a `Fetched`."""

    data: Choice


class Quit(msgspec.Struct, frozen=True, tag="quit", tag_field="command"):
    """Leave."""


Question = Describe | Look | Check | Fetch
Command = Run | Confirm | Stability | Stop | Reset | Question | Quit


class Ready(msgspec.Struct, frozen=True, tag="ready", tag_field="event"):
    """torch is imported and the worker waits for commands."""

    torch: str
    devices: tuple[str, ...]


class Described(msgspec.Struct, frozen=True, tag="described", tag_field="event"):
    """The answer to `Describe`: what is offered, or why it cannot be told."""

    role: Role
    where: str
    offers: tuple[Offer, ...] = ()
    problem: str = ""


class Looked(msgspec.Struct, frozen=True, kw_only=True, tag="looked", tag_field="event"):
    """The answer to `Look`: facts and the batch in words, or why there are none."""

    data: Choice
    loader: LoaderSpec
    facts: Facts | None = None
    words: str = ""
    problem: str = ""


class Checked(msgspec.Struct, frozen=True, kw_only=True, tag="checked", tag_field="event"):
    """The answer to `Check`; `problem` where it cannot be told."""

    data: Choice
    availability: Availability | None = None
    problem: str = ""


class Fetching(msgspec.Struct, frozen=True, kw_only=True, tag="fetching", tag_field="event"):
    """So many bytes of a file of the download are here, of so many (0: unknown)."""

    data: Choice
    name: str
    done: int
    total: int


class Fetched(msgspec.Struct, frozen=True, kw_only=True, tag="fetched", tag_field="event"):
    """The download has ended; `problem` says why without the data."""

    data: Choice
    problem: str = ""


Answer = Described | Looked | Checked | Fetching | Fetched
Message = Ready | Answer | Event

_encoder = msgspec.json.Encoder()
_command_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_message_decoder: msgspec.json.Decoder[Ready | Answer | Line] = msgspec.json.Decoder(
    Ready | Answer | Line
)


def encode(message: Message | Command) -> bytes:
    """One line of JSON, newline included."""
    return _encoder.encode(to_line(message) if isinstance(message, Measured) else message) + b"\n"


def decode_command(line: bytes) -> Command:
    """The command of one line; raises msgspec.DecodeError for anything else."""
    return _command_decoder.decode(line)


def decode_message(line: bytes) -> Message:
    """The message of one line; raises msgspec.DecodeError for anything else."""
    message = _message_decoder.decode(line)
    return from_line(message) if isinstance(message, MeasuredLine) else message


def key(data: Choice, loader: LoaderSpec | None = None) -> str:
    """What an answer is kept under: the same for the same question."""
    return msgspec.json.encode([data, loader], order="sorted").decode()


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device, and for each precision why it does not work there: "" where it does."""

    device: str
    name: str
    precisions: dict[str, str] = {}


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Versions are "" where there is none; `fused` is why apex's fused optimizers do not work, "" where they do."""

    torch: str
    cuda: str = ""
    torchvision: str = ""
    timm: str = ""
    devices: tuple[Device, ...] = ()
    fused: str = ""
