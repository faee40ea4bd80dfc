"""Keeper: the parent of a worker, which ends what worker and front end leave behind.

It forks before anything else is imported, so it costs a few MB and no time. Code that holds the GIL
or hangs cannot keep it from its work. Standard library only.
"""

import contextlib
import os
import resource
import select
import signal
import time
from collections.abc import Collection
from pathlib import Path

from lrtui.keeper.control import ControlWatch
from lrtui.keeper.descendants import (
    become_subreaper,
    descendants,
    die_with_parent,
    leave_no_core,
    name_of,
    send,
)
from lrtui.keeper.lifeline import DETACH, END, KILL, last_lines, worker_line
from lrtui.keeper.pulse import PULSE, STOP, Hearing
from lrtui.output.log import LOG_VARIABLE, Log

# the front end is gone: the worker ends its run and keeps its steps
_GRACE_SECONDS = 5.0
# from SIGTERM to SIGKILL: of a worker, and of what a worker has left behind
_TERM_SECONDS, _REST_SECONDS = 2.0, 0.5
# until a process that was killed is given up
_KILL_SECONDS = 2.0
_AGAIN_SECONDS = 0.02
# between two looks at the log of a run that goes on alone
_LOOK_SECONDS = 0.25
# of a run that goes on alone: without anything measured it is taken to hang
_STILL_SECONDS = 3600.0

# A scheduler sends its warning to every process of a job: the front end gets it too, and ends the
# run with what it has.
_WARNINGS = (signal.SIGUSR1, signal.SIGUSR2)

# beside the words of a front end
_ENDED, _GONE, _LATE = b"ended", b"gone", b"late"


def keep(lifeline: int, messages: int) -> None:
    """Fork. The child returns, to become the worker; the parent keeps it and does not return."""
    for number in _WARNINGS:
        signal.signal(number, signal.SIG_IGN)
    keeps_orphans = become_subreaper()
    keeper = os.getpid()
    pulse, workers_end = _pipe()
    words, to_worker = os.pipe()  # the worker waits at its end
    os.set_blocking(to_worker, False)
    worker = os.fork()
    if worker == 0:
        for keepers in (lifeline, pulse, to_worker):
            os.close(keepers)
        PULSE.connect(workers_end, words)
        os.setsid()
        die_with_parent()
        if os.getppid() != keeper:
            os._exit(1)
        return
    try:
        os.close(workers_end)
        os.close(words)
        _leave_descriptors(messages)
        status = Keeper(worker, lifeline, pulse, to_worker, keeps_orphans=keeps_orphans).watch()
    except BaseException as error:  # noqa: BLE001 - without a keeper the worker must end
        _log(f"the keeper of the worker failed: {error!r}")
        os.kill(worker, signal.SIGKILL)
        status = signal.SIGKILL
    _exit_as(status)


class Keeper:
    """Watches one worker and the lifeline to its front end.

    Args:
        worker: its process id, and that of its group.
        lifeline: see `lrtui.keeper.lifeline`.
        pulse: see `lrtui.keeper.pulse`.
        to_worker: likewise.
        keeps_orphans: whatever the worker starts is a descendant of this process.
    """

    def __init__(
        self, worker: int, lifeline: int, pulse: int, to_worker: int, *, keeps_orphans: bool
    ) -> None:
        self._worker = worker
        self._lifeline = lifeline
        self._pulse = pulse
        self._to_worker = to_worker
        self._hearing = Hearing()
        self._control = ControlWatch()
        self._last_beat = time.monotonic()
        self._can_list = keeps_orphans and Path("/proc/self").exists()
        self._status: int | None = None  # of the worker, once it has ended
        self._has_children = True
        self._asked_to_end = False  # by a SIGTERM
        self._signalled: set[int] = set()
        self._poll = select.poll()
        self._woken = self._wake_on_signals()
        os.set_blocking(lifeline, False)
        self._poll.register(lifeline, select.POLLIN)
        self._poll.register(pulse, select.POLLIN)
        self._say(worker_line(worker))

    def watch(self) -> int:
        """The worker's status as `waitpid` gives it, when nothing that it started is left."""
        word = self._until_end()
        if word not in (_ENDED, KILL):
            self._signal_all(signal.SIGTERM)
            word = self._next_word(_TERM_SECONDS)
            if word == _GONE:
                word = self._next_word(_TERM_SECONDS)
        left = self._end_all(at_once=word == KILL)
        self._report(left)
        return signal.SIGKILL if self._status is None else self._status

    def _until_end(self) -> bytes:
        """Wait until the worker has ended, or has to be ended; the reason."""
        word = self._next_word()
        if word == _GONE:
            return self._next_word(_GRACE_SECONDS)
        if word == DETACH:
            word = self._next_word()
            if word == _GONE:
                return self._alone()
        return word

    def _alone(self) -> bytes:
        """The front end has left a run that goes on: keep its log small until the run has ended.

        A run that measures nothing for long hangs, and nobody is there to see that.
        """
        log = Log(os.environ.get(LOG_VARIABLE, os.devnull))
        self._last_beat = time.monotonic()
        while (word := self._next_word(_LOOK_SECONDS)) == _LATE:
            log.look(now=True)
            if time.monotonic() - self._last_beat > _STILL_SECONDS:
                _log(f"nothing measured for {_STILL_SECONDS / 60:.0f} minutes: the run is ended")
                word = END
                break
        log.close()
        return word

    def _next_word(self, seconds: float | None = None) -> bytes:
        """What the front end says or does, or that the worker has ended, or that time is up."""
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            self._reap()
            if self._status is not None:
                return _ENDED
            if self._asked_to_end:
                self._asked_to_end = False
                return END
            if self._is_to_end_by_force():
                return END
            ready = self._wait(end)
            if self._lifeline in ready:
                word = self._read_word()
                if word:
                    return word
            if end is not None and time.monotonic() >= end:
                return _LATE

    def _is_to_end_by_force(self) -> bool:
        """Pass on that another process stops the run; True where it goes on for long after that."""
        if self._control.look():
            with contextlib.suppress(OSError):
                os.write(self._to_worker, STOP)
        if not self._control.is_late:
            return False
        self._control.follow(b"")
        _log("the run was asked to stop and did not: it is ended")
        return True

    def _wait(self, end: float | None) -> set[int]:
        """Wait for a signal, a word or the time; the descriptors that have something to read."""
        times = [when for when in (end, self._control.next_look) if when is not None]
        timeout = max(min(times) - time.monotonic(), 0) * 1000 if times else None
        ready = {descriptor for descriptor, _ in self._poll.poll(timeout)}
        if self._woken in ready:
            os.read(self._woken, 1 << 10)
        if self._pulse in ready:
            self._feel()
        return ready

    def _feel(self) -> None:
        self._last_beat = time.monotonic()
        said = os.read(self._pulse, 1 << 13)
        if not said:
            self._poll.unregister(self._pulse)  # the worker has ended
        for path in self._hearing.paths(said):
            self._control.follow(path)

    def _read_word(self) -> bytes:
        try:
            word = os.read(self._lifeline, 1)
        except BlockingIOError:
            return b""
        except OSError:
            word = b""
        if not word:
            self._poll.unregister(self._lifeline)
            return _GONE
        return word

    def _wake_on_signals(self) -> int:
        """Have signals end a poll; the descriptor that says so."""
        read, write = _pipe()
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._ask_to_end)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        self._poll.register(read, select.POLLIN)
        return read

    def _ask_to_end(self, *_: object) -> None:
        self._asked_to_end = True

    def _reap(self) -> None:
        """Take note of every child that has ended."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                if pid == self._worker:
                    self._status = status
        except ChildProcessError:
            self._has_children = False

    def _end_all(self, *, at_once: bool) -> list[str]:
        """End the worker and all that it started; a text for each process that cannot be ended."""
        if self._status is not None and not at_once:
            self._signal_until_ended(signal.SIGTERM, _REST_SECONDS)
        unreached = self._signal_until_ended(signal.SIGKILL, _KILL_SECONDS)
        if not self._has_children:
            return []
        for pid in descendants(os.getpid()):
            unreached.setdefault(pid, "it does not end on SIGKILL")
        left = [f"process {pid} ({name_of(pid)}): {why}" for pid, why in unreached.items()]
        return left or ["a process that this system does not show to its user"]

    def _signal_until_ended(self, number: int, seconds: float) -> dict[int, str]:
        """Send a signal to all that run, and wait, but not for longer; see `_signal_all`."""
        end = time.monotonic() + seconds
        unreached: dict[int, str] = {}
        self._signalled.clear()
        while True:
            self._reap()
            if self._has_children or not self._can_list:
                unreached.update(self._signal_all(number))
            now = time.monotonic()
            if not self._has_children or now >= end or self._are_all(unreached):
                return unreached
            self._wait(min(now + _AGAIN_SECONDS, end))

    def _signal_all(self, number: int) -> dict[int, str]:
        """Send a signal to all that run, to each once; why some cannot be reached."""
        if self._status is None or not self._can_list:
            with contextlib.suppress(OSError):
                os.killpg(self._worker, number)
        unreached = {}
        for pid in descendants(os.getpid()):
            if pid not in self._signalled:
                self._signalled.add(pid)
                problem = send(pid, number)
                if problem:
                    unreached[pid] = problem
        return unreached

    def _are_all(self, unreached: Collection[int]) -> bool:
        """Whether none is left but these processes."""
        return bool(unreached) and set(descendants(os.getpid())) <= set(unreached)

    def _report(self, left: list[str]) -> None:
        """Say in the log and to the front end what could not be ended."""
        for text in left:
            _log(f"could not end what the run has left behind: {text}")
        if not self._can_list:
            _log("processes that left the worker's group cannot be found on this system")
        self._say(last_lines(left))

    def _say(self, line: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(self._lifeline, line)


def _pipe() -> tuple[int, int]:
    """A pipe whose ends do not block."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    return read, write


def _log(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"lrtui: {text}\n".encode())


def _leave_descriptors(messages: int) -> None:
    """Close the worker's ends of its pipes: a front end sees that they are closed when it ends."""
    os.close(messages)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def _exit_as(status: int) -> None:
    """End as the worker did: with its exit code, or by its signal."""
    if os.WIFEXITED(status):
        os._exit(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    leave_no_core()
    with contextlib.suppress(OSError):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    os._exit(128 + number)
