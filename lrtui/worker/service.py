"""Service: carries out the commands of one front end."""

import gc
import threading
from typing import Protocol

import torch

from lrtui import events
from lrtui.catalog.guard import Guard
from lrtui.endings import StopFlag, check_problem
from lrtui.events import Notice
from lrtui.protocol import (
    Check,
    Command,
    Confirm,
    Describe,
    Extend,
    Fetch,
    Look,
    Quit,
    Reset,
    Run,
    Stability,
)
from lrtui.worker.answers import answer
from lrtui.worker.last_words import keep_last_words
from lrtui.worker.outbox import Outbox
from lrtui.worker.runner import Runner
from lrtui.worker.start_method import fork_by_default
from lrtui.worker.watch import Stacks

_IDLE_SECONDS = 0.2


class Commands(Protocol):
    """The commands of a front end, in order, as they arrive."""

    stop: StopFlag  # set by commands that end a run, before they are next
    claimed: threading.Event  # set once a run was asked for: a form's questions go elsewhere then

    def next(self, timeout: float | None = None) -> Command | None:
        """The next command; None if `timeout` seconds pass without one."""
        ...


class Service:
    """Serves one command at a time."""

    def __init__(self, commands: Commands, outbox: Outbox, guard: Guard) -> None:
        self._commands = commands
        self._guard = guard
        self._outbox = outbox
        self._runner: Runner | None = None
        self._unserved: list[Command] = []  # came while ranks ran, and is not for them
        self._stacks = Stacks()  # made before anything is forked
        keep_last_words()
        fork_by_default()

    def serve(self) -> None:
        """Carry out commands until the one to quit."""
        gc.freeze()  # torch's objects stay: a collection between runs takes a tenth of the time
        timeout: float | None = _IDLE_SECONDS
        while True:
            command = self._unserved.pop() if self._unserved else self._commands.next(timeout)
            if isinstance(command, Quit):
                return
            if command is None:
                warm_up()
                timeout = None
            else:
                self._carry_out(command)
                if self._runner is not None and self._runner.spoiled:
                    return  # the next run has a process that has not seen the device fail

    def _carry_out(self, command: Command) -> None:
        match command:
            case Run():
                self._run(command)
            case Extend():
                self._last_runner().extend(command)
            case Confirm() | Stability() if self._commands.stop.is_set():
                self._leave_out(command)
            case Confirm():
                self._last_runner().confirm(command)
            case Stability():
                self._last_runner().stability()
            case Reset():
                self._reset()
            case Describe() | Look() | Check() | Fetch():
                if not self._commands.claimed.is_set():
                    self._guard.allow()
                    answer(command, self._outbox.send)

    def _leave_out(self, check: Confirm | Stability) -> None:
        """Measure nothing: a stop came after the check was asked for, and before it began."""
        name: events.Check = "confirmation" if isinstance(check, Confirm) else "stability"
        self._outbox.send(check_problem(name, self._commands.stop.reason("before it began")))

    def _run(self, command: Run) -> None:
        """Run a spec here, or on ranks of its own."""
        if not command.spec.devices.nproc:
            self._guard.allow(command.agreed)
            self._runner_for(command).range_test(command)
            return
        from lrtui.worker.ranks.launcher import Launcher  # imported late: few runs need torchrun

        self._runner = None
        gc.collect()
        unserved = Launcher(self._commands, self._outbox).serve(command)
        if unserved is not None:
            self._unserved.append(unserved)

    def _runner_for(self, command: Run) -> Runner:
        """The last runner where it has built this spec, else a new one."""
        if self._runner is not None and not self._runner.serves(command.spec):
            self._runner = None
            gc.collect()  # frees the memory of the old model before the new one is built
        return self._last_runner()

    def _last_runner(self) -> Runner:
        if self._runner is None:
            self._runner = Runner(self._outbox.send, self._commands.stop, stacks=self._stacks)
        return self._runner

    def _reset(self) -> None:
        if self._runner is None:
            text = "nothing to reset: no run has been started"
            self._outbox.send(Notice(text=text, level="warning"))
        else:
            self._runner.reset()


def warm_up() -> None:
    """Make torch load what its first optimizer needs: one or two seconds in which nobody waits."""
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
