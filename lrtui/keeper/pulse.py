"""Pulse: how a keeper sees that the run of its worker gets on."""

import os
import time
from contextlib import suppress

_SECONDS = 1.0  # at most one beat in this time


class Pulse:
    """The worker's end of a pipe to its keeper."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        self._next = 0.0

    def connect(self, descriptor: int) -> None:
        """Beat on a descriptor that does not block."""
        self._descriptor = descriptor

    def beat(self) -> None:
        """Say that something was measured. Without a keeper this does nothing."""
        if self._descriptor is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _SECONDS
        with suppress(OSError):  # the keeper has not looked for long, or is gone
            os.write(self._descriptor, b".")


PULSE = Pulse()  # of this process
