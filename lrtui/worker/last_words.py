"""What ends a process from inside the user's code leaves its stack in the log, as a crash does.

`faulthandler` does it for crashes of the worker. Here it is done for `os._exit`, and for what ends
or crashes the worker processes of a DataLoader, which tell their loader little or nothing.
"""

import contextlib
import faulthandler
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from torch.utils.data import get_worker_info

from lrtui.catalog.errors import one_line
from lrtui.output import FATAL

_OWN = Path(__file__).resolve().parents[1]
_BY_RULE = ("multiprocessing",)  # folders whose code ends its processes with os._exit


class LoaderWorkerError(RuntimeError):
    """What would have ended a worker process of a loader: `sys.exit`, and what is no Exception."""


def keep_last_words() -> None:
    """Patch what is needed, in this process and in what it forks."""
    os._exit = _exit_with_words(os._exit, os.getpid())  # type: ignore[assignment]
    with contextlib.suppress(ImportError, AttributeError):  # torch's private parts
        _watch_loader_workers()


def _exit_with_words(leave: Callable[[int], Any], owner: int) -> Callable[[int], Any]:
    def leave_with_words(status: int) -> None:
        caller = Path(sys._getframe(1).f_code.co_filename)
        is_users = not (caller.is_relative_to(_OWN) or caller.parent.name in _BY_RULE)
        if is_users and (os.getpid() == owner or get_worker_info() is not None):
            os.write(2, f"\n{FATAL} os._exit({status!r}) was called\n\n".encode(errors="replace"))
            faulthandler.dump_traceback(2, all_threads=True)
        leave(status)

    return leave_with_words


def _watch_loader_workers() -> None:
    from torch.utils.data._utils import fetch, signal_handling

    for kind in (fetch._MapDatasetFetcher, fetch._IterableDatasetFetcher):
        kind.fetch = _fetch_with_words(kind.fetch)  # type: ignore[method-assign]
    _raise_in_the_loader_only(signal_handling)


def _fetch_with_words(fetch: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    prepared: set[int] = set()

    def fetch_with_words(self: Any, index: Any) -> Any:
        if get_worker_info() is None:
            return fetch(self, index)
        if os.getpid() not in prepared:
            prepared.add(os.getpid())
            faulthandler.disable()  # torch has replaced its handlers
            faulthandler.enable()
        try:
            return fetch(self, index)
        except Exception:
            raise
        except BaseException as error:
            # torch sends an Exception to the loader, and lets anything else end the process
            raise LoaderWorkerError(one_line(error)) from error

    return fetch_with_words


def _raise_in_the_loader_only(signal_handling: Any) -> None:
    """Report a dead worker process where the loader waits for it, and nowhere else.

    torch's own handler raises wherever the main thread is, in our own code as well.
    """
    check = signal_handling._error_if_any_worker_fails

    def a_child_ended(number: int, frame: FrameType | None) -> None:
        if _waits_for_a_batch(frame):
            check()

    if not signal_handling._SIGCHLD_handler_set:
        signal_handling._SIGCHLD_handler_set = True
        signal.signal(signal.SIGCHLD, a_child_ended)


def _waits_for_a_batch(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "_try_get_data":
            return True
        frame = frame.f_back
    return False
