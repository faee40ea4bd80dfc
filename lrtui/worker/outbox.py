"""The way out of the worker: messages as lines on a descriptor of its own."""

import os

from lrtui.protocol import Message, encode


class Outbox:
    """Writes whole lines. A front end that is gone ends nothing: the run goes on to its record."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._descriptor = descriptor
        self._broken = False
        self._owner = os.getpid()

    def send(self, message: Message) -> None:
        """Write one message.

        A fork of a user's code that comes back into ours ends here: two processes would run the test into one record.
        """
        if os.getpid() != self._owner:
            os._exit(0)
        data = encode(message)
        try:
            while data and not self._broken:
                data = data[os.write(self._descriptor, data) :]
        except BrokenPipeError:
            self._broken = True
