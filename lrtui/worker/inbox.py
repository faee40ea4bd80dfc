"""Inbox: the commands of the front end, read while a run is in progress.

The user's code reaches neither these nor the messages: stdin is duplicated and replaced before
anything of the user's, or torch, is imported.
"""

import contextlib
import faulthandler
import os
import queue
import signal
import sys
import threading
from importlib.machinery import PathFinder

import msgspec

from lrtui.catalog.guard import Guard
from lrtui.endings import STOPPED, StopFlag
from lrtui.keeper.pulse import PULSE
from lrtui.protocol import (
    Command,
    Confirm,
    Detach,
    Extend,
    Quit,
    Ready,
    Refused,
    Reset,
    Run,
    Stability,
    Stop,
    decode_command,
)
from lrtui.worker.outbox import Outbox


class Inbox:
    """Reads commands on its own thread, so that a stop is seen in the middle of a run."""

    def __init__(self, descriptor: int) -> None:
        self.stop = StopFlag()
        self.claimed = threading.Event()
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._descriptor = descriptor
        self._detached = False  # the front end has left, and the run goes on
        threading.Thread(target=self._read, name="commands", daemon=True).start()
        PULSE.listen(self.stop.set)  # another process may stop the run

    def next(self, timeout: float | None = None) -> Command | None:
        """The next command; None if `timeout` seconds pass without one."""
        try:
            return self._commands.get(timeout=timeout)
        except queue.Empty:
            return None

    def _read(self) -> None:
        with os.fdopen(self._descriptor, "rb") as lines:
            for line in lines:
                # one that cannot be read must not end the watch over the front end
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    self._take(decode_command(line))
        # the front end is gone; the keeper ends a run that does not end by itself
        if not self._detached:
            self.stop.orphan()
        self._commands.put(Quit())

    def _take(self, command: Command) -> None:
        if isinstance(command, Detach):
            self._detached = True
            return
        if isinstance(command, Stop):
            self.stop.set(command.cause or STOPPED)
        if isinstance(command, Reset):
            self.stop.set()
        if isinstance(command, Quit):
            self.stop.orphan()
        if isinstance(command, Run | Confirm | Stability):
            # cleared here and not when the run begins, so that a stop right after it is not lost
            self.stop.clear()
        if isinstance(command, Run):
            self.claimed.set()
        if isinstance(command, Extend):
            self._extend(command)
        if not isinstance(command, Stop):
            self._commands.put(command)

    def _extend(self, command: Extend) -> None:
        """Tell the run in progress; where there is none, the command itself comes next."""
        if command.idle:
            self.stop.clear()
        self.stop.extend(command.end_lr)


def serve(messages: int) -> None:
    """Serve commands from stdin until the front end quits or goes away."""
    commands = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    outbox = Outbox(messages)
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the front end's, which sends a Stop
    inbox = Inbox(commands)

    import torch

    from lrtui.worker.machine import device_names
    from lrtui.worker.service import Service

    # after torch, whose thousand modules need no check
    guard = Guard(lambda item: outbox.send(Refused(item)))
    sys.meta_path[sys.meta_path.index(PathFinder)] = guard
    outbox.send(Ready(torch=str(torch.__version__), devices=tuple(device_names())))
    Service(inbox, outbox, guard).serve()
