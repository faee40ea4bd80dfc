"""The protocol between a front end and a worker: one JSON object a line.

Commands go to the worker. Messages come back: the events of a run (`lrtui.events`), and the answers
to a form's questions. Plain data, without torch: both sides import it.
"""

import msgspec

from lrtui.analysis.answer import Schedule
from lrtui.catalog.availability import Availability
from lrtui.catalog.infer import Facts
from lrtui.catalog.offers import Offer, Role
from lrtui.catalog.trust import Item
from lrtui.events import Event, Line, Measured, MeasuredLine, from_line, in_utf8, json_line, to_line
from lrtui.spec import Choice, LoaderSpec, RunSpec


class Run(msgspec.Struct, frozen=True, tag="run", tag_field="command"):
    """Build the spec and run the range test; `id` becomes the run's.

    A worker that has built the spec before restores its objects instead. `agreed` is what a person
    has agreed to for this run, beside what is remembered.
    """

    spec: RunSpec
    id: str
    agreed: tuple[str, ...] = ()


class Confirm(msgspec.Struct, frozen=True, kw_only=True, tag="confirm", tag_field="command"):
    """Race the answer of the last run (or `lr`) on its live objects.

    A `TrialResult` follows for each short training, then one `ConfirmationResult`.
    """

    lr: float | None = None
    iterations: int | None = None  # of all trials together
    seconds: float | None = None
    schedule: Schedule = "constant"
    steps: int = 0  # of the planned training; 0: not said
    warmup: int = 0  # of these steps


class Extend(msgspec.Struct, frozen=True, kw_only=True, tag="extend", tag_field="command"):
    """Raise the end of the range, of the run in progress or of the last one; see `Extended`.

    `idle` says that the front end knows of no run in progress.
    """

    end_lr: float
    idle: bool = False


class Stability(msgspec.Struct, frozen=True, tag="stability", tag_field="command"):
    """Measure the stability limit on the last run's live objects; a `StabilityResult` follows."""


class Stop(msgspec.Struct, frozen=True, tag="stop", tag_field="command"):
    """End the run or the check after the step in progress.

    `cause` says who or what ended it; "" for the user.
    """

    cause: str = ""


class Detach(msgspec.Struct, frozen=True, tag="detach", tag_field="command"):
    """The front end leaves: finish what is in progress, then quit."""


class Reset(msgspec.Struct, frozen=True, tag="reset", tag_field="command"):
    """Stop a run in progress, then restore model and optimizer; a `Restored` follows."""


class Describe(msgspec.Struct, frozen=True, tag="describe", tag_field="command"):
    """Ask what a module such as `torch.optim` offers for a role."""

    role: Role
    where: str


class Look(msgspec.Struct, frozen=True, tag="look", tag_field="command"):
    """Ask for the facts of the first batch, as a model's parameters need them. Runs user code.

    `model` is the target of the model that the batch is for, "" where it must not be imported;
    `batch` is what the user says that each item is.
    """

    data: Choice
    loader: LoaderSpec
    model: str = ""
    batch: str = ""


class Check(msgspec.Struct, frozen=True, tag="check", tag_field="command"):
    """Ask whether the data is on this machine. It runs no user code."""

    data: Choice


class Fetch(msgspec.Struct, frozen=True, tag="fetch", tag_field="command"):
    """Download the data: `Fetching` messages follow, then one `Fetched`."""

    data: Choice


class Quit(msgspec.Struct, frozen=True, tag="quit", tag_field="command"):
    """End the worker process."""


Question = Describe | Look | Check | Fetch
Command = Run | Extend | Confirm | Stability | Stop | Detach | Reset | Question | Quit


class Ready(msgspec.Struct, frozen=True, tag="ready", tag_field="event"):
    """The worker has imported torch and waits for commands."""

    torch: str
    devices: tuple[str, ...]


class Refused(msgspec.Struct, frozen=True, tag="refused", tag_field="event"):
    """The worker did not run this: nobody has agreed to it."""

    item: Item


class Described(msgspec.Struct, frozen=True, tag="described", tag_field="event"):
    """The answer to `Describe`: what the module offers, or the `problem` with listing it."""

    role: Role
    where: str
    offers: tuple[Offer, ...] = ()
    problem: str = ""


class Looked(msgspec.Struct, frozen=True, kw_only=True, tag="looked", tag_field="event"):
    """The answer to `Look`: the facts and what the batch is taken for, or the `problem` with it."""

    data: Choice
    loader: LoaderSpec
    model: str = ""
    batch: str = ""
    facts: Facts | None = None
    words: str = ""
    problem: str = ""


class Checked(msgspec.Struct, frozen=True, kw_only=True, tag="checked", tag_field="event"):
    """The answer to `Check`; `problem` says why the data's state is unknown."""

    data: Choice
    availability: Availability | None = None
    problem: str = ""


class Fetching(msgspec.Struct, frozen=True, kw_only=True, tag="fetching", tag_field="event"):
    """Progress of a download: bytes of the file `name` so far, of `total` (0: unknown)."""

    data: Choice
    name: str
    done: int
    total: int


class Fetched(msgspec.Struct, frozen=True, kw_only=True, tag="fetched", tag_field="event"):
    """The download has ended; `problem` says why it failed."""

    data: Choice
    problem: str = ""


Answer = Described | Looked | Checked | Fetching | Fetched
Message = Ready | Refused | Answer | Event

_command_decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command)
_message_decoder: msgspec.json.Decoder[Ready | Refused | Answer | Line] = msgspec.json.Decoder(
    Ready | Refused | Answer | Line
)


def encode(message: Message | Command) -> bytes:
    """One line of JSON, newline included."""
    if isinstance(message, Measured):
        return json_line(to_line(message))
    return json_line(message)


def decode_command(line: bytes) -> Command:
    """The command of one line; raises msgspec.DecodeError, or UnicodeDecodeError, for others."""
    return _command_decoder.decode(line)


def decode_message(line: bytes) -> Message:
    """The message of one line; raises msgspec.DecodeError, or UnicodeDecodeError, for others."""
    message = _message_decoder.decode(line)
    if isinstance(message, MeasuredLine):
        return from_line(message)
    return message


def key(data: Choice, loader: LoaderSpec | None = None, model: str = "", batch: str = "") -> str:
    """The key that an answer is kept under: equal for equal questions."""
    parts = in_utf8(msgspec.to_builtins([data, loader, model, batch]))
    return msgspec.json.encode(parts, order="sorted").decode()


def look_of(answer: Looked) -> Look:
    """The question that was answered."""
    return Look(answer.data, answer.loader, answer.model, answer.batch)


def look_key(look: Look | Looked) -> str:
    """The key of a look, or of its answer."""
    return key(look.data, look.loader, look.model, look.batch)


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device, and for each precision why it does not work there; "" where it does."""

    device: str
    name: str
    precisions: dict[str, str] = {}


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine has for a range test.

    A version is "" where the package is missing. `fused` says why apex's fused optimizers do not
    work; "" where they do.
    """

    torch: str
    cuda: str = ""
    torchvision: str = ""
    timm: str = ""
    devices: tuple[Device, ...] = ()
    fused: str = ""
