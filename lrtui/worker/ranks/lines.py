"""What a worker and its ranks say to each other: lines on a Unix socket."""

import contextlib
import socket
import threading

import msgspec

from lrtui.events import Ended, Event
from lrtui.protocol import Command, Message, decode_message, encode


class Hello(msgspec.Struct, frozen=True, tag="hello", tag_field="rank_says"):
    """The first line of a rank."""

    rank: int
    pid: int


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed", tag_field="rank_says"):
    """A rank's run has failed. `by_others`: it only noticed that another one did not answer."""

    rank: int
    ended: Ended
    by_others: bool = False


class Kept(msgspec.Struct, frozen=True, tag="kept", tag_field="rank_says"):
    """An event of rank 0 for the record of its run; `is_last` writes that."""

    line: str
    is_last: bool = False


class Passed(msgspec.Struct, frozen=True, tag="passed", tag_field="rank_says"):
    """A message of rank 0 for the front end only."""

    line: str


Said = Hello | Failed | Kept | Passed
_decoder: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)


def decode(line: bytes) -> Said:
    """What a rank says in a line; raises msgspec.DecodeError."""
    return _decoder.decode(line)


def message_in(said: Kept | Passed) -> Message:
    """The message that a rank passes on."""
    return decode_message(said.line.encode())


class Line:
    """A rank's end of the socket."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._sending = threading.Lock()

    @property
    def descriptor(self) -> int:
        """Of the commands, for reading alone."""
        return self._socket.dup().detach()

    def say(self, said: Said) -> None:
        """Say one thing; nothing where the worker is gone."""
        data = msgspec.json.encode(said) + b"\n"
        with self._sending, contextlib.suppress(OSError):
            self._socket.sendall(data)

    def keep(self, event: Event, *, is_last: bool = False) -> None:
        """Have an event kept and passed on."""
        self.say(Kept(encode(event).decode(), is_last))

    def pass_on(self, message: Message) -> None:
        """Have a message passed on."""
        self.say(Passed(encode(message).decode()))

    def close(self) -> None:
        """Close it."""
        self._socket.close()


def command_line(command: Command) -> bytes:
    """A command as a line."""
    return encode(command)
