"""WorkerProcess: a training process with everything that it may do to us kept away from us.

It has a group of its own, so that it is ended with all its children; stdin is a pipe of commands; fds 1 and 2 go to
a log file; messages on a descriptor of their own. A thread reads them and notices when the process is gone, however
it went.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from lrtui import paths
from lrtui.protocol import Command, Message, Quit, decode_message, encode

_POLL_SECONDS = 0.1
_KILL_SECONDS = 2.0
_LOGS_KEPT = 40

Receive = Callable[[Message], None]


class WorkerProcess:
    """One worker. `on_message` and `on_exit` are called on the reading thread; the latter once, with how it went.

    Raises:
        OSError: the process cannot be started.
    """

    def __init__(self, on_message: Receive, on_exit: Callable[[str], None]) -> None:
        self._on_message = on_message
        self._on_exit = on_exit
        self.ended = False  # and told of
        self._owning = threading.Lock()
        self.log = _new_log()
        self._deadline: float | None = None
        self._sending = threading.Lock()
        read, write = os.pipe()
        try:
            with self.log.open("wb") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "lrtui.worker", str(write)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    pass_fds=(write,),
                    start_new_session=True,
                    env={**os.environ, "LRTUI_WORKER_LOG": str(self.log), "PYTHONUNBUFFERED": "1"},
                )
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(write)
        self._reader = threading.Thread(target=self._read, args=(read,), name="worker", daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """The process has not ended."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id, which is that of its group too."""
        return self._process.pid

    def hand_over(self, on_message: Receive, on_exit: Callable[[str], None]) -> bool:
        """Tell somebody else from now on; False if the end has been told of already."""
        with self._owning:
            if not self.ended:
                self._on_message, self._on_exit = on_message, on_exit
            return not self.ended

    def send(self, command: Command) -> None:
        """Give it a command. One that is gone is told of by `on_exit`, not here."""
        stdin = self._process.stdin
        assert stdin is not None
        with self._sending, contextlib.suppress(BrokenPipeError, ValueError):
            stdin.write(encode(command))
            stdin.flush()

    def end_within(self, seconds: float | None) -> None:
        """If it is still there after so many seconds, its group is ended, at last by force; None calls that off."""
        self._deadline = None if seconds is None else time.monotonic() + seconds

    def close(self) -> None:
        """Ask it to leave and close the pipe of commands; it has a moment, then it is ended. Does not wait."""
        self.send(Quit())
        with self._sending, contextlib.suppress(BrokenPipeError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        self.end_within(1.0)

    def join(self, timeout: float) -> None:
        """Wait until it is gone and everything it said has been passed on."""
        if threading.current_thread() is not self._reader:
            self._reader.join(timeout)

    def kill(self) -> None:
        """End it and everything it started, now."""
        self._signal(signal.SIGKILL)

    def _read(self, descriptor: int) -> None:
        rest = b""
        with contextlib.closing(os.fdopen(descriptor, "rb", buffering=0)) as pipe:
            open_ = True
            while open_:
                self._enforce_deadline()
                gone = self._process.poll() is not None
                ready, _, _ = select.select([pipe], [], [], 0 if gone else _POLL_SECONDS)
                if ready:
                    data = pipe.read(1 << 16)
                    open_ = bool(data)
                    *lines, rest = (rest + (data or b"")).split(b"\n")
                    for line in lines:
                        self._receive(line)
                elif gone:
                    open_ = False  # a child that it left behind may hold the pipe open for ever
        self._finish()

    def _receive(self, line: bytes) -> None:
        try:
            message = decode_message(line)
        except msgspec.DecodeError:
            return  # torn by a kill in mid-write
        self._on_message(message)

    def _finish(self) -> None:
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            try:
                self._process.wait(_KILL_SECONDS)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._process.wait()
        self._signal(signal.SIGKILL)  # whatever it left behind in its group
        assert self._process.stdin is not None
        with self._sending, contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        with self._owning:
            self.ended = True
            on_exit = self._on_exit
        on_exit(exit_words(self._process.returncode))

    def _enforce_deadline(self) -> None:
        if self._deadline is None or time.monotonic() < self._deadline:
            return
        late = time.monotonic() - self._deadline
        self._signal(signal.SIGTERM if late < _KILL_SECONDS else signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def exit_words(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hints = {
        "SIGKILL": " (out of memory, or killed from outside)",
        "SIGSEGV": " (a crash in compiled code)",
    }
    return f"was ended by {name}{hints.get(name, '')}"


def _new_log() -> Path:
    folder = paths.logs()
    old = sorted(folder.glob("worker-*.log"))
    for path in old[: max(0, len(old) - _LOGS_KEPT)]:
        with contextlib.suppress(OSError):
            path.unlink()
    stamp = time.strftime("%Y%m%d-%H%M%S")
    return folder / f"worker-{stamp}-{os.getpid()}-{time.monotonic_ns() % 10**6:06}.log"
