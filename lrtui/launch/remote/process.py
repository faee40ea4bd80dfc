"""RemoteProcess: a worker on another machine, which a front end holds as one of this machine's."""

import contextlib
import hashlib
import subprocess
import tempfile
import time

import msgspec

from lrtui.catalog.shipping import Bundle, ShippingError, bundle_of
from lrtui.catalog.trust import remembered, unagreed
from lrtui.events import Ended, Notice, Started
from lrtui.launch.process import OnExit, OnMessage, WorkerProcess
from lrtui.launch.remote.host import Host, last_line
from lrtui.launch.remote.wire import (
    Begin,
    EndWithin,
    Exited,
    Hello,
    Kill,
    Printed,
    decode_from_relay,
    to_line,
)
from lrtui.protocol import Command, Message, Run

_SLACK_SECONDS = 10.0  # the worker is ended there; a connection that does not answer is ended here


class RemoteProcess(WorkerProcess):
    """The ssh client of one relay. Losing it loses no run: that goes on there.

    Raises:
        OSError: ssh cannot be started.
    """

    is_elsewhere = True

    def __init__(self, host: Host, on_message: OnMessage, on_exit: OnExit) -> None:
        self._host = host
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._exit = ""  # how the worker ended, as the relay says
        self._is_there = False
        self._run: Run | None = None
        super().__init__(on_message, on_exit)

    def send(self, command: Command) -> None:
        """Send a command; with a run go the files that it names."""
        if not isinstance(command, Run):
            super().send(command)
            return
        self._run = command
        try:
            self._say(_begin(command))
        except ShippingError as error:
            self._on_message(Ended(status="failed", phase="sending", reason=str(error), seconds=0))

    def end_within(self, seconds: float | None) -> None:
        """Have it ended there; where the connection does not answer, that is ended here."""
        self._say(EndWithin(seconds))
        super().end_within(None if seconds is None else seconds + _SLACK_SECONDS)

    def kill(self) -> None:
        """End the worker and everything it started, now."""
        self._say(Kill())
        super().end_within(_SLACK_SECONDS)

    @property
    def lost(self) -> str:
        """How to go on with a run whose connection was lost; "" where it was not."""
        if self._exit or not self._is_there or not self.ended:
            return ""
        reason = f"the connection to {self._host.name} was lost"
        if self._run is None:
            return reason
        return f"{reason}; the run goes on there: {self._host.how_to_attach(self._run.id)}"

    def _started(self, messages: int, lifeline: int) -> subprocess.Popen[bytes]:
        return self._host.client(messages, self._errors.fileno())

    def _tell(self, word: bytes) -> None:
        """Nothing: the relay has the lifeline."""

    def _enforce_deadline(self) -> None:
        deadline = self._deadline
        if deadline is not None and time.monotonic() > deadline:
            self._process.kill()

    def _receive(self, line: bytes) -> None:
        try:
            said = decode_from_relay(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # cut off, or what a login shell prints
        if isinstance(said, Hello):
            self._is_there = True
        elif isinstance(said, Exited):
            self._exit = said.reason
        elif isinstance(said, Printed):
            self._keep(said.text)
        else:
            self._pass(said)

    def _pass(self, message: Message) -> None:
        """Pass a message on. The start of a run is followed by where it is, for its record."""
        if not isinstance(message, Started):
            self._on_message(message)
            return
        self._on_message(self._as_here(message))
        self._on_message(Notice(text=f"runs on {self._host.name}, through ssh"))

    def _as_here(self, started: Started) -> Started:
        """A start with what things are called here."""
        spec = started.spec if self._run is None else self._run.spec
        return msgspec.structs.replace(started, spec=spec, log=str(self.log))

    def _keep(self, text: str) -> None:
        with contextlib.suppress(OSError), self.log.open("ab") as log:
            log.write(text.encode(errors="replace"))

    def _reason(self) -> str:
        """How the worker ended; how ssh did, where it did not get there or was cut off."""
        if self._exit:
            return self._exit
        self._errors.seek(0)
        said = last_line(self._errors.read()) or f"exit code {self._process.returncode}"
        if self._is_there:
            return f"lost its connection to {self._host.name} ({said})"
        return f"cannot be started on {self._host.name}: {said}"

    def _say(self, said: Command | Begin | EndWithin | Kill) -> None:
        with self._sending, contextlib.suppress(BrokenPipeError, ValueError):
            self._stdin.write(to_line(said))
            self._stdin.flush()


def _begin(run: Run) -> Begin:
    """A run, with what goes with it.

    Raises:
        ShippingError: its files cannot be sent.
    """
    missing = unagreed(run.spec, {*run.agreed, *remembered()})
    files = {item.digest for item in missing if item.kind == "file"}
    bundle = bundle_of(run.spec)
    return Begin(
        run=run,
        bundle=bundle,
        agreed_files=tuple(_digests(bundle) - files),
        calls_agreed=all(item.kind == "file" for item in missing),
    )


def _digests(bundle: Bundle) -> set[str]:
    return {hashlib.sha256(content).hexdigest() for content in bundle.files.values()}
