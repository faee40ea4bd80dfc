"""What front end and relay say to each other beside the protocol of workers: JSON lines as well."""

import msgspec

from lrtui.catalog.shipping import Bundle
from lrtui.events import json_line
from lrtui.protocol import Command, Message, Run, decode_message, encode


class Begin(msgspec.Struct, frozen=True, kw_only=True, tag="begin", tag_field="command"):
    """Run a spec with these files of the user's.

    Attributes:
        run: with the targets as they are called here.
        agreed_files: SHA-256 of the files that a person has agreed to.
        calls_agreed: the same for all else that the spec names.
    """

    run: Run
    bundle: Bundle
    agreed_files: tuple[str, ...] = ()
    calls_agreed: bool = False


class EndWithin(msgspec.Struct, frozen=True, tag="end_within", tag_field="command"):
    """End the worker by force if it lives that many seconds more; None cancels this."""

    seconds: float | None


class Kill(msgspec.Struct, frozen=True, tag="kill", tag_field="command"):
    """End the worker now."""


class Hello(msgspec.Struct, frozen=True, tag="hello", tag_field="event"):
    """The relay is there."""

    version: str


class Printed(msgspec.Struct, frozen=True, tag="printed", tag_field="event"):
    """What the user's code has printed."""

    text: str


class Exited(msgspec.Struct, frozen=True, tag="exited", tag_field="event"):
    """The worker has ended; nothing follows."""

    reason: str


ToRelay = Command | Begin | EndWithin | Kill
FromRelay = Hello | Printed | Exited

_to_relay: msgspec.json.Decoder[ToRelay] = msgspec.json.Decoder(ToRelay)
_from_relay: msgspec.json.Decoder[FromRelay] = msgspec.json.Decoder(FromRelay)


def to_line(said: ToRelay | FromRelay | Message) -> bytes:
    """One line of JSON, newline included."""
    if isinstance(said, Begin | EndWithin | Kill | Hello | Printed | Exited):
        return json_line(said)
    return encode(said)


def decode_to_relay(line: bytes) -> ToRelay:
    """What a front end has said; msgspec.DecodeError or UnicodeDecodeError for anything else."""
    return _to_relay.decode(line)


def decode_from_relay(line: bytes) -> FromRelay | Message:
    """What a relay has said; msgspec.DecodeError or UnicodeDecodeError for anything else."""
    try:
        return _from_relay.decode(line)
    except msgspec.ValidationError:
        return decode_message(line)
