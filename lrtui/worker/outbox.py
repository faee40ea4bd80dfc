"""Outbox: sends messages to the front end, as lines on a file descriptor that nothing else uses."""

import os
import select
import threading
from collections import deque

from lrtui.protocol import Message, encode


class Outbox:
    """Writes whole lines, and never waits for their reader.

    A front end that is stopped reads nothing, and the pipe holds few lines: what does not fit is
    kept in memory until it is read. Without a front end nothing is written, and the run goes on.
    """

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._unsent: deque[bytes] = deque()
        self._broken = False
        self._writing = threading.Lock()  # the sampler of the machine sends from its own thread
        self._owner = os.getpid()

    def send(self, message: Message) -> None:
        """Write one message, or keep it for when the front end reads again.

        A forked child of the user's code that returns into ours ends here: two processes would run
        the test and write one record.
        """
        if os.getpid() != self._owner:
            os._exit(0)
        data = encode(message)
        with self._writing:
            if self._unsent:
                self._unsent.append(data)
                return
            rest = self._write(data)
            if rest:
                self._unsent.append(rest)
                # no daemon: the last messages of a run are sent before the process ends
                threading.Thread(target=self._send_later, name="outbox").start()

    def _send_later(self) -> None:
        """Write what was kept, as the front end reads it, until nothing is left."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while True:
            poll.poll()
            with self._writing:
                self._send_kept()
                if not self._unsent:
                    return

    def _send_kept(self) -> None:
        while self._unsent:
            rest = self._write(self._unsent[0])
            if rest:
                self._unsent[0] = rest
                return
            self._unsent.popleft()

    def _write(self, data: bytes) -> bytes:
        """Write as much as fits now; returns the rest. Without a front end there is none."""
        try:
            while data and not self._broken:
                written = os.write(self._descriptor, data)
                data = data[written:]
        except BlockingIOError:
            return data
        except BrokenPipeError:
            self._broken = True
        return b""
