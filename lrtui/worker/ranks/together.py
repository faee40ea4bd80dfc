"""What rank 0 is asked for, carried out by all ranks: commands in turn, stops at the same step."""

from typing import Any

import torch.distributed as dist
from torch._C._distributed_c10d import PrefixStore

from lrtui.endings import StopFlag
from lrtui.engine.distributed.ranks import Ranks
from lrtui.events import Status
from lrtui.protocol import Command, Quit, decode_command, encode
from lrtui.worker.inbox import Inbox

_POLL_SECONDS = 0.02


class AgreedStop(StopFlag):
    """The stop and extension that all ranks have learnt of when they last met in a training step.

    Args:
        flag: what this process was asked for; on rank 0 the front end sets it.
    """

    def __init__(self, flag: StopFlag) -> None:
        super().__init__()
        self._flag = flag
        self._ranks: Ranks | None = None
        self._extension: float | None = None

    def join(self, ranks: Ranks) -> None:
        """Learn of what is asked for when these ranks meet."""
        self._ranks = ranks
        ranks.asks = self._asks

    def forget(self) -> None:
        """Another command begins."""
        self._extension = None
        if self._ranks is not None:
            self._ranks.asked = (0.0, 0.0)

    def extend_together(self, end_lr: float) -> None:
        """Note an extension that all ranks know of."""
        self._extension = end_lr

    def is_set(self) -> bool:
        """Whether the run is to end."""
        return self._ranks is not None and self._ranks.asked[0] > 0

    def take_extension(self) -> float | None:
        """The end that was asked for, once; None where none was."""
        self._learn()
        end_lr, self._extension = self._extension, None
        return end_lr

    @property
    def asked(self) -> bool:
        """Whether there is anything to look at."""
        self._learn()
        return self.is_set() or self._extension is not None

    @asked.setter
    def asked(self, value: bool) -> None:
        pass

    @property
    def status(self) -> Status:
        """The status of a run that the flag has ended."""
        return self._flag.status

    def reason(self, progress: str) -> str:
        """Who ended the run, and the progress made until then."""
        return self._flag.reason(progress)

    def _asks(self) -> tuple[float, float]:
        return float(self._flag.is_set()), self._flag.take_extension() or 0.0

    def _learn(self) -> None:
        if self._ranks is None:
            return
        stop, end_lr = self._ranks.asked
        if end_lr:
            self._extension = end_lr
            self._ranks.asked = (stop, 0.0)


class Shared:
    """Commands that rank 0 hands to the others, through the store of the process group.

    A wait there has no time limit: a person may look at a curve for hours.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        store = dist.distributed_c10d._get_default_store()
        self._store: Any = PrefixStore("lrtui/commands", store)
        self._count = 0

    def hand_out(self, command: Command) -> None:
        """Give the other ranks a command."""
        self._store.set(str(self._count), encode(command))
        self._count += 1

    def next(self) -> Command:
        """The next command of rank 0."""
        name = str(self._count)
        while not self._store.check([name]):
            command = self._inbox.next(_POLL_SECONDS)
            if isinstance(command, Quit):
                return command
        self._count += 1
        return decode_command(self._store.get(name))
