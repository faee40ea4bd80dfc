"""Watch: says when the data gives no batch for a while, and in which line it hangs.

It looks at the stack of the thread that trains, once a second and from another thread, so that the
training loop does nothing for it.
"""

import contextlib
import faulthandler
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import IO, Any, NamedTuple

from lrtui.build.first_batch import load_first_batch
from lrtui.catalog.places import frame_place, user_frames_in_dump
from lrtui.engine.data.batches import DataLoaderIter
from lrtui.engine.step import TrainStep
from lrtui.events import FailurePlace
from lrtui.report.failure import place as in_words

PATIENCE_SECONDS = 30.0
_LOOKS = 30  # in that time
_DUMP_SECONDS = 0.5  # a process has this long to write its stack
_LOADING = (TrainStep._next_batch.__code__, load_first_batch.__code__)
_CAUGHT = re.compile(r"^SigCgt:\s*([0-9a-f]+)$", re.MULTILINE)

Tell = Callable[[str], None]


class _Waiting(NamedTuple):
    """That a batch is waited for; equal as long as it is the same one."""

    frame: int
    batches: int


class Stacks:
    """Asks child processes for their stacks: a signal makes them write it, whatever they do.

    The handler is in C and inherited by a fork, so that a process answers that hangs.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._signal = _free_signal()
        if self._signal:
            faulthandler.register(self._signal, self._file, all_threads=False)

    def of(self, pid: int) -> list[FailurePlace]:
        """The user's frames of a process, innermost first; none where it does not answer."""
        if not self._signal or not _catches(pid, self._signal):
            return []
        before = os.fstat(self._file.fileno()).st_size
        os.kill(pid, self._signal)
        deadline = time.monotonic() + _DUMP_SECONDS
        dump = b""
        while time.monotonic() < deadline:
            time.sleep(_DUMP_SECONDS / 50)
            more = os.pread(self._file.fileno(), 1 << 16, before)
            if more and more == dump:
                break  # it has come to its end
            dump = more
        return user_frames_in_dump(dump.decode(errors="replace").splitlines())


class Watch:
    """Watches the thread that made it.

    Args:
        tell: gets the line for the user, on another thread.
        patience: seconds without a batch.
        stacks: of child processes.
    """

    def __init__(
        self, tell: Tell, patience: float = PATIENCE_SECONDS, stacks: Stacks | None = None
    ) -> None:
        self._tell = tell
        self._patience = patience
        self._stacks = stacks
        self._watched = threading.get_ident()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch for as long as the context is open."""
        over = threading.Event()
        thread = threading.Thread(target=self._look_until, args=(over,), name="watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _look_until(self, over: threading.Event) -> None:
        waiting: _Waiting | None = None
        since, told = 0.0, False
        while not over.wait(self._patience / _LOOKS):
            stack = _stack_of(self._watched)
            now = _waiting(stack)
            if now is None or now != waiting:
                waiting, since, told = now, time.monotonic(), False
            elif not told and time.monotonic() - since >= self._patience:
                told = True
                self._tell(self._words(stack))

    def _words(self, stack: list[FrameType]) -> str:
        """`no batch for 30 s: loading waits in data.py:12, in __getitem__: time.sleep(60)`."""
        nothing = f"no batch for {self._patience:g} s"
        where = _place(stack)
        if where is not None:
            return f"{nothing}: loading waits in {_with_source(where)}"
        processes = _processes(stack)
        if not processes:
            return f"{nothing}: the data loader waits, outside of your files"
        waits = f"{nothing}: the loader waits for its {len(processes)} worker processes"
        for pid in processes:
            frames = self._stacks.of(pid) if self._stacks is not None else []
            if frames:
                return f"{waits}; process {pid} is in {_with_source(frames[0])}"
        return f"{waits} ({', '.join(map(str, processes))})"


def _stack_of(thread: int) -> list[FrameType]:
    """The frames of a thread, innermost first."""
    frames = []
    frame = sys._current_frames().get(thread)
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames


def _waiting(stack: list[FrameType]) -> _Waiting | None:
    """The batch that is waited for; None where no batch is."""
    for frame in reversed(stack):
        owner = frame.f_locals.get("self") if frame.f_code.co_name.startswith("_") else None
        if isinstance(owner, TrainStep) and frame.f_code in _LOADING:
            return _Waiting(id(frame), owner.drawn)
        if isinstance(owner, DataLoaderIter):
            return _Waiting(id(frame), getattr(owner, "run_counter", 0))
        if frame.f_code in _LOADING:
            return _Waiting(id(frame), 0)
    return None


def _place(stack: list[FrameType]) -> FailurePlace | None:
    """The user's line inside the loading of a batch."""
    for frame in stack:
        if frame.f_code in _LOADING:
            return None
        where = frame_place(frame)
        if where is not None:
            return where
    return None


def _processes(stack: list[FrameType]) -> list[int]:
    """The worker processes of the loader that is waited for."""
    for frame in stack:
        workers: list[Any] = getattr(frame.f_locals.get("self"), "_workers", None) or []
        pids = [getattr(worker, "pid", None) for worker in workers]
        if pids:
            return [pid for pid in pids if isinstance(pid, int)]
    return []


def _with_source(where: FailurePlace) -> str:
    words = in_words(where)
    return f"{words}: {where.source}" if where.source else words


def _free_signal() -> int:
    """A signal that nobody uses; 0 where there is none."""
    number: int = getattr(signal, "SIGRTMIN", 0)
    return number + 7 if number else 0


def _catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal, which would end it otherwise."""
    try:
        caught = _CAUGHT.search(Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return False
    return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)
