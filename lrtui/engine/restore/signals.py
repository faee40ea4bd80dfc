"""Work that a Ctrl-C must not leave half done."""

import functools
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def uninterrupted(work: Callable[P, R]) -> Callable[P, R]:
    """Finish the work before a Ctrl-C during it raises KeyboardInterrupt.

    Changes nothing if somebody else handles SIGINT, or in a thread that gets no signals.
    """

    @functools.wraps(work)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not _sigint_is_ours():
            return work(*args, **kwargs)
        interrupted = False

        def note(signum: int, frame: FrameType | None) -> None:
            nonlocal interrupted
            interrupted = True

        handler_before = signal.signal(signal.SIGINT, note)
        try:
            return work(*args, **kwargs)
        finally:
            signal.signal(signal.SIGINT, handler_before)
            if interrupted:
                raise KeyboardInterrupt

    return guarded


def _sigint_is_ours() -> bool:
    if threading.current_thread() is not threading.main_thread():
        return False
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler
