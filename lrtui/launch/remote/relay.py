"""Relay: on the other machine, the front end of a worker, at the end of an ssh connection.

It holds the worker as any front end does: with a keeper, a log and a lifeline. Commands come on
stdin; messages, and what the worker prints, leave on stdout. When the connection is lost, the run
goes on without it.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import threading
from pathlib import Path
from typing import BinaryIO

import msgspec

from lrtui import __version__, paths
from lrtui.catalog.shipping import Bundle, placed, root_of
from lrtui.catalog.trust import unagreed
from lrtui.events import Ended
from lrtui.files import make_folder
from lrtui.launch.process import WorkerProcess
from lrtui.launch.remote.wire import (
    Begin,
    EndWithin,
    Exited,
    Hello,
    Kill,
    Printed,
    ToRelay,
    decode_to_relay,
    to_line,
)
from lrtui.protocol import Detach, Quit, Run
from lrtui.spec import RunSpec

_LOOK_SECONDS = 0.25
_MOST_PRINTED = 1 << 16  # bytes sent at one look; of more only the last
_BUNDLES_KEPT = 40


class Relay:
    """One worker, and the connection to its front end."""

    def __init__(self, commands: BinaryIO, messages: BinaryIO) -> None:
        self._commands = commands
        self._messages = messages
        self._writing = threading.Lock()
        self._over = threading.Event()
        self._reason = ""  # how the worker ended
        self._root = b""  # of copies of the user's files: their paths are told as they are there
        self._has_run = self._is_closing = False
        self._read = 0  # of the log

    def serve(self) -> None:
        """Relay until the worker has ended, or goes on by itself."""
        self._say(to_line(Hello(__version__)))
        try:
            self._process = WorkerProcess(lambda said: self._say(to_line(said)), self._ended)
        except OSError as error:
            self._say(to_line(Exited(f"cannot be started: {error.strerror}")))
            return
        threading.Thread(target=self._obey, name="commands", daemon=True).start()
        while not self._over.wait(_LOOK_SECONDS):
            self._send_printed()
        if self._reason:
            self._send_printed()
            self._say(to_line(Exited(self._reason)))

    def _obey(self) -> None:
        for line in self._commands:
            # one that cannot be read must not end the watch over the front end
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                self._carry_out(decode_to_relay(line))
        if not self._is_closing:
            self._leave()

    def _carry_out(self, said: ToRelay) -> None:
        match said:
            case Begin():
                self._begin(said)
            case EndWithin():
                self._process.end_within(said.seconds)
            case Kill():
                self._is_closing = True
                self._process.kill()
            case Quit():
                self._is_closing = True
                self._process.close()
            case Detach():
                self._leave()
            case _:
                self._process.send(said)

    def _leave(self) -> None:
        """Leave a run to its worker; a worker without one is ended."""
        self._is_closing = True
        if not self._has_run:
            self._process.kill()
            return
        self._process.detach()
        self._over.set()

    def _begin(self, begin: Begin) -> None:
        try:
            spec = self._placed(begin)
        except OSError as error:
            reason = f"the files cannot be written there: {error.strerror}"
            self._say(to_line(Ended(status="failed", phase="sending", reason=reason, seconds=0)))
            return
        self._has_run = True
        run = Run(spec=spec, id=begin.run.id, agreed=_agreed(begin, spec))
        self._process.send(run)

    def _placed(self, begin: Begin) -> RunSpec:
        folder = _folder_of(begin.bundle)
        root = root_of(begin.bundle, folder)
        self._root = os.fsencode(folder) if root == folder else b""
        return placed(begin.run.spec, begin.bundle, root)

    def _send_printed(self) -> None:
        """Send what is new in the log."""
        with contextlib.suppress(OSError), self._process.log.open("rb") as log:
            new = os.fstat(log.fileno()).st_size - self._read
            if new <= 0:
                return
            left_out = max(0, new - _MOST_PRINTED)
            log.seek(self._read + left_out)
            data = log.read(new - left_out)
            self._read += new
            if left_out:
                where = f"{self._process.log} on this machine"
                data = f"\n… {left_out:,} bytes are left out here: {where}\n".encode() + data
            self._say(to_line(Printed(data.decode(errors="replace"))))

    def _ended(self, reason: str) -> None:
        self._reason = reason
        self._over.set()

    def _say(self, line: bytes) -> None:
        """Write a line; where nobody reads any more, the end of the commands says so."""
        if self._root:
            line = line.replace(self._root, b"")
        with self._writing, contextlib.suppress(OSError, ValueError):
            self._messages.write(line)
            self._messages.flush()


def _agreed(begin: Begin, spec: RunSpec) -> tuple[str, ...]:
    """What was agreed to at the front end, as it is called here."""
    agreed = set(begin.run.agreed)
    for item in unagreed(spec, agreed):
        is_agreed = begin.calls_agreed
        if item.kind == "file":
            is_agreed = item.digest in begin.agreed_files
        if is_agreed:
            agreed.add(item.line)
    return tuple(agreed)


def _folder_of(bundle: Bundle) -> Path:
    """The folder of these very files; those used longest ago are removed."""
    sent = paths.sent()
    digest = hashlib.sha256(msgspec.json.encode(bundle.files, order="sorted")).hexdigest()
    folder = sent / digest[:32]
    make_folder(folder)
    os.utime(folder)
    folders = sorted(sent.iterdir(), key=lambda path: path.stat().st_mtime)
    for old in folders[:-_BUNDLES_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def serve(folder: str) -> None:
    """Serve stdin and stdout, which nothing else may print to; in a folder, if there is one."""
    with contextlib.suppress(OSError, ValueError):
        os.chdir(folder)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the end of stdin says it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if paths.unwritable():
        paths.keep_elsewhere()
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    Relay(os.fdopen(os.dup(0), "rb"), messages).serve()
