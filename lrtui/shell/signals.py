"""The signals that end a process unless it handles them, and a handler for all of them."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], None]

_OF_PEOPLE = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)
# Schedulers send SIGUSR1 and SIGXCPU before they kill. Not here: faults of the code itself, such as
# SIGSEGV, because the code that caused one would run again after the handler.
_NAMES = (
    "SIGUSR1",
    "SIGUSR2",
    "SIGALRM",
    "SIGXCPU",
    "SIGVTALRM",
    "SIGPROF",
    "SIGIO",
    "SIGPWR",
    "SIGSTKFLT",
    "SIGABRT",
    "SIGTRAP",
    "SIGSYS",
)
# what a full-screen program handles beside those
_OF_TERMINALS = (
    signal.SIGTSTP,
    signal.SIGCONT,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGWINCH,
)


def _ending() -> tuple[int, ...]:
    """The numbers that this system has."""
    others = [int(getattr(signal, name)) for name in _NAMES if hasattr(signal, name)]
    realtime: list[int] = []
    if hasattr(signal, "SIGRTMIN"):
        realtime = list(range(signal.SIGRTMIN, signal.SIGRTMAX + 1))
    return (*map(int, _OF_PEOPLE), *others, *realtime)


ENDING = _ending()


def handle(handler: Handler) -> None:
    """Handle every signal that would end this process.

    An ignored one stays ignored, as nohup wants it. Where the process has a handler of its own, a
    profiler's for example, that stays too, except for the four signals that people send.
    """
    for number in ENDING:
        present = signal.getsignal(number)
        if present is signal.SIG_DFL or (number in _OF_PEOPLE and callable(present)):
            signal.signal(number, handler)


@contextmanager
def put_back() -> Iterator[None]:
    """Put every handler back at the end that is replaced meanwhile."""
    numbers = (*ENDING, *_OF_TERMINALS)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None and signal.getsignal(number) != handler:
                signal.signal(number, handler)


@contextmanager
def collected() -> Iterator[list[int]]:
    """Collect the signals that would end this process; a second one ends it as usual."""
    received: list[int] = []

    def collect(number: int, frame: FrameType | None) -> None:
        received.append(number)
        signal.signal(number, signal.SIG_DFL)

    with put_back():
        handle(collect)
        yield received
