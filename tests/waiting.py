"""Waiting for a state, with a deadline: no test depends on how long something takes."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.01


def wait(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return once the condition holds; fail if it does not within the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the deadline passed first"
        time.sleep(POLL_SECONDS)
