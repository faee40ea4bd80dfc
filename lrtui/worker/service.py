"""What the worker does: answers what can be picked, runs specs, puts things back."""

import gc
import threading
from typing import Protocol

import torch

from lrtui.events import Notice
from lrtui.protocol import (
    Check,
    Command,
    Confirm,
    Describe,
    Fetch,
    Look,
    Quit,
    Reset,
    Run,
    Stability,
)
from lrtui.spec import RunSpec
from lrtui.worker.answers import answer
from lrtui.worker.outbox import Outbox
from lrtui.worker.runner import Runner, Stoppable

_IDLE_SECONDS = 0.2


class Commands(Stoppable, Protocol):
    """Where commands come from."""

    claimed: (
        threading.Event
    )  # a run has been asked for: the form's questions are another worker's from then on

    def next(self, timeout: float | None = None) -> Command | None:
        """The next command; None if there is none within so many seconds."""
        ...


class Service:
    """Serves one front end, one command at a time."""

    def __init__(self, inbox: Commands, outbox: Outbox) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._runner: Runner | None = None

    def serve(self) -> None:
        """Until told to quit."""
        idle: float | None = _IDLE_SECONDS
        while not isinstance(command := self._inbox.next(idle), Quit):
            match command:
                case None:
                    warm()
                    idle = None
                case Run():
                    self._run(command.spec, command.id)
                case Confirm() | Stability():
                    self._check(command)
                case Reset():
                    self._reset()
                case Describe() | Look() | Check() | Fetch():
                    if not self._inbox.claimed.is_set():
                        answer(command, self._outbox.send)

    def _run(self, spec: RunSpec, run_id: str) -> None:
        if self._runner is not None and not self._runner.serves(spec):
            self._runner = None
            gc.collect()  # the old model's memory is wanted for the new one
        if self._runner is None:
            self._runner = Runner(self._outbox.send, self._inbox)
        self._runner.run(spec, run_id)

    def _check(self, command: Confirm | Stability) -> None:
        if self._runner is None:
            self._runner = Runner(self._outbox.send, self._inbox)
        if isinstance(command, Confirm):
            self._runner.confirm(command)
        else:
            self._runner.stability()

    def _reset(self) -> None:
        if self._runner is None:
            self._outbox.send(
                Notice(text="nothing to reset: no run has been started", level="warning")
            )
        else:
            self._runner.reset()


def warm() -> None:
    """Have torch load what its first optimizer would load, a second or two, while nobody waits."""
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
