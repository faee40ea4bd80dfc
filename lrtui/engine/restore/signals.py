"""Signals: work that a Ctrl-C must not leave half done."""

import functools
import signal
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def uninterrupted(work: Callable[P, R]) -> Callable[P, R]:
    """Run to the end first, and raise KeyboardInterrupt then, if Ctrl-C came meanwhile.

    Where somebody else has taken SIGINT, or in a thread that gets no signals, nothing is changed.
    """

    @functools.wraps(work)
    def whole(*args: P.args, **kwargs: P.kwargs) -> R:
        ours = threading.current_thread() is threading.main_thread()
        if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            return work(*args, **kwargs)
        came: list[Any] = []
        before = signal.signal(signal.SIGINT, lambda *what: came.append(what))
        try:
            return work(*args, **kwargs)
        finally:
            signal.signal(signal.SIGINT, before)
            if came:
                raise KeyboardInterrupt

    return whole
