"""Relay: what the ranks say goes to the record and the front end, commands go to rank 0."""

import contextlib
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from lrtui.endings import unbuilt_start
from lrtui.events import Ended, Event, Started
from lrtui.output.log import LOG_VARIABLE
from lrtui.protocol import Command, Message, Run
from lrtui.ranks.placement import Placement
from lrtui.worker.ranks import lines
from lrtui.worker.ranks.blame import blamed
from lrtui.worker.ranks.lines import Failed, Hello, Kept, Passed, command_line
from lrtui.worker.recorder import Recorder

_GRACE_SECONDS = 3.0  # after the first failure the other ranks have so long to tell of theirs
_STACK_SECONDS = 0.3  # to write the stack of a rank that hangs to the log
_LINE = 1 << 16


class Relay:
    """Listens to the ranks of one run.

    Args:
        command: the run; every rank gets it.
        placement: of its processes.
        send: takes every message for the front end.
        recorder: keeps the run; None where rank 0 is on another machine.
    """

    def __init__(
        self,
        command: Run,
        placement: Placement,
        send: Callable[[Message], None],
        recorder: Recorder | None,
    ) -> None:
        self._command = command
        self._placement = placement
        self._send = send
        self._recorder = recorder
        self._began = time.monotonic()
        self._lock = threading.RLock()
        self._connections: dict[int, socket.socket] = {}
        self._pids: dict[int, int] = {}
        self._gone: set[int] = set()
        self._failures: dict[int, Failed] = {}
        self._started = False
        self.busy = True  # with the run, or a check of it
        self.failed = False  # its ranks are of no further use
        self._folder = tempfile.TemporaryDirectory(prefix="lrtui-")
        self.path = str(Path(self._folder.name) / "ranks")
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.path)
        self._listening.listen(placement.nproc)
        threading.Thread(target=self._accept, name="ranks", daemon=True).start()

    def tell(self, command: Command) -> bool:
        """Pass a command on to rank 0, for all ranks; False before it is here."""
        first = self._connections.get(0)
        if first is None:
            return False
        with contextlib.suppress(OSError):
            first.sendall(command_line(command))
        return True

    def tell_all(self, command: Command) -> None:
        """Pass a command on to every rank here."""
        for connection in list(self._connections.values()):
            with contextlib.suppress(OSError):
                connection.sendall(command_line(command))

    def end(self, ended: Ended) -> None:
        """End the run as failed, unless it has ended."""
        with self._lock:
            if not self.busy:
                return
            self.failed = True
            if self._recorder is None:
                self.busy = False
                self._send(ended)
                return
            if not self._started:
                log = os.environ.get(LOG_VARIABLE, "")
                self._recorder.emit(unbuilt_start(self._command, log=log))
            seconds = time.monotonic() - self._began
            self._recorder.finish(msgspec.structs.replace(ended, seconds=seconds))
            self.busy = False

    def end_by_failures(self) -> bool:
        """End the run by what the ranks have told of; False where that does not say why."""
        with self._lock:
            if all(failed.by_others for failed in self._failures.values()) and self._gone:
                return False
            if not self._failures:
                return False
            local = range(
                self._placement.first_rank, self._placement.first_rank + self._placement.nproc
            )
            timeout = self._command.spec.devices.timeout
            self.end(blamed(self._failures, local, self._placement.size, timeout))
            return True

    def kill(self) -> None:
        """End all ranks here, now."""
        for pid in self._pids.values():
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)

    def close(self) -> None:
        """Close the socket; ranks that still run end themselves."""
        self._listening.close()
        for connection in self._connections.values():
            connection.close()
        self._folder.cleanup()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection.makefile("rb", _LINE) as said:
            for line in said:
                self._take(lines.decode(line), connection)
        for rank, own in self._connections.items():
            if own is connection:
                self._gone.add(rank)

    def _take(self, said: lines.Said, connection: socket.socket) -> None:
        with self._lock:
            match said:
                case Hello():
                    self._connections[said.rank] = connection
                    self._pids[said.rank] = said.pid
                    connection.sendall(command_line(self._command))
                case Failed():
                    self._take_failure(said)
                case Passed():
                    self._send(lines.message_in(said))
                case Kept():
                    self._keep(lines.message_in(said), is_last=said.is_last)

    def _keep(self, message: Message, *, is_last: bool) -> None:
        assert isinstance(message, Event)
        if self._recorder is None or self.failed:
            return
        if isinstance(message, Started):
            self._started = True
        if is_last:
            self._recorder.finish(message)
            self.busy = False
        else:
            if not self.busy:  # a check, or a run that goes on
                self.busy = True
                self._recorder.reopen()
            self._recorder.emit(message)

    def _take_failure(self, failed: Failed) -> None:
        self._failures.setdefault(failed.rank, failed)
        if len(self._failures) == 1:
            threading.Thread(target=self._settle, name="failures", daemon=True).start()

    def _settle(self) -> None:
        """Wait until the other ranks have told of their failures as well, then end all."""
        end = time.monotonic() + _GRACE_SECONDS
        while len(self._failures) < self._placement.nproc and time.monotonic() < end:
            time.sleep(0.02)
        silent = set(self._pids).difference(self._failures)
        if self._gone & silent:
            return  # torchrun ends the others, and says how it has died
        if silent and all(failed.by_others for failed in self._failures.values()):
            for rank in silent:
                with contextlib.suppress(OSError):
                    os.kill(self._pids[rank], signal.SIGUSR1)
            time.sleep(_STACK_SECONDS)
        self.end_by_failures()
        self.kill()
