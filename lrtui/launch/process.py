"""WorkerProcess: a training process, isolated from the front end.

The process that is started here is a keeper (`lrtui.keeper.keep`). Its child is the worker, and
it ends all that the worker started. Commands go to the worker's stdin, messages come back on a
separate file descriptor, and fds 1 and 2 go to a log file. A thread reads the messages and notices
when the process is gone, for whatever reason.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO

import msgspec

from lrtui import paths
from lrtui.events import Notice
from lrtui.files import open_log
from lrtui.keeper.lifeline import DETACH, END, KILL, Account, account
from lrtui.output.log import LOG_VARIABLE, Log
from lrtui.protocol import Command, Detach, Message, Quit, decode_message, encode

_POLL_SECONDS = 0.1
_KILL_SECONDS = 2.0
_KEEPER_SECONDS = 5.0  # a keeper that does not answer was stopped by a signal: it is killed
_QUIT_SECONDS = 1.0
_LOGS_KEPT = 40
LEFT_BEHIND = "could not end what the run has left behind:"
_HINTS = {
    "SIGKILL": " (out of memory, or killed from outside)",
    "SIGSEGV": " (a crash in compiled code)",
}

OnMessage = Callable[[Message], None]
OnExit = Callable[[str], None]
_AS_HERE: Mapping[str, str] = MappingProxyType({})


class WorkerProcess:
    """One worker, and its keeper. Both callbacks run on the reading thread.

    Args:
        on_message: gets every message.
        on_exit: gets the reason, once, when the process has ended.
        env: what differs from this process's environment.

    Attributes:
        is_elsewhere: it runs on another machine, and so its records are not kept here.

    Raises:
        OSError: the process cannot be started.
    """

    is_elsewhere = False

    def __init__(
        self, on_message: OnMessage, on_exit: OnExit, env: Mapping[str, str] = _AS_HERE
    ) -> None:
        self._on_message = on_message
        self._on_exit = on_exit
        self._env = env
        self.ended = False  # `on_exit` has been called, or is about to be
        self._owning = threading.Lock()
        self.log = _new_log()
        self.detached = False  # it goes on without this front end
        self.printed = Log(self.log)
        self._deadline: float | None = None
        self._last_word = b""
        self._sending = threading.Lock()
        read, write = os.pipe()
        self._lifeline, keepers_end = socket.socketpair()
        try:
            self._process = self._started(write, keepers_end.fileno())
        except BaseException:
            os.close(read)
            self._lifeline.close()
            raise
        finally:
            os.close(write)
            keepers_end.close()
        assert self._process.stdin is not None
        self._stdin: IO[bytes] = self._process.stdin
        self._reader = threading.Thread(target=self._read, args=(read,), name="worker", daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """The process has not ended."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of the keeper's process, which ends as the worker does."""
        return self._process.pid

    @property
    def lost(self) -> str:
        """Where its run goes on, once the way to the worker was lost; "" where it was not."""
        return ""

    def hand_over(self, on_message: OnMessage, on_exit: OnExit) -> bool:
        """Replace both callbacks; False if the process has ended already."""
        with self._owning:
            if self.ended:
                return False
            self._on_message, self._on_exit = on_message, on_exit
            return True

    def send(self, command: Command) -> None:
        """Send a command. Where the process is gone this does nothing: `on_exit` reports that."""
        with self._sending, contextlib.suppress(BrokenPipeError, ValueError):
            self._stdin.write(encode(command))
            self._stdin.flush()

    def end_within(self, seconds: float | None) -> None:
        """End all its processes by force if it lives that many seconds more; None cancels this."""
        if seconds is None:
            self._deadline = None
        else:
            self._deadline = time.monotonic() + seconds

    def close(self) -> None:
        """Ask it to quit, and end it by force if it does not. Does not wait."""
        if self.detached:
            return
        self.send(Quit())
        self._close_stdin()
        self.end_within(_QUIT_SECONDS)

    def detach(self) -> None:
        """Leave it to itself: it finishes what is in progress, and ends. There is no way back."""
        self.detached = True
        self.end_within(None)
        self.send(Detach())
        self._tell(DETACH)
        self._close_stdin()

    def join(self, timeout: float) -> None:
        """Wait until it is gone and its last message has been passed on; not if it was detached."""
        if threading.current_thread() is not self._reader and not self.detached:
            self._reader.join(timeout)

    def kill(self) -> None:
        """End it and everything it started, now."""
        self._deadline = time.monotonic() - _KILL_SECONDS
        self._tell(KILL)

    def _started(self, messages: int, lifeline: int) -> subprocess.Popen[bytes]:
        """The process. It writes messages to one descriptor, and its keeper has the other."""
        with open_log(self.log) as output:
            return subprocess.Popen(  # noqa: S603 # nosec B603 # our own module, no shell
                [sys.executable, "-P", "-m", "lrtui.worker", str(messages), str(lifeline)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                pass_fds=(messages, lifeline),
                start_new_session=True,
                env={
                    **os.environ,
                    **self._env,
                    LOG_VARIABLE: str(self.log),
                    "PYTHONUNBUFFERED": "1",
                },
            )

    def _reason(self) -> str:
        """How the process, which has ended, did so."""
        return exit_reason(self._process.returncode)

    def _read(self, descriptor: int) -> None:
        """Pass messages on to the end; then the process is gone, whatever became of a message."""
        try:
            self._pass_on(descriptor)
        finally:
            self._finish()

    def _pass_on(self, descriptor: int) -> None:
        """Pass messages on until the process has ended or has closed its side of the pipe."""
        incomplete = b""
        with contextlib.closing(os.fdopen(descriptor, "rb", buffering=0)) as pipe:
            while True:
                self._enforce_deadline()
                self.printed.look()
                gone = self._process.poll() is not None
                timeout = 0 if gone else _POLL_SECONDS
                ready, _, _ = select.select([pipe], [], [], timeout)
                if not ready and gone:
                    break  # a child that it left behind may hold the pipe open forever
                if not ready:
                    continue
                data = pipe.read(1 << 16)
                if not data:
                    break
                *lines, incomplete = (incomplete + data).split(b"\n")
                for line in lines:
                    self._receive(line)

    def _receive(self, line: bytes) -> None:
        try:
            message = decode_message(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # cut off in mid-write, or no message of ours
        self._on_message(message)

    def _finish(self) -> None:
        for word, seconds in ((END, _KILL_SECONDS), (KILL, _KEEPER_SECONDS)):
            if self.alive:
                self._tell(word)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(seconds)
        if self.alive:
            self._process.kill()
            self._process.wait()
        self._close_stdin()
        said = self._account()
        if not said.done and said.worker:
            _kill_group(said.worker)  # nobody else does, where the keeper was killed
        for text in said.left:
            self._on_message(Notice(text=f"{LEFT_BEHIND} {text}", level="warning"))
        with self._owning:
            self.ended = True
            on_exit = self._on_exit
        on_exit(self._reason())
        self.printed.close()

    def _close_stdin(self) -> None:
        with self._sending, contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    def _enforce_deadline(self) -> None:
        """Past the deadline: have the keeper end all, then kill all; at last kill the keeper."""
        deadline = self._deadline
        if deadline is None or time.monotonic() < deadline:
            return
        late = time.monotonic() - deadline
        if late < _KILL_SECONDS:
            self._tell(END)
        elif late < _KILL_SECONDS + _KEEPER_SECONDS:
            self._tell(KILL)
        else:
            self._process.kill()

    def _tell(self, word: bytes) -> None:
        """Say a word to the keeper, once."""
        if word == self._last_word:
            return
        self._last_word = word
        with contextlib.suppress(OSError):  # it has ended
            self._lifeline.send(word)

    def _account(self) -> Account:
        """What the keeper, which has ended, has said."""
        said = b""
        with self._lifeline, contextlib.suppress(OSError):
            self._lifeline.setblocking(False)  # a process may hold the other end by mistake
            while data := self._lifeline.recv(1 << 12):
                said += data
        return account(said)


def _kill_group(leader: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


def exit_reason(code: int) -> str:
    """How a process ended: "exited with code 1", "was ended by SIGKILL (…)"."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was ended by {name}{_HINTS.get(name, '')}"


def _new_log() -> Path:
    """The path of a new log; the oldest logs are deleted."""
    folder = paths.logs()
    logs = sorted(folder.glob("worker-*.log"))
    for path in logs[:-_LOGS_KEPT]:
        with contextlib.suppress(OSError):
            path.unlink()
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return folder / f"worker-{stamp}-{os.getpid()}-{time.monotonic_ns() % 10**6:06}.log"
