"""The training process: `python -P -m lrtui.worker FD`, commands on stdin, events on descriptor FD, prints in a log.

Whatever a user's module does to fds 0, 1 and 2 reaches neither: stdin is put aside before anything else is imported.
"""

import faulthandler
import os
import queue
import signal
import sys
import threading
from pathlib import Path

from lrtui.protocol import (
    Command,
    Confirm,
    Quit,
    Ready,
    Reset,
    Run,
    Stability,
    Stop,
    decode_command,
)
from lrtui.worker.outbox import Outbox

_GRACE_SECONDS = 5.0


class Inbox:
    """Reads commands on a thread of its own, so that a stop is seen in the middle of a run."""

    def __init__(self, descriptor: int) -> None:
        self.stop = threading.Event()
        self.claimed = threading.Event()
        self.orphaned = False
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._descriptor = descriptor
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def next(self, timeout: float | None = None) -> Command | None:
        """The next command; None if there is none within so many seconds."""
        try:
            return self._commands.get(timeout=timeout)
        except queue.Empty:
            return None

    def _read(self) -> None:
        with os.fdopen(self._descriptor, "rb") as lines:
            for line in lines:
                command = decode_command(line)
                if isinstance(command, Stop | Reset | Quit):
                    self.stop.set()
                if isinstance(command, Run | Confirm | Stability):
                    self.stop.clear()  # here and not when it begins, or a stop that follows at once would be lost
                if isinstance(command, Run):
                    self.claimed.set()
                if not isinstance(command, Stop):
                    self._commands.put(command)
        # the front end is gone: end the run, keep what it measured, and do not wait for code that hangs
        self.orphaned = True
        self.stop.set()
        self._commands.put(Quit())
        threading.Event().wait(_GRACE_SECONDS)
        os._exit(1)


def main() -> None:
    """Serve commands until told to quit."""
    commands = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    outbox = Outbox(int(sys.argv[1]))
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C belongs to the front end, which says stop
    inbox = Inbox(commands)

    import torch

    from lrtui.worker.service import Service

    # after torch, so that a module in the person's folder cannot take the place of something that torch imports
    sys.path.insert(0, str(Path.cwd()))
    devices = ["cpu"]
    devices += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    devices += ["mps"] if torch.backends.mps.is_available() else []
    outbox.send(Ready(torch=str(torch.__version__), devices=tuple(devices)))
    Service(inbox, outbox).serve()


if __name__ == "__main__":
    main()
