"""One rank: `python -P -m lrtui.worker.ranks SOCKET`, started by torchrun.

It builds the spec that the worker sends, with a share of the data, and trains with the other ranks.
Rank 0 says the events of the run; each rank tells the worker how its own part has failed.
"""

import faulthandler
import os
import signal
import sys
import threading
from importlib.machinery import PathFinder

from lrtui.catalog.guard import Guard
from lrtui.protocol import Refused, Run
from lrtui.worker.inbox import Inbox
from lrtui.worker.ranks.lines import Hello, Line

_GRACE_SECONDS = 2.0


def main() -> None:
    """Serve the commands of a worker until it quits or goes away."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)  # the worker asks where a rank hangs
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    rank = int(os.environ["RANK"])
    line = Line(sys.argv[1])
    line.say(Hello(rank, os.getpid()))
    inbox = Inbox(line.descriptor)
    run = inbox.next()
    if not isinstance(run, Run):
        return

    import torch.distributed as dist

    from lrtui.worker.ranks.rank import Rank
    from lrtui.worker.start_method import fork_by_default

    # after torch, whose thousand modules need no check
    guard = Guard(lambda item: line.pass_on(Refused(item)))
    guard.allow(run.agreed)
    sys.meta_path[sys.meta_path.index(PathFinder)] = guard
    fork_by_default()
    Rank(rank, run, inbox, line).serve()
    line.close()
    if dist.is_initialized():
        # it aborts at times, when all is kept already
        threading.Timer(_GRACE_SECONDS, os._exit, (0,)).start()
        dist.destroy_process_group()
    os._exit(0)


if __name__ == "__main__":
    main()
