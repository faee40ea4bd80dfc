"""Keys take effect in the order in which they are typed.

Textual hands a key to whatever has the focus when the key arrives. A key that is typed while the
one before is still on its way (up to the app, which runs its action, or into a dialog that is
being mounted) goes to the old screen or to none. Here a key waits until the last one is settled.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

Typed = events.Key | events.Paste
Forward = Callable[[Typed], Awaitable[None]]

_PATIENCE_SECONDS = 2.0  # for one key: a widget that is removed never says that it is done
_ROUNDS = 5


class TypingOrder:
    """Forwards one key, or one pasted text, at a time.

    Args:
        app: whose keys these are.
        forward: gives a key to the widget that has the focus.
        pending: whether an action still works for which later keys have to wait.
    """

    def __init__(self, app: App[Any], forward: Forward, pending: Callable[[], bool]) -> None:
        self._app = app
        self._forward = forward
        self._pending = pending
        self._waiting: deque[Typed] = deque()
        self._target: MessagePump = app  # of the last key
        self._settling: asyncio.Task[None] | None = None

    async def take(self, typed: Typed) -> None:
        """Forward it now, or once the keys before it are settled."""
        self._waiting.append(typed)
        if self._settling is None:
            await self._forward_next()
            self._settling = asyncio.create_task(self._settle_all())

    async def settled(self) -> None:
        """Wait until every key so far has taken effect."""
        while self._settling is not None and not self._settling.done():
            await asyncio.wait([self._settling])

    def close(self) -> None:
        """Forget the keys that wait: the app ends."""
        self._waiting.clear()
        if self._settling is not None:
            self._settling.cancel()

    async def _forward_next(self) -> None:
        """Runs as the app handles a message, so that a bug in an action ends the app as always."""
        self._target = self._app.focused or self._app.screen
        await self._forward(self._waiting.popleft())

    async def _settle_all(self) -> None:
        try:
            await self._settle(self._target)
            while self._waiting and self._app.call_later(self._forward_next):
                await _processed(self._app)
                await self._settle(self._target)
        finally:
            self._settling = None

    async def _settle(self, target: MessagePump) -> None:
        """Wait until the key has bubbled up to the app and the screen that it opens has a focus."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._bubbled_up(target)
                await self._screen_is_ready()
        except TimeoutError:
            return

    async def _bubbled_up(self, target: MessagePump) -> None:
        node: MessagePump | None = target
        while node is not None:
            await _processed(node)
            node = node._parent

    async def _screen_is_ready(self) -> None:
        app = self._app
        for _ in range(_ROUNDS):
            before = (*app.screen_stack, app.focused)
            await _processed(app.screen)
            await _processed(app)
            while self._pending():
                await asyncio.sleep(0.01)
            if before == (*app.screen_stack, app.focused):
                return


async def _processed(pump: MessagePump) -> None:
    """Wait until a widget has processed all messages that it has by now."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        await done.wait()
